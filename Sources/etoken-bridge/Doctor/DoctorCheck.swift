/// One thing that `doctor` checks. Checks do not depend on each other's findings; what several of them need is in the
/// ``DoctorContext``, determined once.
protocol DoctorCheck {
    /// For `--json` and the headings, for example `readers`.
    var name: String { get }
    func findings(_ context: DoctorContext) -> [Finding]
}

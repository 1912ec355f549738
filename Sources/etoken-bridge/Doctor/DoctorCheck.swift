/// One thing that `doctor` looks at. Checks do not depend on each other's findings; what several of them need to know is
/// in the ``DoctorContext``, found out once.
protocol DoctorCheck {
    /// For `--json` and the headings, for example `readers`.
    var name: String { get }
    func findings(_ context: DoctorContext) -> [Finding]
}

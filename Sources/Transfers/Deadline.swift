/// Arithmetic with deadlines.
enum Deadline {
    static func seconds(until deadline: ContinuousClock.Instant) -> Double {
        let rest = ContinuousClock.now.duration(to: deadline)
        return max(0, Double(rest.components.seconds) + Double(rest.components.attoseconds) / 1e18)
    }

    /// Rounded up, so that a wait never ends just before its time; 0 when the time is up.
    static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        Int32(min((seconds(until: deadline) * 1000).rounded(.up), 86_400_000))
    }
}

import Synchronization

/// Counts the requests to an interface, and refuses more than it accepts in a given time. Source: docs/lab.md,
/// "Faults".
final class Throttle: Sendable {
    enum Interface: Sendable {
        case axl
        case ris

        /// How many requests it accepts in one window.
        var limit: Int {
            switch self {
            case .axl: 20
            case .ris: 15
            }
        }
    }

    private let asked = Mutex<[Interface: [ContinuousClock.Instant]]>([:])

    /// Whether one more request is answered now.
    ///
    /// - Parameter window: seconds; nil if nothing is refused.
    func admits(_ interface: Interface, window: Double?) -> Bool {
        guard let window else { return true }
        let now = ContinuousClock.now
        return asked.withLock { asked in
            let recent = (asked[interface] ?? []).filter { now - $0 < .seconds(window) }
            let isAdmitted = recent.count < interface.limit
            asked[interface] = isAdmitted ? recent + [now] : recent
            return isAdmitted
        }
    }
}

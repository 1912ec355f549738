import Glibc
import Synchronization

/// Control-C, a closed terminal or `kill`: noted, so that a change can be undone at the next step. The second one ends the
/// program at once.
enum Interruption {
    private static let isNoted = Atomic(false)

    /// Starts to note them.
    static func watch() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                Interruption.isNoted.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }

    static var hasCome: Bool { isNoted.load(ordering: .relaxed) }
}

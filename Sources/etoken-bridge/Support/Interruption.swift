import Glibc
import Messages
import Synchronization

/// Control-C, a closed terminal or `kill`: noted, so that a change can be undone at the next step. The second one ends the
/// program at once.
enum Interruption {
    private static let isNoted = Atomic(false)

    /// What the first one is answered with: made beforehand, as a signal handler may only write.
    private static let answer = Array(
        localized(
            """

            Noted: this ends before the next step. Once more ends the program at once, wherever it is.

            """
        ).localized.utf8)

    /// Starts to note them. A terminal or pipe that is gone ends nothing any more, either: what is written there is lost.
    static func watch() {
        _ = answer.count
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                Interruption.isNoted.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
                _ = Interruption.answer.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            }
        }
    }

    static var hasCome: Bool { isNoted.load(ordering: .relaxed) }
}

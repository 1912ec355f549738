import Basics
import Glibc
import Messages
import Synchronization

/// Control-C, a closed terminal or `kill`: noted, so that a change can be undone at the next step. The second one ends the
/// program at once.
enum Interruption {
    private static let isNoted = Atomic(false)

    /// The answer to the first one: prepared beforehand, because a signal handler may only write.
    private static let answer = Array(
        localized(
            """

            Stopping before the next step. Press Control-C again to quit immediately.

            """
        ).localized.utf8)

    /// Starts to catch them. A terminal or pipe that is gone no longer ends anything, either: output to it is lost.
    static func watch() {
        _ = answer.count
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                Interruption.isNoted.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
                Output.write(bytes: Interruption.answer, to: STDERR_FILENO)
            }
        }
    }

    static var hasCome: Bool { isNoted.load(ordering: .relaxed) }
}

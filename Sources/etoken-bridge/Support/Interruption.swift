import Basics
import Glibc
import Messages
import Synchronization
import Tokens

/// Control-C, a closed terminal or `kill`: noted, so that a change can be undone at the next step. The second one ends the
/// program at once.
enum Interruption {
    private static let isNoted = Atomic(false)

    /// What is true until a change starts: reported with every failure, and at Control-C.
    private(set) nonisolated(unsafe) static var unchanged: LocalizableText?

    /// What a signal handler prints: prepared beforehand, because it may only write.
    private nonisolated(unsafe) static var firstWords: [UInt8] = []
    private nonisolated(unsafe) static var lastWords: [UInt8] = []
    /// Processes that try out modules have the same handlers, and print nothing.
    private nonisolated(unsafe) static var process: pid_t = 0

    private static func words(_ text: LocalizableText) -> [UInt8] {
        Array(("\n" + text.localized + "\n").visibleLines.utf8)
    }

    /// From now on Control-C ends the program as always, and says that nothing was changed.
    ///
    /// - Parameter text: `Nothing was changed.`
    static func announce(_ text: LocalizableText) {
        unchanged = text
        (lastWords, process) = (words(text), getpid())
        signal(SIGINT) { Interruption.end($0) }
    }

    /// Starts to catch them. A terminal or pipe that has gone away no longer ends the program, either: output to it is lost.
    ///
    /// - Parameter goOn: the command that continues if the program is ended at once; nil if it is the same one.
    static func watch(goOn: String? = nil) {
        firstWords = words(
            localized(
                "Stopping before the next step, or between two services or phones. Press Control-C again to quit immediately."
            ))
        lastWords = goOn.map { goOn in words(localized("Ended at once. Continue: \(goOn)")) } ?? []
        if let goOn { ModuleCrash.alsoSay(localized("Continue: \(goOn)")) }
        process = getpid()
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                Interruption.isNoted.store(true, ordering: .relaxed)
                signal(number) { Interruption.end($0) }
                Output.write(bytes: Interruption.firstWords, to: STDERR_FILENO)
            }
        }
    }

    /// From now on a failure itself says what it left behind.
    static func changeBegins() { unchanged = nil }

    /// Prints the final message, and ends the program as the signal would have.
    private static func end(_ number: Int32) {
        if getpid() == process { Output.write(bytes: lastWords, to: STDERR_FILENO) }
        signal(number, SIG_DFL)
        raise(number)
    }

    static var hasCome: Bool { isNoted.load(ordering: .relaxed) }
}

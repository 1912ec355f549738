import Basics
import Messages
import Configuration

/// Waits for a server that says it is too busy: as long as it says, or longer each time; not forever.
enum BusyServer {
    /// Seconds for one query.
    static let limit = 300.0

    /// Asks until there is an answer other than `busy`.
    static func ask<Answer>(
        note: (Double, LocalizableText) -> Void, sleep: (Double) -> Void = { interruptibleSleep($0) },
        _ question: () throws(ClusterError) -> Answer
    ) throws(ClusterError) -> Answer {
        var backoff = Backoff(limit: limit)
        while true {
            do throws(ClusterError) {
                return try question()
            } catch {
                guard error.code == .busy, let pause = backoff.pause(wanted: error.retryAfter) else { throw error }
                note(pause, error.message)
                sleep(pause)
            }
        }
    }
}

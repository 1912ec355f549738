import Basics
import Cluster
import Configuration

/// Restarts phones in batches with a pause in between, so that they do not all ask the cluster's TFTP and CallManager
/// services at once.
public struct PhoneRestart: Sendable {
    public struct Settings: Sendable, Hashable {
        /// How many phones are restarted before a pause.
        public var batch: Int
        /// Seconds between two batches.
        public var pause: Double
        /// How many seconds to wait for a server that says it is too busy.
        public var patience: Double

        public init(batch: Int = 100, pause: Double = 10, patience: Double = 300) {
            self.batch = batch
            self.pause = pause
            self.patience = patience
        }
    }

    /// A phone that the server did not restart, and what it said.
    public struct Refusal: Sendable {
        public let phone: String
        public let error: ClusterError
    }

    /// The progress so far.
    public struct Outcome: Sendable {
        public var told: [String] = []
        public var refused: [Refusal] = []
        /// The phones that were not told to restart, in their order.
        public var left: [String] = []
        /// What stopped it; nil if it completed, or was asked to stop.
        public var failure: ClusterError?
    }

    public enum Event: Sendable {
        case told(String)
        case refused(Refusal)
        /// This many phones are done: a batch is complete.
        case batch(done: Int)
        /// The server is too busy; it is asked again after this many seconds.
        case waiting(Double)
    }

    public let phones: [String]
    public let settings: Settings

    /// - Parameter phones: device names, in the order in which they are restarted.
    public init(_ phones: [String], settings: Settings = Settings()) {
        self.phones = phones
        self.settings = settings
    }

    /// How long the pauses take together, in seconds.
    public var pauses: Double {
        Double(max(0, (phones.count - 1) / max(1, settings.batch))) * settings.pause
    }

    /// Restarts the phones one after another. A phone that the server refuses is skipped; anything that makes it
    /// pointless to continue (an unreachable node, a refused login) ends the run.
    ///
    /// - Parameters:
    ///   - isInterrupted: asked before each phone and within pauses.
    ///   - observe: called as soon as something has happened. What it throws ends the run: a phone that was told but
    ///     could not be recorded counts as told.
    ///   - restart: tells one phone.
    public func run(
        isInterrupted: () -> Bool = { false }, observe: (Event) throws(ClusterError) -> Void = { _ in },
        restart: (String) throws(ClusterError) -> Void
    ) -> Outcome {
        var outcome = Outcome()
        do throws(ClusterError) {
            for phone in phones {
                guard !isInterrupted(), try tell(phone, isInterrupted, observe, restart, &outcome) else { break }
                let done = outcome.told.count + outcome.refused.count
                if done % max(1, settings.batch) == 0 || done == phones.count {
                    try observe(.batch(done: done))
                    if done < phones.count { interruptibleSleep(settings.pause, isInterrupted: isInterrupted) }
                }
            }
        } catch {
            outcome.failure = error
        }
        outcome.left = Array(phones.dropFirst(outcome.told.count + outcome.refused.count))
        return outcome
    }

    /// - Returns: false if it was interrupted before the server accepted the request.
    private func tell(
        _ phone: String, _ isInterrupted: () -> Bool, _ observe: (Event) throws(ClusterError) -> Void,
        _ restart: (String) throws(ClusterError) -> Void, _ outcome: inout Outcome
    ) throws(ClusterError) -> Bool {
        var backoff = Backoff(limit: settings.patience)
        while true {
            do throws(ClusterError) {
                try restart(phone)
            } catch {
                switch error.code {
                case .busy:
                    // A refused request was not carried out: asking again is safe.
                    guard let pause = backoff.pause() else { throw error }
                    try observe(.waiting(pause))
                    guard interruptibleSleep(pause, isInterrupted: isInterrupted) else { return false }
                case .refused, .notFound:
                    let refusal = Refusal(phone: phone, error: error)
                    outcome.refused.append(refusal)
                    try observe(.refused(refusal))
                    return true
                default: throw error
                }
                continue
            }
            outcome.told.append(phone)
            try observe(.told(phone))
            return true
        }
    }
}

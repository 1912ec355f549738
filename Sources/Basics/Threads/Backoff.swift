import Glibc

/// Pauses that grow, between attempts at something that a server is too busy for, or that takes its time.
package struct Backoff: Sendable {
    private var next: Double
    private let factor: Double
    private let longest: Double
    private let limit: Double
    private var waited = 0.0

    /// - Parameters:
    ///   - first: the first pause, in seconds.
    ///   - factor: how much longer each is than the one before.
    ///   - longest: the longest pause, in seconds.
    ///   - limit: how long all pauses may take together, in seconds.
    package init(first: Double = 1, factor: Double = 2, longest: Double = 30, limit: Double = .infinity) {
        next = first
        self.factor = factor
        self.longest = longest
        self.limit = limit
    }

    /// How long to pause now, in seconds; nil when it is time to give up.
    ///
    /// - Parameter wanted: what the server says. Where that is longer than there is time for, it is not worth waiting.
    package mutating func pause(wanted: Double? = nil) -> Double? {
        let left = limit - waited
        let pause = wanted.map { min(max($0, 0.1), limit) } ?? min(next, left)
        guard left > 0, pause <= left else { return nil }
        waited += pause
        next = min(next * factor, longest)
        return pause
    }
}

/// Sleeps for so many seconds, and asks ten times a second whether to go on.
///
/// - Returns: false where it was interrupted.
@discardableResult
package func interruptibleSleep(_ seconds: Double, isInterrupted: () -> Bool = { false }) -> Bool {
    let deadline = Deadline(seconds: seconds)
    while !isInterrupted() {
        guard let left = deadline.millisecondsLeft, left > 0 else { return true }
        // A signal ends usleep early: then the question is asked at once.
        usleep(min(left, 100) * 1000)
    }
    return false
}

import Glibc

/// Growing pauses between attempts at something for which a server is too busy, or that takes a while.
package struct Backoff: Sendable {
    private var next: Double
    private let factor: Double
    private let longest: Double
    private let limit: Double
    private var waited = 0.0

    /// - Parameters:
    ///   - first: the first pause, in seconds.
    ///   - factor: how much longer each is than the previous one.
    ///   - longest: the longest pause, in seconds.
    ///   - limit: how long all pauses may take together, in seconds.
    package init(first: Double = 1, factor: Double = 2, longest: Double = 30, limit: Double = .infinity) {
        next = first
        self.factor = factor
        self.longest = longest
        self.limit = limit
    }

    /// How long to pause now, in seconds; nil if it is time to give up.
    ///
    /// - Parameter wanted: what the server says. If that is longer than the time left, it is not worth waiting.
    package mutating func pause(wanted: Double? = nil) -> Double? {
        let left = limit - waited
        let pause = wanted.flatMap { $0.isNaN ? nil : min(max($0, 0.1), limit) } ?? min(next, left)
        guard left > 0, pause <= left else { return nil }
        waited += pause
        next = min(next * factor, longest)
        return pause
    }
}

/// Sleeps for this many seconds, and checks ten times a second whether to continue.
///
/// - Returns: false if it was interrupted.
@discardableResult
package func interruptibleSleep(_ seconds: Double, isInterrupted: () -> Bool = { false }) -> Bool {
    let deadline = Deadline(seconds: seconds)
    while !isInterrupted() {
        guard let left = deadline.millisecondsLeft, left > 0 else { return true }
        // A signal ends usleep early: then the check is made at once.
        usleep(min(left, 100) * 1000)
    }
    return false
}

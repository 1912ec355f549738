/// When to stop waiting. It is independent of the wall clock.
package struct Deadline: Comparable, Sendable {
    private let end: ContinuousClock.Instant?

    package static let never = Deadline(nil)

    /// - Parameter end: nil for never.
    package init(_ end: ContinuousClock.Instant?) { self.end = end }

    /// This many seconds from now; nil for never.
    package init(seconds: Int?) { self.init(seconds.map { .now + .seconds(min(max($0, 0), 1_000_000_000)) }) }

    /// This many seconds from now.
    package init(seconds: Double) { self.init(.now + .seconds(seconds.isNaN ? 0 : min(max(seconds, 0), 1e9))) }

    /// This many milliseconds from now; nil for never.
    package init(milliseconds: UInt32?) { self.init(milliseconds.map { .now + .milliseconds($0) }) }

    package static func < (one: Self, other: Self) -> Bool {
        guard let end = one.end else { return false }
        return other.end.map { end < $0 } ?? true
    }

    package var hasPassed: Bool { end.map { $0 <= .now } ?? false }

    /// 0 when it has passed; nil for no limit.
    package var secondsLeft: Double? { end.map { max(0, (($0 - .now) / .milliseconds(1)) / 1000) } }

    /// Rounded up, so that a wait never ends just before its time, and no more than a day; 0 when it has passed; nil
    /// for no limit.
    package var millisecondsLeft: UInt32? { secondsLeft.map { UInt32(min(($0 * 1000).rounded(.up), 86_400_000)) } }
}

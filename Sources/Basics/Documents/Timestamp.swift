import FoundationEssentials
import Glibc

/// A moment, to the second. In JSON and as text it is ISO 8601 in UTC: `2015-03-06T19:45:13Z`.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
    public let seconds: Int64

    public init(_ seconds: some BinaryInteger) { self.seconds = Int64(seconds) }

    /// This moment, by the system's clock.
    public static var now: Timestamp { Timestamp(time(nil)) }

    public static func < (one: Self, other: Self) -> Bool { one.seconds < other.seconds }
}

extension Timestamp: CustomStringConvertible {
    public var description: String {
        var moment = time_t(seconds)
        var parts = tm()
        gmtime_r(&moment, &parts)
        func padded(_ number: Int32, to width: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let day = "\(padded(parts.tm_year + 1900, to: 4))-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
        return day + "T\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))Z"
    }

    /// The day alone: `2015-03-06`.
    public var day: String { String(description.prefix(10)) }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let date = try? Date(text, strategy: .iso8601) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(text) is no time like 2015-03-06T19:45:13Z")
        }
        self.init(Int64(date.timeIntervalSince1970))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

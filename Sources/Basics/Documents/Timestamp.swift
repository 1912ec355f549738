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

extension Timestamp {
    /// A time in UTC by the Gregorian calendar; nil if there is no such time.
    public init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        guard (0...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...59).contains(second)
        else { return nil }
        let days = Self.days(year, month, day)
        // A day too many is one of the next month.
        guard Self.date(days) == (year, month, day) else { return nil }
        self.init(((days * 24 + hour) * 60 + minute) * 60 + second)
    }

    /// Reads what ``description`` writes; nil if it is anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "T", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].last == "Z" else { return nil }
        let numbers =
            parts[0].split(separator: "-", omittingEmptySubsequences: false)
            + parts[1].dropLast().split(separator: ":", omittingEmptySubsequences: false)
        guard numbers.map(\.utf8.count) == [4, 2, 2, 2, 2, 2],
            numbers.allSatisfy({ $0.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) })
        else { return nil }
        let values = numbers.compactMap { Int($0) }
        self.init(
            year: values[0], month: values[1], day: values[2], hour: values[3], minute: values[4], second: values[5])
    }

    /// Days since 1970-01-01. Years are counted from March, so that a leap day is the last of its year.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let base = year - (month < 3 ? 1 : 0)
        let shifted = (month + 9) % 12
        return 365 * base + floor(base, 4) - floor(base, 100) + floor(base, 400) + (shifted * 153 + 2) / 5 + day - 1
            - 719_468
    }

    private static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = floor(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        return (
            era * 400 + yearOfEra + (month < 10 ? 0 : 1), month < 10 ? month + 3 : month - 9,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }

    /// Rounded down, as for years before 0.
    private static func floor(_ number: Int, _ divisor: Int) -> Int {
        (number - (number < 0 ? divisor - 1 : 0)) / divisor
    }
}

extension Timestamp: CustomStringConvertible {
    public var description: String {
        let (days, rest) = (Self.floor(Int(seconds), 86400), Int(seconds) - Self.floor(Int(seconds), 86400) * 86400)
        let (year, month, day) = Self.date(days)
        func padded(_ number: Int, to width: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(year, to: 4))-\(padded(month))-\(padded(day))"
            + "T\(padded(rest / 3600)):\(padded(rest / 60 % 60)):\(padded(rest % 60))Z"
    }

    /// The day alone: `2015-03-06`.
    public var day: String { String(description.prefix(10)) }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let time = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(text) is no time like 2015-03-06T19:45:13Z")
        }
        self = time
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

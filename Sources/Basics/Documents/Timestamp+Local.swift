import Glibc

extension Timestamp {
    /// Wall-clock time in the time zone of this process (`TZ`): `2026-11-29 10:45:03 CET`.
    public var local: String { parts?.text ?? description }

    /// Local time of day: `10:45:03`.
    public var clock: String { String((parts?.text ?? description).dropFirst(11).prefix(8)) }

    /// Both: `2026-11-29 10:45:03 CET (2026-11-29T09:45:03Z)`; where they are the same, `2026-11-29T09:45:03Z` alone.
    public var shown: String {
        guard let parts, !parts.isUTC else { return description }
        return "\(parts.text) (\(description))"
    }

    /// Whether wall-clock time is UTC.
    public var isLocalUTC: Bool { parts?.isUTC ?? true }

    private var parts: (text: String, isUTC: Bool)? {
        var (moment, parts) = (time_t(seconds), tm())
        guard localtime_r(&moment, &parts) != nil else { return nil }
        let zone = parts.tm_zone.map { String(cString: $0) } ?? ""
        // The same wall clock as UTC, whatever it is called there: London in winter is one.
        let wall = Timestamp(seconds + Int64(parts.tm_gmtoff)).description
        return ("\(wall.prefix(10)) \(wall.dropFirst(11).dropLast()) \(zone)", parts.tm_gmtoff == 0)
    }
}

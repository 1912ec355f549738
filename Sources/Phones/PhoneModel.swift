/// A phone model, as far as it matters for trust lists.
public struct PhoneModel: Hashable, Sendable {
    /// Whether a model supports Security by Default, that is: has an ITL and asks a TVS server about unknown signers.
    public enum SecurityByDefault: String, Sendable {
        case supported
        case unsupported
        /// Not in the table. CUCM's own answer is in Cisco Unified Reporting, "Unified CM Phone Feature List".
        case unknown
    }

    /// Which checksum of the file the phone displays.
    public enum Checksum: String, Sendable {
        case md5 = "MD5"
        case sha1 = "SHA1"
    }

    /// The name as CUCM or the phone gives it: `Cisco 7975`, `CP-8861`.
    public let name: String
    public let securityByDefault: SecurityByDefault
    public let displayedChecksum: Checksum

    public init(name: String) {
        self.name = name
        securityByDefault = Self.securityByDefault(of: name)
        // Unconfirmed beyond the 79xx and 88xx series: docs/phone-acceptance.md, "Checksums".
        displayedChecksum =
            Self.series(of: name).map { $0.hasPrefix("79") || $0.hasPrefix("69") } == true ? .md5 : .sha1
    }

    /// The first four-digit number in a model's name.
    private static func series(of name: String) -> String? {
        name.split { !$0.isNumber }.first { $0.count == 4 }.map(String.init)
    }

    // Source: Cisco technote 118893, "Requirements", and the CUCM security guides; docs/phone-acceptance.md, "Models".
    private static let supported: Set<String> = [
        "7931", "7945", "7965", "7975", "7925", "7926", "8941", "8945", "8961", "9951", "9971",
    ]
    private static let supportedSeries = ["78", "88"]
    private static let unsupported: Set<String> = ["7940", "7960", "6901", "6911"]

    private static func securityByDefault(of name: String) -> SecurityByDefault {
        let lowered = name.lowercased()
        if lowered.contains("jabber") || lowered.contains("client services framework") { return .unsupported }
        guard let series = series(of: name) else { return .unknown }
        if series == "7941" || series == "7961" { return lowered.contains("g-ge") ? .supported : .unknown }
        if supported.contains(series) || supportedSeries.contains(where: series.hasPrefix) { return .supported }
        return unsupported.contains(series) ? .unsupported : .unknown
    }
}

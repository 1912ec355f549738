/// A phone model, as far as trust lists are concerned.
public struct PhoneModel: Hashable, Sendable {
    /// Whether a model supports Security by Default, that is, has an ITL file and asks a TVS server about unknown signers.
    public enum SecurityByDefault: String, Encodable, Sendable, CaseIterable {
        case supported
        case unsupported
        /// Not in the table. CUCM's own answer is in Cisco Unified Reporting, "Unified CM Phone Feature List".
        case unknown
    }

    /// Which checksum of the file the phone displays.
    public enum Checksum: String, Encodable, Sendable, CaseIterable {
        case md5 = "MD5"
        case sha1 = "SHA1"
    }

    /// The name as used by CUCM or the phone: `Cisco 7975`, `CP-8861`.
    public let name: String
    public let securityByDefault: SecurityByDefault
    public let displayedChecksum: Checksum

    /// A model as in the product's own table; ``PhoneModelTable`` knows the user's corrections, too.
    public init(name: String) { self = PhoneModelTable.standard.model(named: name) }

    init(name: String, securityByDefault: SecurityByDefault, displayedChecksum: Checksum) {
        self.name = name
        self.securityByDefault = securityByDefault
        self.displayedChecksum = displayedChecksum
    }
}

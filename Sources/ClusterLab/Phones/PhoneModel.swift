/// A phone model, and what matters about it here.
struct PhoneModel: Hashable, Sendable {
    /// `CP-8861`; the product's name if a model has no number.
    let rawValue: String
    /// Number in the database's table typemodel.
    let number: Int
    /// Name in the database's table typemodel.
    let product: String
    /// As named on the phone's own web page.
    let webName: String
    let firmware: String
    /// Security by Default: an ITL file, and TVS. Source: Cisco technote 118893.
    let hasSecurityByDefault: Bool
    /// Newer phones fetch their files over HTTP from port 6970, older ones over TFTP, and speak TLS 1.0 with small keys.
    let isNew: Bool
    /// Which checksum of a trust list the phone shows.
    let showsMD5: Bool

    var fetchesOverHTTP: Bool { isNew }
    var hasOldTLS: Bool { !isNew }

    /// Jabber is not a phone with a MAC address.
    var isSoftware: Bool { rawValue == Self.jabber.rawValue }

    /// The device's protocol in the database: 11 is SIP, 0 SCCP.
    var deviceProtocol: Int { product.hasSuffix("7960") || rawValue == Self.cp7975.rawValue ? 0 : 11 }

    private init(
        _ rawValue: String, _ number: Int, _ product: String, web: String? = nil, firmware: String,
        hasSecurityByDefault: Bool, isNew: Bool, showsMD5: Bool
    ) {
        self.rawValue = rawValue
        self.number = number
        self.product = product
        webName = web ?? rawValue
        self.firmware = firmware
        self.hasSecurityByDefault = hasSecurityByDefault
        self.isNew = isNew
        self.showsMD5 = showsMD5
    }

    static let cp7960 = PhoneModel(
        "CP-7960", 7, "Cisco 7960", web: "CP-7960G", firmware: "P00308010200", hasSecurityByDefault: false,
        isNew: false, showsMD5: true)
    static let cp7975 = PhoneModel(
        "CP-7975", 437, "Cisco 7975", web: "CP-7975G", firmware: "SCCP75.9-3-1SR4-1S", hasSecurityByDefault: true,
        isNew: false, showsMD5: true)
    static let cp8861 = PhoneModel(
        "CP-8861", 685, "Cisco 8861", firmware: "sip88xx.10-2-1-16", hasSecurityByDefault: true, isNew: true,
        showsMD5: false)
    static let jabber = PhoneModel(
        "Cisco Unified Client Services Framework", 503, "Cisco Unified Client Services Framework",
        firmware: "Jabber_for_Windows-12.9.4", hasSecurityByDefault: false, isNew: true, showsMD5: false)

    /// The models that a lab knows by itself.
    static let known: [PhoneModel] = [
        cp7960, cp7975, cp8861, jabber,
        old("7940", 8, firmware: "P00308010200", hasSecurityByDefault: false),
        old("7945", 435, firmware: "SCCP45.9-3-1SR4-1S"),
        old("7965", 436, firmware: "SCCP45.9-3-1SR4-1S"),
        old("7961G-GE", 308, firmware: "SCCP41.9-3-1SR4-1S"),
        old("6901", 547, firmware: "SCCP6901.9-3-1-SR2-2", hasSecurityByDefault: false),
        old("6911", 548, firmware: "SCCP6911.9-3-1-SR2-2", hasSecurityByDefault: false),
        new("7821", 621, firmware: "sip78xx.11-7-1-17"), new("7841", 622, firmware: "sip78xx.11-7-1-17"),
        new("8841", 683, firmware: "sip88xx.11-7-1-17"), new("8845", 36224, firmware: "sip8845_65.11-7-1-17"),
        new("8961", 540, firmware: "sip8961.9-4-2SR3-1"), new("9971", 493, firmware: "sip9971.9-4-2SR3-1"),
        telePresence("Cisco TelePresence EX90", 584), telePresence("Cisco TelePresence SX20", 627),
    ]

    private static func old(
        _ series: String, _ number: Int, firmware: String, hasSecurityByDefault: Bool = true
    ) -> PhoneModel {
        PhoneModel(
            "CP-\(series)", number, "Cisco \(series)", firmware: firmware, hasSecurityByDefault: hasSecurityByDefault,
            isNew: false, showsMD5: true)
    }

    private static func new(_ series: String, _ number: Int, firmware: String) -> PhoneModel {
        PhoneModel(
            "CP-\(series)", number, "Cisco \(series)", firmware: firmware, hasSecurityByDefault: true, isNew: true,
            showsMD5: false)
    }

    private static func telePresence(_ name: String, _ number: Int) -> PhoneModel {
        PhoneModel(
            name, number, name, firmware: "ce9.15.3.25", hasSecurityByDefault: false, isNew: true, showsMD5: false)
    }

    /// A model by its own name or the database's. A model unknown to the lab gets what most of its kind have: Security
    /// by Default for the 78xx and 88xx series, none for the others.
    init(named name: String) {
        if let known = Self.known.first(where: { $0.rawValue == name || $0.product == name }) {
            self = known
            return
        }
        let series = name.split { !$0.isNumber }.first { $0.count == 4 }.map(String.init) ?? ""
        let isNew = series.hasPrefix("78") || series.hasPrefix("88")
        // A number that no other model has, and that is always the same.
        let mark = name.utf8.reduce(UInt32(5381)) { ($0 &* 33) ^ UInt32($1) }
        self.init(
            name, 40000 + Int(mark % 20000), name, firmware: "unknown", hasSecurityByDefault: isNew, isNew: isNew,
            showsMD5: series.hasPrefix("79") || series.hasPrefix("69"))
    }

    static func == (left: PhoneModel, right: PhoneModel) -> Bool { left.rawValue == right.rawValue }

    func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

extension PhoneModel: Codable {
    init(from decoder: any Decoder) throws {
        self.init(named: try decoder.singleValueContainer().decode(String.self))
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// A model of phone, and what matters about it here.
enum PhoneModel: String, Codable, Sendable {
    case cp7960 = "CP-7960"
    case cp7975 = "CP-7975"
    case cp8861 = "CP-8861"

    /// Security by Default: an ITL file, and TVS. Source: Cisco technote 118893.
    var hasSecurityByDefault: Bool { self != .cp7960 }

    /// Newer phones fetch their files over HTTP from port 6970, older ones over TFTP.
    var fetchesOverHTTP: Bool { self == .cp8861 }

    /// Old phones speak TLS 1.0 with small keys.
    var hasOldTLS: Bool { self != .cp8861 }

    /// Number in the database's table typemodel.
    var number: Int {
        switch self {
        case .cp7960: 7
        case .cp7975: 437
        case .cp8861: 685
        }
    }

    /// Name in the database's table typemodel.
    var product: String {
        switch self {
        case .cp7960: "Cisco 7960"
        case .cp7975: "Cisco 7975"
        case .cp8861: "Cisco 8861"
        }
    }

    /// As the phone's own web page names it.
    var webName: String {
        switch self {
        case .cp7960: "CP-7960G"
        case .cp7975: "CP-7975G"
        case .cp8861: "CP-8861"
        }
    }

    var firmware: String {
        switch self {
        case .cp7960: "P00308010200"
        case .cp7975: "SCCP75.9-3-1SR4-1S"
        case .cp8861: "sip88xx.10-2-1-16"
        }
    }

    /// Which checksum of a trust list the phone shows.
    var showsMD5: Bool { self != .cp8861 }
}

/// What a record's certificate may be used for: the FUNCTION field (record tag 4, two bytes).
///
/// The format may have more numbers than those named here (a firewall is a CCM); a number without a name is kept
/// unchanged. Source: docs/trust-list-format.md, "Record".
public struct Role: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// System Administrator Security Token: may sign trust lists.
    public static let sast = Role(rawValue: 0)
    public static let ccm = Role(rawValue: 1)
    public static let ccmTFTP = Role(rawValue: 2)
    public static let tftp = Role(rawValue: 3)
    public static let capf = Role(rawValue: 4)
    public static let appServer = Role(rawValue: 7)
    public static let tvs = Role(rawValue: 21)

    /// Those of servers whose certificates a CTL file contains.
    public static let servers: Set<Role> = [.ccm, .ccmTFTP, .tftp, .capf]

    /// The roles that have a name here.
    public static let known: [Role] = [.sast, .ccm, .ccmTFTP, .tftp, .capf, .appServer, .tvs]

    /// The name for texts, where the first role's own name would be too long.
    public var text: String { self == .sast ? "SAST" : name }

    /// The name that CUCM's `show ctl` prints, or the number if there is none.
    public var name: String {
        switch self {
        case .sast: "System Administrator Security Token"
        case .ccm: "CCM"
        case .ccmTFTP: "CCM+TFTP"
        case .tftp: "TFTP"
        case .capf: "CAPF"
        case .appServer: "APP-SERVER"
        case .tvs: "TVS"
        default: "\(rawValue)"
        }
    }
}

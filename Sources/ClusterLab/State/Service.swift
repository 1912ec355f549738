/// The services of a node, as `utils service list` shows them.
enum Service: String, CaseIterable, Sendable {
    case cdr = "Cisco AMC Service"
    case axl = "Cisco AXL Web Service"
    case callManager = "Cisco CallManager"
    case callManagerAdmin = "Cisco CallManager Admin"
    case certificateChange = "Cisco Certificate Change Notification"
    case certificateAuthority = "Cisco Certificate Authority Proxy Function"
    case ctiManager = "Cisco CTIManager"
    case ctlProvider = "Cisco CTL Provider"
    case database = "Cisco Database Layer Monitor"
    case ris = "Cisco RIS Data Collector"
    case tftp = "Cisco Tftp"
    case tomcat = "Cisco Tomcat"
    case trustVerification = "Cisco Trust Verification Service"

    /// Whether it is activated on a node.
    func runs(on node: LabPlan.Node) -> Bool {
        switch self {
        case .certificateAuthority, .axl: node.isPublisher
        case .trustVerification: node.tvsPort != nil
        case .tftp: node.servesTFTP
        case .callManager, .ctiManager: node.runsCallManager
        default: true
        }
    }

    /// Services that cannot be stopped on the command line.
    var isCritical: Bool { self == .tomcat || self == .database }

    /// Number in the database's table typeservice.
    var number: Int {
        switch self {
        case .callManager: 0
        case .tftp: 1
        case .ctlProvider: 10
        case .certificateAuthority: 12
        case .axl: 28
        case .trustVerification: 32
        default: 100 + (Self.allCases.firstIndex(of: self) ?? 0)
        }
    }
}

/// The CUCM release that a lab behaves like.
public enum LabRelease: String, Codable, Sendable, CaseIterable {
    case release10 = "10.5"
    case release12 = "12.5"

    /// As `show version active` prints it.
    var fullVersion: String {
        switch self {
        case .release10: "10.5.1.10000-7"
        case .release12: "12.5.1.11900-146"
        }
    }

    /// From version 11 the web pages hand out Struts tokens, and the login form posts elsewhere.
    var hasStrutsTokens: Bool { self != .release10 }

    var loginPath: String {
        switch self {
        case .release10: "/cmplatform/WEB-INF/pages/j_security_check"
        case .release12: "/cmplatform/j_security_check"
        }
    }

    /// The size of the RSA keys of CallManager and CAPF, in bits.
    var callManagerKeyBits: Int {
        switch self {
        case .release10: 1024
        case .release12: 2048
        }
    }

    /// TLS versions that the web pages speak, as nginx names them.
    var webProtocols: String {
        switch self {
        case .release10: "TLSv1 TLSv1.1 TLSv1.2"
        case .release12: "TLSv1.2"
        }
    }

    /// The AXL versions that are served, newest last.
    var axlVersions: [String] {
        switch self {
        case .release10: ["8.5", "9.0", "9.1", "10.0", "10.5"]
        case .release12: ["10.0", "10.5", "11.0", "11.5", "12.0", "12.5"]
        }
    }
}

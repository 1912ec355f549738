/// The CUCM release that a lab behaves like.
public enum LabRelease: String, Codable, Sendable, CaseIterable, Comparable {
    case release8 = "8.6"
    case release9 = "9.1"
    /// 10.5(1): the last one that names no ITLRecovery certificate in its CTL file.
    case release10First = "10.5(1)"
    /// 10.5(2).
    case release10 = "10.5"
    case release11 = "11.5"
    case release12 = "12.5"
    case release14 = "14"
    case release15 = "15"

    /// The name that a user gives: the raw value, or `10.5(2)` for 10.5.
    public init?(name: String) { self.init(rawValue: name == "10.5(2)" ? "10.5" : name) }

    public static func < (left: LabRelease, right: LabRelease) -> Bool { left.order < right.order }

    private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// As `show version active` prints it.
    var fullVersion: String {
        switch self {
        case .release8: "8.6.2.20000-2"
        case .release9: "9.1.2.10000-28"
        case .release10First: "10.5.1.10000-7"
        case .release10: "10.5.2.10000-5"
        case .release11: "11.5.1.12900-21"
        case .release12: "12.5.1.11900-146"
        case .release14: "14.0.1.12900-161"
        case .release15: "15.0.1.12900-234"
        }
    }

    // MARK: Command line

    /// `utils ctl`: before 10.0 only the CTL Client on Windows could write a CTL file.
    var hasCTLCommands: Bool { self >= .release10First }

    /// The SSH server's only host key algorithm is `ssh-rsa`: OpenSSH 5.3, which 11.5 still runs. Source:
    /// docs/cluster-interfaces.md.
    var hasOldSSH: Bool { self < .release12 }

    /// The SSH server also lacks everything newer than CBC and `hmac-sha1`.
    var hasOldestSSH: Bool { self < .release10First }

    /// The SSH server refuses the method `password`, and accepts keyboard-interactive.
    var refusesPlainPasswords: Bool { self >= .release15 }

    /// A trust certificate has to be deleted on every node, or it comes back.
    var deletesTrustOnOneNode: Bool { self < .release11 }

    /// `utils ctl set-cluster` and `update` need a licence for export-controlled functions.
    var needsExportLicence: Bool { self >= .release12 }

    /// `utils ctl` asks to restart Cisco CTIManager as well, and to reset all phones. Introduced in 11.6.
    var asksForCTIManager: Bool { self >= .release12 }

    // MARK: Web pages

    /// From version 11 on the web pages use Struts tokens, and the login form posts elsewhere.
    var hasStrutsTokens: Bool { self >= .release11 }

    var loginPath: String {
        self < .release11 ? "/cmplatform/WEB-INF/pages/j_security_check" : "/cmplatform/j_security_check"
    }

    /// The certificate REST interface, which Cisco documents for 14 and later.
    var hasCertificateREST: Bool { self >= .release14 }

    /// Where the real-time information service is.
    var risPath: String {
        self < .release9 ? "/realtimeservice/services/RisPort70" : "/realtimeservice2/services/RISService70"
    }

    /// Everything for which a client needs old TLS: the web pages speak TLS 1.0 only.
    var hasOldTLS: Bool { self < .release10First }

    /// TLS versions that the web pages speak, as nginx names them.
    var webProtocols: String {
        switch self {
        case .release8, .release9: "TLSv1"
        case .release10First, .release10, .release11: "TLSv1 TLSv1.1 TLSv1.2"
        case .release12: "TLSv1.2"
        case .release14, .release15: "TLSv1.2 TLSv1.3"
        }
    }

    /// An OpenSSL cipher list. Level 0 allows small keys and SHA-1 signatures.
    var webCiphers: String {
        hasOldTLS
            ? "AES128-SHA:AES256-SHA:DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA:@SECLEVEL=0" : "DEFAULT:@SECLEVEL=0"
    }

    /// The AXL versions that are served, newest last.
    var axlVersions: [String] {
        switch self {
        case .release8: ["7.0", "7.1", "8.0", "8.5"]
        case .release9: ["8.0", "8.5", "9.0", "9.1"]
        case .release10First, .release10: ["8.5", "9.0", "9.1", "10.0", "10.5"]
        case .release11: ["9.0", "9.1", "10.0", "10.5", "11.0", "11.5"]
        case .release12: ["10.0", "10.5", "11.0", "11.5", "12.0", "12.5"]
        case .release14: ["11.5", "12.0", "12.5", "14.0"]
        case .release15: ["12.0", "12.5", "14.0", "15.0"]
        }
    }

    // MARK: Certificates

    /// The RSA key of a certificate, in bits. CallManager and CAPF were the last to get larger ones.
    func keyBits(of purpose: String) -> Int {
        switch self {
        case .release8, .release9: 1024
        case .release10First, .release10: purpose == "CallManager" || purpose == "CAPF" ? 1024 : 2048
        case .release11, .release12, .release14, .release15: 2048
        }
    }

    /// Whether a certificate is signed with SHA-1.
    func isSHA1(_ purpose: String) -> Bool { keyBits(of: purpose) == 1024 }
}

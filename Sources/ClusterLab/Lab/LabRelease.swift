/// The CUCM release that a lab behaves like.
public enum LabRelease: String, Codable, Sendable, CaseIterable, Comparable {
    case release9 = "9.1"
    case release10 = "10.5"
    case release11 = "11.5"
    case release12 = "12.5"
    case release14 = "14"

    public static func < (left: LabRelease, right: LabRelease) -> Bool { left.order < right.order }

    private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// As `show version active` prints it.
    var fullVersion: String {
        switch self {
        case .release9: "9.1.2.10000-28"
        case .release10: "10.5.2.10000-5"
        case .release11: "11.5.1.12900-21"
        case .release12: "12.5.1.11900-146"
        case .release14: "14.0.1.12900-161"
        }
    }

    // MARK: Command line

    /// `utils ctl`: before 10.0 only the CTL Client on Windows could write a CTL file.
    var hasCTLCommands: Bool { self >= .release10 }

    /// `show cert list` prints a block of lines for each certificate, not one line.
    var listsCertificatesInBlocks: Bool { self < .release10 }

    /// The SSH server supports only what is refused today: Diffie-Hellman with SHA-1, `ssh-rsa`, CBC, `hmac-sha1`.
    var hasOldSSH: Bool { self < .release10 }

    // MARK: Web pages

    /// From version 11 on the web pages use Struts tokens, and the login form posts elsewhere.
    var hasStrutsTokens: Bool { self >= .release11 }

    var loginPath: String {
        self < .release11 ? "/cmplatform/WEB-INF/pages/j_security_check" : "/cmplatform/j_security_check"
    }

    /// The certificate REST interface.
    var hasCertificateREST: Bool { self >= .release12 }

    /// Everything for which a client needs old TLS: the web pages speak TLS 1.0 only.
    var hasOldTLS: Bool { self < .release10 }

    /// TLS versions that the web pages speak, as nginx names them.
    var webProtocols: String {
        switch self {
        case .release9: "TLSv1"
        case .release10, .release11: "TLSv1 TLSv1.1 TLSv1.2"
        case .release12: "TLSv1.2"
        case .release14: "TLSv1.2 TLSv1.3"
        }
    }

    /// An OpenSSL cipher list. Level 0 allows small keys and SHA-1 signatures.
    var webCiphers: String {
        self < .release10
            ? "AES128-SHA:AES256-SHA:DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA:@SECLEVEL=0" : "DEFAULT:@SECLEVEL=0"
    }

    /// The AXL versions that are served, newest last.
    var axlVersions: [String] {
        switch self {
        case .release9: ["8.0", "8.5", "9.0", "9.1"]
        case .release10: ["8.5", "9.0", "9.1", "10.0", "10.5"]
        case .release11: ["9.0", "9.1", "10.0", "10.5", "11.0", "11.5"]
        case .release12: ["10.0", "10.5", "11.0", "11.5", "12.0", "12.5"]
        case .release14: ["11.5", "12.0", "12.5", "14.0"]
        }
    }

    // MARK: Certificates

    /// The RSA key of a certificate, in bits. CallManager and CAPF were the last to get larger ones.
    func keyBits(of purpose: String) -> Int {
        switch self {
        case .release9: 1024
        case .release10: purpose == "CallManager" || purpose == "CAPF" ? 1024 : 2048
        case .release11, .release12, .release14: 2048
        }
    }

    /// Whether a certificate is signed with SHA-1.
    func isSHA1(_ purpose: String) -> Bool { keyBits(of: purpose) == 1024 }
}

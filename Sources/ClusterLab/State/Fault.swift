/// What can be made to go wrong on a node.
public enum Fault: String, Codable, Sendable, CaseIterable {
    /// Nothing of the node answers.
    case down
    /// Every response of the web pages and of the command line is late.
    case slow
    /// Files and certificates sent to the node are refused, and nothing is stored.
    case diskFull = "disk-full"
    /// The right passwords are refused, on every interface.
    case loginRefused = "login-refused"
    /// The web pages accept no logins for a while.
    case tooManyLogins = "too-many-logins"
    /// A web session ends with the first form that it sends, which is not processed.
    case sessionExpired = "session-expired"
    /// The connection is cut while a file or certificate is uploaded; nothing is stored.
    case cutUpload = "cut-upload"
    /// What is uploaded is stored, but the connection is cut before the response.
    case cutAnswer = "cut-answer"
    /// The certificate REST interface knows no Phone-SAST-trust.
    case restRefusal = "rest-refusal"
    /// The web pages have a different key and certificate.
    case tlsKey = "tls-key"
    /// The command line has a different host key.
    case sshKey = "ssh-key"
    /// The node's database does not follow the publisher's.
    case replication
    /// The node resolves no names.
    case dns
    /// The node's IPsec certificate expires in a few days.
    case expiring
    /// A service takes a few seconds to come up, and the command that restarts it does not wait.
    case slowStart = "slow-start"
    /// Someone answers for the node over TFTP and HTTP 6970, and serves other files. The disk, the command line and the
    /// web pages are the node's.
    case spoofFiles = "spoof-files"
    /// The same, until the node gets a new file: from then on the impostor passes on what the node has.
    case spoofUntilWritten = "spoof-until-written"
    /// AXL and RIS refuse requests that come too often. Publisher only.
    case throttle
    /// The ITLRecovery certificate was regenerated, by an upgrade for example, and the CTL file was not. Publisher only.
    case staleITLRecovery = "stale-itlrecovery"
    /// The same with the CAPF certificate. Publisher only.
    case staleCAPF = "stale-capf"
    /// A command line without input ends after `--delay` seconds.
    case cliIdle = "cli-idle"
    /// The Trust Verification Service runs, and its port cannot be reached.
    case tvsBlocked = "tvs-blocked"
    /// The Real-time Information Service is not there. Publisher only.
    case noRIS = "no-ris"
    /// `utils ctl` refuses: there is no licence for export-controlled functions (from 12 on).
    case noLicence = "no-licence"
    /// The platform account's password has expired. A user who logs in is asked for a new one instead of being let in.
    case passwordExpired = "password-expired"
    /// The same, as by an sshd that has let the user in: passwd runs in place of the command line.
    case passwordExpiredInShell = "expired-in-shell"

    /// One line for the help.
    public var help: String {
        switch self {
        case .down: "nothing of the node answers"
        case .slow: "every answer comes late"
        case .diskFull: "uploads to the node are refused, and nothing is stored"
        case .loginRefused: "right passwords are refused"
        case .tooManyLogins: "the web pages let nobody in for a while, whatever the password"
        case .sessionExpired: "a web session ends with its first form"
        case .cutUpload: "the connection is cut during an upload; nothing is stored"
        case .cutAnswer: "an upload is stored, but the connection is cut before the answer"
        case .restRefusal: "the certificate REST interface knows no Phone-SAST-trust"
        case .tlsKey: "the web pages have another TLS key"
        case .sshKey: "the command line has another SSH host key"
        case .replication: "the node's database does not follow the publisher's"
        case .dns: "the node resolves no names"
        case .expiring: "the node's IPsec certificate expires in five days"
        case .cliIdle: "a command line without input ends after --delay seconds"
        case .tvsBlocked: "TVS runs, but its port cannot be reached"
        case .noRIS: "the Real-time Information Service is not there"
        case .passwordExpired: "the platform account's password has expired: a new one is asked for at the login"
        case .passwordExpiredInShell: "the same, but asked for in the shell, after the login"
        case .noLicence: "utils ctl refuses for want of an export licence (12 and later)"
        case .throttle: "AXL and RIS refuse more than 20 and 15 requests in --delay seconds"
        case .spoofFiles: "somebody answers over TFTP and HTTP 6970 with the files of --file"
        case .spoofUntilWritten: "the same, until the node itself gets a new file"
        case .staleITLRecovery: "the CTL file has a former ITLRecovery certificate of the publisher"
        case .staleCAPF: "the CTL file has a former CAPF certificate of the publisher"
        case .slowStart: "services stay in STARTING for some seconds after a restart"
        }
    }
}

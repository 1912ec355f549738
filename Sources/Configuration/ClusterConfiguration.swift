import Glibc
import Messages

/// What we know about a cluster before talking to it. It never contains a password.
public struct ClusterConfiguration: Sendable, Hashable {
    /// The user's name for it, for which ``isName(_:)`` holds.
    public var name: String
    /// As `show version active` gives it (`10.5.1.10000-7`); nil if not known yet.
    public var version: ClusterVersion?
    public var nodes: [NodeConfiguration]
    /// For the command line and OS Administration.
    public var platform: AccountConfiguration?
    /// For AXL and the serviceability services.
    public var application: AccountConfiguration?
    /// For the keys of phones.
    public var phones: AccountConfiguration?
    /// The TCP port of the phones' own web pages.
    public var phoneWebPort: UInt16

    /// Whether this can be the name of a cluster: letters, digits, `-`, `_` and `.`.
    public static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    public init(
        name: String, version: ClusterVersion? = nil, nodes: [NodeConfiguration] = [],
        platform: AccountConfiguration? = nil, application: AccountConfiguration? = nil,
        phones: AccountConfiguration? = nil,
        phoneWebPort: UInt16 = 80
    ) {
        self.name = name
        self.version = version
        self.nodes = nodes
        self.platform = platform
        self.application = application
        self.phones = phones
        self.phoneWebPort = phoneWebPort
    }

    package static func nobodyServesTFTP(_ name: String) -> LocalizableText {
        localized("no node of cluster \(name) serves TFTP: set tftp = true for one")
    }

    public var publisher: NodeConfiguration? { nodes.first { $0.isPublisher } }

    /// The nodes that serve TFTP, the publisher first.
    public var tftpNodes: [NodeConfiguration] {
        nodes.filter { $0.servesTFTP && $0.isPublisher } + nodes.filter { $0.servesTFTP && !$0.isPublisher }
    }

    public func node(_ name: String) -> NodeConfiguration? { nodes.first { $0.name == name } }

    /// The node that the cluster calls by this name: spelled exactly as here, or in another way.
    public func node(called name: String) -> NodeConfiguration? {
        node(name) ?? nodes.first { $0.isCalled(name) }
    }

    public func account(_ account: Account) -> AccountConfiguration? {
        switch account {
        case .platform: platform
        case .application: application
        case .phones: phones
        }
    }
}

/// A user name, and where its password is.
public struct AccountConfiguration: Sendable, Hashable {
    public var user: String
    /// Readable by its owner only; its first line is the password.
    public var passwordFile: String?
    /// A program and its arguments; the first line that it prints is the password.
    public var passwordCommand: [String]?

    public init(user: String, passwordFile: String? = nil, passwordCommand: [String]? = nil) {
        self.user = user
        self.passwordFile = passwordFile
        self.passwordCommand = passwordCommand
    }
}

/// A node of a cluster, with its ports and the keys that it must present.
public struct NodeConfiguration: Sendable, Hashable {
    /// The host name as the cluster knows it.
    public var name: String
    public var isPublisher: Bool
    /// Host name or IP address to connect to.
    public var address: String
    public var tftpPort: UInt16
    /// Whether it serves trust lists to phones, over TFTP and HTTP.
    public var servesTFTP: Bool
    /// Plain HTTP: the TFTP files on 6970.
    public var httpPort: UInt16
    /// OS Administration, AXL and the serviceability services.
    public var httpsPort: UInt16
    public var sshPort: UInt16
    /// Trust Verification Service; nil if the node does not run it.
    public var tvsPort: UInt16?
    /// `sha256//` and base64 of the key behind `httpsPort`.
    public var tlsPin: String?
    /// `SHA256:` and base64 without padding, as `ssh-keygen -l` prints it.
    public var sshHostKey: String?
    /// `sha256//` and base64 of the key behind `tvsPort`.
    public var tvsPin: String?
    /// Allows TLS 1.0, small keys and SHA-1 with this node.
    public var legacyTLS: Bool
    /// Allows SSH key exchanges and host keys with SHA-1 with this node.
    public var legacySSH: Bool

    /// Whether a text is an IPv4 or IPv6 address, or can be a host name: letters, digits, `-`, `_` and `.`. Nothing else
    /// may become a part of a URL or of a file name.
    public static func isAddress(_ text: String) -> Bool {
        var (four, six) = (in_addr(), in6_addr())
        if inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1 { return true }
        return isHostName(text)
    }

    static func isHostName(_ text: String) -> Bool {
        text.utf8.count <= 253 && ClusterConfiguration.isName(text) && text.utf8.first != UInt8(ascii: ".")
            && text.utf8.first != UInt8(ascii: "-")
    }

    /// Whether a name or an address is this node's. The cluster's own tables and commands spell one node in different
    /// ways: in any case of letters, by its short host name, its full name or its address (docs/cluster-interfaces.md).
    public func isCalled(_ other: String) -> Bool {
        [name, address].contains { HostName.areSame($0, other) }
    }

    public init(
        name: String, isPublisher: Bool = false, address: String, tftpPort: UInt16 = 69, httpPort: UInt16 = 6970,
        httpsPort: UInt16 = 8443, sshPort: UInt16 = 22, tvsPort: UInt16? = 2445, tlsPin: String? = nil,
        sshHostKey: String? = nil, tvsPin: String? = nil, legacyTLS: Bool = false, legacySSH: Bool = false,
        servesTFTP: Bool = true
    ) {
        self.name = name
        self.isPublisher = isPublisher
        self.address = address
        self.tftpPort = tftpPort
        self.servesTFTP = servesTFTP
        self.httpPort = httpPort
        self.httpsPort = httpsPort
        self.sshPort = sshPort
        self.tvsPort = tvsPort
        self.tlsPin = tlsPin
        self.sshHostKey = sshHostKey
        self.tvsPin = tvsPin
        self.legacyTLS = legacyTLS
        self.legacySSH = legacySSH
    }
}

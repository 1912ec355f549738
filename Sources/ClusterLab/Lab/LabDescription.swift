import X509

/// What `lab.json` tells other programs about the cluster: where it is, who may log in, whose keys to expect.
struct LabDescription: Codable, Sendable {
    struct Credentials: Codable, Sendable {
        let user: String
        let passwordFile: String
    }

    struct Accounts: Codable, Sendable {
        let platform: Credentials
        let application: Credentials
    }

    struct Node: Codable, Sendable {
        let name: String
        let publisher: Bool
        let address: String
        let tftpPort: UInt16
        let httpPort: UInt16
        let httpsPort: UInt16
        let sshPort: UInt16
        let tvsPort: UInt16?
        let tlsPin: String
        let sshHostKey: String
        let tvsPin: String?
        /// Whether it serves files to phones; where not, nothing listens on the two ports.
        let tftp: Bool

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(name, forKey: .name)
            try container.encode(publisher, forKey: .publisher)
            try container.encode(address, forKey: .address)
            try container.encode(tftpPort, forKey: .tftpPort)
            try container.encode(httpPort, forKey: .httpPort)
            try container.encode(httpsPort, forKey: .httpsPort)
            try container.encode(sshPort, forKey: .sshPort)
            // Written even where there is none.
            try container.encode(tvsPort, forKey: .tvsPort)
            try container.encode(tlsPin, forKey: .tlsPin)
            try container.encode(sshHostKey, forKey: .sshHostKey)
            try container.encode(tvsPin, forKey: .tvsPin)
            try container.encode(tftp, forKey: .tftp)
        }
    }

    struct Token: Codable, Sendable {
        let name: String
        /// PEM files.
        let certificate: String
        let key: String
    }

    static let schema = "cluster-lab/1"

    let schema: String
    let name: String
    let version: String
    let credentials: Accounts
    let phoneWebPort: UInt16
    let nodes: [Node]
    /// As `cluster-lab up --release` takes it.
    let release: String
    /// The web pages speak TLS 1.0 only.
    let legacyTLS: Bool
    /// SSH only with algorithms that clients refuse today.
    let legacySSH: Bool
    /// The certificate REST interface is there.
    let rest: Bool
    /// Files change on TFTP only when Cisco Tftp restarts.
    let tftpCache: Bool
    /// The security tokens with which the CTL file was written.
    let tokens: [Token]

    /// - Parameter path: the lab's absolute path.
    init(_ cluster: LabCluster, path: String) throws {
        let folder = LabFolder(path)
        schema = Self.schema
        name = "lab"
        version = cluster.plan.fullVersion
        credentials = Accounts(
            platform: Credentials(
                user: ClusterLab.Accounts.platformUser, passwordFile: folder.password("platform")),
            application: Credentials(
                user: ClusterLab.Accounts.applicationUser, passwordFile: folder.password("application")))
        phoneWebPort = cluster.plan.phoneWebPort
        let profile = cluster.plan.release
        release = profile.rawValue
        legacyTLS = profile.hasOldTLS
        legacySSH = profile.hasOldSSH
        rest = profile.hasCertificateREST
        tftpCache = cluster.plan.tftpCache
        tokens = cluster.plan.tokens.map {
            Token(name: $0, certificate: "\(folder.tokens)/\($0).pem", key: "\(folder.tokens)/\($0).key")
        }
        nodes = try zip(cluster.plan.nodes, cluster.identity.nodes).map { node, own in
            Node(
                name: node.name, publisher: node.isPublisher, address: node.address, tftpPort: node.tftpPort,
                httpPort: node.httpPort, httpsPort: node.httpsPort, sshPort: node.sshPort, tvsPort: node.tvsPort,
                tlsPin: own.tomcat.certificate.publicKey.pin,
                sshHostKey: try SSHHostKey.fingerprint(of: cluster.folder.keys(node.name) + "/ssh_host_key"),
                tvsPin: node.tvsPort == nil ? nil : own.tvs.certificate.publicKey.pin, tftp: node.servesTFTP)
        }
    }
}

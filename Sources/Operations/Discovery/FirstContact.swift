import Cluster
import Configuration
import Messages
import Transfers
import X509

/// The keys that a node presents on first contact. They prove nothing until someone has compared them.
public struct FirstContact: Sendable {
    /// One key, as shown to the user and pinned.
    public struct Key: Sendable, Hashable {
        public enum Purpose: String, Sendable, Hashable, CaseIterable {
            /// The SSH host key.
            case ssh
            /// The key behind OS Administration and AXL.
            case tls
            /// The key of the Trust Verification Service.
            case tvs
        }

        public let purpose: Purpose
        /// `SHA256:...` for SSH, `sha256//...` for TLS.
        public let fingerprint: String
        /// The certificate, for TLS.
        public let certificate: Certificate?
    }

    public let node: NodeConfiguration
    public let keys: [Key]
    /// What could not be read, and why.
    public let failures: [(purpose: Key.Purpose, error: ClusterError)]

    /// Connects to each of the node's services, takes the key that it presents, and closes the connection. There is no
    /// login, and nothing is sent.
    public init(with node: NodeConfiguration, purposes: [Key.Purpose] = Key.Purpose.allCases) {
        self.node = node
        var keys: [Key] = []
        var failures: [(purpose: Key.Purpose, error: ClusterError)] = []
        for purpose in purposes {
            do throws(ClusterError) {
                if let key = try Self.key(of: node, purpose) { keys.append(key) }
            } catch {
                failures.append((purpose, error))
            }
        }
        (self.keys, self.failures) = (keys, failures)
    }

    private static func key(of node: NodeConfiguration, _ purpose: Key.Purpose) throws(ClusterError) -> Key? {
        switch purpose {
        case .ssh:
            return Key(purpose: .ssh, fingerprint: try SSHShell.fingerprint(of: node), certificate: nil)
        case .tls: return try tlsKey(of: node, purpose, port: node.httpsPort)
        case .tvs:
            guard let port = node.tvsPort else { return nil }
            return try tlsKey(of: node, purpose, port: port)
        }
    }

    private static func tlsKey(
        of node: NodeConfiguration, _ purpose: Key.Purpose, port: UInt16
    ) throws(ClusterError) -> Key {
        let operation = localized("read the TLS key of port \(port)")
        let pem: String
        do throws(TransferError) {
            pem = try TLSProbe.certificate(host: node.address, port: port, legacyTLS: node.legacyTLS)
        } catch {
            throw ClusterError(error, operation: operation, node: node, port: port, expected: nil)
        }
        do throws(CertificateError) {
            let certificate = try Certificate(pem: pem)
            return Key(purpose: purpose, fingerprint: certificate.publicKey.pin, certificate: certificate)
        } catch {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: node.name,
                message: localized("it presented something that is not a certificate: \(error)"), cause: error)
        }
    }

    /// The node's configuration with these keys pinned. A node whose TVS does not answer counts as one without TVS, unless
    /// the cluster says that it runs there.
    public var pinned: NodeConfiguration { pinned(runsTVS: nil) }

    /// - Parameter runsTVS: whether the service is activated on the node; nil if that is not known.
    public func pinned(runsTVS: Bool?) -> NodeConfiguration {
        var node = node
        for key in keys { node[key.purpose] = key.fingerprint }
        let isSilent = failures.contains {
            $0.purpose == .tvs && [.unreachable, .timedOut].contains($0.error.code)
        }
        if isSilent, runsTVS != true { node.tvsPort = nil }
        return node
    }
}

extension NodeConfiguration {
    /// The pinned key for a purpose, written as ``FirstContact/Key/fingerprint``; nil if none is.
    public subscript(purpose: FirstContact.Key.Purpose) -> String? {
        get {
            switch purpose {
            case .ssh: sshHostKey
            case .tls: tlsPin
            case .tvs: tvsPin
            }
        }
        set {
            switch purpose {
            case .ssh: sshHostKey = newValue
            case .tls: tlsPin = newValue
            case .tvs: tvsPin = newValue
            }
        }
    }
}

import Basics
import Cluster
import Configuration
import Glibc
import Messages
import Operations

/// What the checks of a cluster need, each determined once. A check whose prerequisite is missing (a node that cannot
/// be reached, a key that is not the pinned one) leaves it to the previous check to report that.
final class ClusterContext {
    let cluster: ClusterClient

    init(_ cluster: ClusterClient) { self.cluster = cluster }

    var nodes: [NodeConfiguration] { cluster.configuration.nodes }

    /// A port of a node, and what it is for.
    struct Service: Sendable {
        let node: NodeConfiguration
        let port: UInt16
        let purpose: LocalizableText
        /// Nil if it answers.
        let failure: LocalizableText?
    }

    private(set) lazy var unresolved: [NodeConfiguration] = Concurrently.map(nodes) { node in
        PortProbe.addresses(of: node.address).isEmpty ? node : nil
    }.compactMap(\.self)

    private(set) lazy var services: [Service] = {
        let names = Set(unresolved.map(\.name))
        let wanted = nodes.filter { !names.contains($0.name) }.flatMap {
            node -> [(NodeConfiguration, UInt16, LocalizableText)] in
            [
                (node, node.sshPort, localized("command line (SSH)")),
                (node, node.httpsPort, localized("OS Administration and AXL (HTTPS)")),
            ]
                + (node.servesTFTP ? [(node, node.httpPort, localized("TFTP files over HTTP"))] : [])
                + (node.tvsPort.map { [(node, $0, .verbatim("Trust Verification Service"))] } ?? [])
        }
        return Concurrently.map(wanted) { node, port, purpose in
            Service(
                node: node, port: port, purpose: purpose,
                failure: PortProbe.failure(host: node.address, port: port))
        }
    }()

    private func answers(_ node: NodeConfiguration, _ port: UInt16?) -> Bool {
        services.contains { $0.node.name == node.name && $0.port == port && $0.failure == nil }
    }

    /// The keys that nodes present on those ports that answer.
    private(set) lazy var keys: [FirstContact] = {
        let wanted = nodes.map { node in
            var purposes: [FirstContact.Key.Purpose] = []
            if answers(node, node.sshPort) { purposes.append(.ssh) }
            if answers(node, node.httpsPort) { purposes.append(.tls) }
            if answers(node, node.tvsPort) { purposes.append(.tvs) }
            return (node, purposes)
        }
        return Concurrently.map(wanted) { FirstContact(with: $0, purposes: $1) }
    }()

    /// Whether a node presents the pinned keys.
    func isTrusted(_ node: NodeConfiguration) -> Bool {
        keys.first { $0.node.name == node.name }.map { contact in
            contact.keys.allSatisfy { $0.fingerprint == node.pin(of: $0.purpose) }
        } ?? false
    }

    /// Nil if the publisher's command line cannot be reached or is not trusted: then there is no login.
    private(set) lazy var status: Result<ClusterStatus, ClusterError>? = {
        guard let publisher = cluster.configuration.publisher, answers(publisher, publisher.sshPort),
            isTrusted(publisher)
        else { return nil }
        return Result { () throws(ClusterError) in try cluster.status(at: Int64(time(nil))) }
    }()
}

extension NodeConfiguration {
    /// The pinned key for a purpose.
    func pin(of purpose: FirstContact.Key.Purpose) -> String? {
        switch purpose {
        case .ssh: sshHostKey
        case .tls: tlsPin
        case .tvs: tvsPin
        }
    }
}

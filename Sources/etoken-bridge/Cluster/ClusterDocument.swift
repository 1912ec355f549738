import Basics
import Configuration
import Messages

/// A cluster of the configuration as JSON. It contains no password.
struct ClusterDocument: Encodable {
    struct Node: Encodable {
        let name, address: String
        let publisher, tftp: Bool
        let tlsPin, sshHostKey, tvsPin: String?
    }

    let name: String
    let version: String?
    let nodes: [Node]

    init(_ cluster: ClusterConfiguration) {
        name = cluster.name
        version = cluster.version?.description
        nodes = cluster.nodes.map {
            Node(
                name: $0.name, address: $0.address, publisher: $0.isPublisher, tftp: $0.servesTFTP, tlsPin: $0.tlsPin,
                sshHostKey: $0.sshHostKey, tvsPin: $0.tvsPin)
        }
    }

    /// A line for each node, and its keys below it: they are too long for a table.
    static func text(_ cluster: ClusterConfiguration) -> String {
        cluster.nodes.map { node in
            let role = localized(node.isPublisher ? "publisher" : "subscriber")
            let keys = [
                localized("SSH host key  \(node.sshHostKey ?? localized("not pinned").localized)").localized,
                localized("TLS key       \(node.tlsPin ?? localized("not pinned").localized)").localized,
                node.tvsPort.map { _ in
                    localized("TVS key       \(node.tvsPin ?? localized("not pinned").localized)").localized
                },
            ].compactMap(\.self)
            return (["\(node.name.visible)  \(role)  \(node.address.visible)"] + keys.map { "  " + $0 }).joined(
                separator: "\n")
        }.joined(separator: "\n")
    }
}

extension CommonOptions {
    /// The result of a command that changed what the configuration says about a cluster.
    func tell(_ cluster: ClusterConfiguration, _ text: LocalizableText) throws {
        if json { try Terminal.json(ClusterDocument(cluster)) } else { Terminal.out(text) }
    }
}

import Cluster
import Messages

/// A cluster of the configuration as JSON. It holds no password.
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

    static func table(_ cluster: ClusterConfiguration) -> String {
        var table = Table(localized("NODE"), localized("ROLE"), localized("ADDRESS"), "TLS KEY", "SSH KEY")
        for node in cluster.nodes {
            table.add(
                node.name, localized(node.isPublisher ? "publisher" : "subscriber"), node.address,
                node.tlsPin ?? localized("not pinned"),
                node.sshHostKey ?? localized("not pinned"))
        }
        return table.text
    }
}

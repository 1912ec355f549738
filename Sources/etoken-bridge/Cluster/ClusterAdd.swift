import ArgumentParser
import Cluster

struct ClusterAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a cluster to the configuration.",
        discussion: """
            A lab cluster describes itself, its keys included. For a real cluster, write its section into the \
            configuration file by hand; docs/operator-guide.md has an example.

            Example:
              etoken-bridge cluster add --lab /tmp/lab
            """)

    @Option(help: "The folder of a cluster that cluster-lab runs.", completion: .directory)
    var lab: String

    @Option(help: "The name to give it; the lab's own without it.")
    var name: String?

    @OptionGroup var common: CommonOptions

    func run() throws {
        var configuration = try LabFile.read(folder: lab)
        if let name { configuration.name = name }
        var file = try ConfigurationFile.load()
        file.set(configuration)
        try file.save()
        if common.json {
            try Terminal.json(ClusterDocument(configuration))
        } else {
            Terminal.out(
                "Cluster \(configuration.name) is in \(ConfigurationFile.defaultPath), with the keys of its nodes:")
            Terminal.out(ClusterDocument.table(configuration))
        }
    }
}

struct ClusterList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the clusters in the configuration.",
        discussion: """
            Example:
              etoken-bridge cluster list
            """)

    @OptionGroup var common: CommonOptions

    private struct List: Encodable { let clusters: [ClusterDocument] }

    func run() throws {
        let clusters = try ConfigurationFile.load().clusters
        if common.json {
            try Terminal.json(List(clusters: clusters.map(ClusterDocument.init)))
        } else if clusters.isEmpty {
            Terminal.note(
                "No cluster is in \(ConfigurationFile.defaultPath). Add one: etoken-bridge cluster add --lab DIR")
        } else {
            for cluster in clusters {
                Terminal.out("\(cluster.name)  \(cluster.version?.description ?? "version not known")")
                Terminal.out(ClusterDocument.table(cluster))
            }
        }
    }
}

/// A cluster of the configuration as JSON. It holds no password.
struct ClusterDocument: Encodable {
    struct Node: Encodable {
        let name, address: String
        let publisher: Bool
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
                name: $0.name, address: $0.address, publisher: $0.isPublisher, tlsPin: $0.tlsPin,
                sshHostKey: $0.sshHostKey, tvsPin: $0.tvsPin)
        }
    }

    static func table(_ cluster: ClusterConfiguration) -> String {
        var table = Table("NODE", "ROLE", "ADDRESS", "TLS KEY", "SSH KEY")
        for node in cluster.nodes {
            table.add(
                node.name, node.isPublisher ? "publisher" : "subscriber", node.address, node.tlsPin ?? "not pinned",
                node.sshHostKey ?? "not pinned")
        }
        return table.text
    }
}

import ArgumentParser
import Cluster
import Configuration
import Messages
import Secrets

/// Which cluster a command works on.
struct ClusterOptions: ParsableArguments {
    @Option(
        name: .customLong("cluster"),
        help: .localized(
            "The cluster's name in the configuration. Default: ETOKEN_BRIDGE_CLUSTER, the one of cluster use, or the only one.",
            valueName: "name"),
        completion: .clusterNames)
    var given: String?

    /// The name as specified, or that of the default cluster.
    ///
    /// - Throws: as ``DefaultCluster/resolve()``.
    var name: String { get throws { try given ?? DefaultCluster.resolve() } }

    func configured() throws -> ClusterClient { try configuredCluster(name) }
}

/// A cluster of the configuration file.
func configuredCluster(_ name: String) throws -> ClusterClient {
    if let client = MigrationWizard.client, client.configuration.name == name { return client }
    let file = try ConfigurationFile.load()
    guard let configuration = file.cluster(name) else {
        let known = file.clusters.map(\.name).joined(separator: ", ")
        throw Failure(
            Status.notThere,
            known.isEmpty
                ? localized("No cluster called \"\(name)\" is in \(ConfigurationFile.defaultPath).")
                : localized(
                    "No cluster called \"\(name)\" is in \(ConfigurationFile.defaultPath); there are: \(known)."),
            next: known.isEmpty
                ? localized("Add it: etoken-bridge cluster add")
                : localized("Use one of these, or add it: etoken-bridge cluster add"))
    }
    return ClusterClient(configuration, credentials: .standard)
}

extension ClusterClient {
    /// The nodes that the user specified, each once.
    func nodes(named names: [String]) throws -> [NodeConfiguration] {
        var seen: Set<String> = []
        return try names.filter { seen.insert($0).inserted }.map { name in
            guard let node = configuration.node(name) else {
                let known = configuration.nodes.map(\.name).joined(separator: ", ")
                throw Failure(
                    Status.notThere,
                    localized("Cluster \(configuration.name) has no node called \"\(name)\"; there are: \(known)."),
                    next: localized(
                        "Correct --node. If the node is new, remove the cluster and add it again: etoken-bridge cluster remove \(word: configuration.name)"
                    ))
            }
            return node
        }
    }
}

/// The question before a change.
struct ConfirmationOptions: ParsableArguments {
    @Flag(help: .localized("Do not ask before the change."))
    var yes = false

    /// Asks on the terminal.
    ///
    /// - Parameter question: `Replace CTLFile.tlv on every node of cluster lab?`
    func ask(_ question: LocalizableText) throws {
        if yes { return }
        guard Terminal.isInteractive else {
            throw Failure(
                Status.usage, localized("There is no terminal to ask on: \(question)"),
                next: localized("Add --yes to confirm."))
        }
        guard Terminal.confirm(question) else { throw Failure.notConfirmed() }
    }
}

/// What is accepted without proof.
struct EvidenceOptions: ParsableArguments {
    @Flag(
        help: .localized(
            "Continue with what TFTP and HTTP say if a node cannot state on its command line what it has. Never accepts a contradiction between the two."
        ))
    var acceptUnproven = false
}

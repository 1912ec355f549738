import ArgumentParser
import Cluster
import Configuration
import Messages
import Migration

struct ClusterRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: localized("Remove a cluster from the configuration."),
        discussion: localized(
            """
            The cluster itself is not touched. Journals and kept files of its changes stay in the state folder. One with \
            an unfinished change is not removed.

            Example:
              etoken-bridge cluster remove office
            """))

    @Argument(help: .localized("The cluster's name in the configuration."), completion: .clusterNames)
    var name: String

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let cluster = try configuredCluster(name)
        try Change.checkUnfinished(name, .standard())
        try confirmation.ask(
            localized(
                "Remove cluster \(name) (\(cluster.configuration.nodes.map(\.name).list)) and its pinned keys from the configuration?"
            ))
        var file = try ConfigurationFile.load()
        file.remove(name)
        try file.save()
        try common.tell(
            cluster.configuration, localized("Cluster \(name) is no longer in \(ConfigurationFile.defaultPath)."))
    }
}

struct ClusterRename: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: localized("Rename a cluster in the configuration."),
        discussion: localized(
            """
            Only as long as no change of the cluster is in the state folder: journals, and with them the phones that \
            were left behind, are found by the cluster's name.

            Example:
              etoken-bridge cluster rename office headquarters
            """))

    @Argument(help: .localized("The cluster's name in the configuration."), completion: .clusterNames)
    var name: String

    @Argument(help: .localized("The new name."))
    var newName: String

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard ClusterConfiguration.isName(newName) else {
            throw ValidationError(
                localized("\(newName): a cluster name may contain only letters, digits, '-', '_' and '.'."))
        }
    }

    func run() throws {
        var cluster = try configuredCluster(name).configuration
        var file = try ConfigurationFile.load()
        guard file.cluster(newName) == nil else {
            throw Failure(
                Status.failed,
                localized("A cluster called \"\(newName)\" is in \(ConfigurationFile.defaultPath) already."),
                next: localized("Choose another name."))
        }
        let state = try StateFolder.standard()
        let count = try state.changes(of: name).count + state.changes(of: newName).count
        guard count == 0 else {
            throw Failure(
                Status.failed,
                localized(
                    count, one: "1 change is remembered by the cluster's name, and would no longer be found.",
                    other: "\(count) changes are remembered by the cluster's name, and would no longer be found."),
                next: localized("Keep the name; see them: etoken-bridge migrate status --cluster \(word: name)"))
        }
        let isDefault = file.defaultCluster == name
        file.remove(name)
        cluster.name = newName
        file.set(cluster)
        if isDefault { file.defaultCluster = newName }
        try file.save()
        try common.tell(cluster, localized("Cluster \(name) is called \(newName) now."))
    }
}

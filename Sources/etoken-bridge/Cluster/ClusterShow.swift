import ArgumentParser
import Cluster
import Configuration
import Messages

struct ClusterShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: localized("Show what the configuration says of a cluster; nothing is asked."),
        discussion: localized(
            """
            Example:
              etoken-bridge cluster show --cluster office
            """))

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let cluster = try cluster.configured().configuration
        guard !common.json else { return try Terminal.json(ClusterDocument(cluster)) }
        var table = Table(localized("SETTING"), localized("VALUE"))
        for setting in cluster.settings { table.add(setting.name, setting.value) }
        Terminal.out(table.text)
    }
}

struct ClusterUse: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "use", abstract: localized("Choose the cluster of commands that name none."),
        discussion: localized(
            """
            It is kept in the configuration. The variable ETOKEN_BRIDGE_CLUSTER and the option --cluster come before it. \
            Commands say on stderr which cluster they use if the command line did not.

            Example:
              etoken-bridge cluster use office
            """))

    @Argument(help: .localized("The cluster's name in the configuration."), completion: .clusterNames)
    var name: String

    @OptionGroup var common: CommonOptions

    func run() throws {
        let cluster = try configuredCluster(name).configuration
        var file = try ConfigurationFile.load()
        file.defaultCluster = name
        try file.save()
        try common.tell(cluster, localized("Commands that name no cluster use \(name) from now on."))
    }
}

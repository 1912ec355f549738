import ArgumentParser
import Configuration
import Messages

struct ClusterList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: localized("List the clusters in the configuration."),
        discussion: localized(
            """
            Example:
              etoken-bridge cluster list
            """))

    @OptionGroup var common: CommonOptions

    private struct List: Encodable { let clusters: [ClusterDocument] }

    func run() throws {
        let clusters = try ConfigurationFile.load().clusters
        if common.json {
            try Terminal.json(List(clusters: clusters.map(ClusterDocument.init)))
        } else if clusters.isEmpty {
            Terminal.note(
                localized(
                    "No cluster is in \(ConfigurationFile.defaultPath). Add one: etoken-bridge cluster add"
                )
            )
        } else {
            for cluster in clusters {
                Terminal.out(
                    "\(cluster.name)  \(cluster.version?.description ?? localized("version not known").localized)")
                Terminal.out(ClusterDocument.text(cluster))
            }
        }
    }
}

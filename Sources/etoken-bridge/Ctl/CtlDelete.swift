import ArgumentParser
import Cluster
import Messages

struct CtlDelete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: localized("Delete the CTL file on every node that serves phones."),
        discussion: localized(
            """
            What every node serves is kept in the state folder first. When a node fails, the others get it back, byte for \
            byte, unless --keep-partial is given. Phones keep the CTL file that they hold; only new ones come up without \
            one.

            Example:
              etoken-bridge ctl delete --cluster office --dry-run
              etoken-bridge ctl delete --cluster office
            """))

    @OptionGroup var cluster: ClusterOptions

    @Flag(help: .localized("When a node fails, leave the file deleted on the others (exit status 8)."))
    var keepPartial = false

    @Flag(help: .localized("Restart Cisco Tftp on a node that goes on serving the file."))
    var restartTftp = false

    @Flag(help: .localized("Only say what every node serves now and what would be deleted; nothing is changed."))
    var dryRun = false

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let hosts = try cluster.configured().trustListHosts
        if dryRun {
            try TrustListDistribution(hosts).rehearse(nil).deployment.report(localized("deleted"), json: common.json)
            return
        }
        try confirmation.ask(
            hosts.count == 1
                ? localized("Delete CTLFile.tlv on the node of cluster \(cluster.cluster)?")
                : localized("Delete CTLFile.tlv on \(hosts.count) nodes of cluster \(cluster.cluster)?"))
        let deployment = try TrustListDistribution(hosts).replace(
            with: nil, policy: keepPartial ? .keep : .undo, restartsTFTP: restartTftp, hooks: .standard())
        try deployment.report(localized("deleted"), json: common.json)
    }
}

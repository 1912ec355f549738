import ArgumentParser
import Cluster
import Configuration
import Messages
import Migration
import Operations

struct CtlDelete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: localized("Delete the CTL file on every node that serves phones."),
        discussion: localized(
            """
            What every node serves is compared with what it says itself (show ctl over SSH), and saved in the state folder \
            first. If a node fails, the others get it back, byte \
            for byte, unless --keep-partial is given. Phones keep the CTL file that they hold; only new phones come up \
            without one. A cluster in mixed mode needs its CTL file, so it is not deleted.

            Example:
              etoken-bridge ctl delete --cluster office --dry-run
              etoken-bridge ctl delete --cluster office
            """))

    @OptionGroup var cluster: ClusterOptions

    @Flag(help: .localized("If a node fails, leave the file deleted on the others (exit status 8)."))
    var keepPartial = false

    @Flag(help: .localized("Restart Cisco Tftp on a node that keeps serving the file."))
    var restartTftp = false

    @Flag(help: .localized("Delete it although the cluster is in mixed mode, or the mode cannot be read."))
    var anyMode = false

    @Flag(help: .localized("Only show what every node serves now and what would be deleted; nothing is changed."))
    var dryRun = false

    @OptionGroup var evidence: EvidenceOptions
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let configured = try cluster.configured()
        let name = configured.configuration.name
        defer { configured.close() }
        let hosts = try configured.trustListHosts
        if dryRun {
            try ClusterTrustLists(hosts).rehearse(nil).deployment.report(json: common.json)
            return
        }
        if !anyMode { try checkMode(of: configured) }
        let lock = try ClusterLock.forCommand(name)
        let deployment = try ClusterTrustLists(hosts, of: name).delete(
            policy: keepPartial ? .keep : .undo, restartsTFTP: restartTftp,
            acceptingUnproven: evidence.acceptUnproven,
            hooks: .standard { _ in
                try confirmation.ask(
                    localized(
                        hosts.count, one: "Delete CTLFile.tlv on the node of cluster \(name)?",
                        other: "Delete CTLFile.tlv on \(hosts.count) nodes of cluster \(name)?"))
            })
        try deployment.report(json: common.json)
        withExtendedLifetime(lock) {}
    }

    /// Source: technote 118893: the file is only deleted if the cluster is not in mixed mode.
    private func checkMode(of configured: ClusterClient) throws {
        let publisher = try configured.publisher()
        guard try configured.commandLine(of: publisher).securityMode() == .mixed else { return }
        throw Failure(
            Status.failed,
            localized(
                "Cluster \(configured.configuration.name) is in mixed mode and needs its CTL file: without it, new phones come up unsecured, and CUCM reports the cluster as inconsistent. Nothing was deleted."
            ),
            code: "mixed-mode",
            next: localized(
                "Set the mode first: etoken-bridge cluster set-mode non-secure --cluster \(word: configured.configuration.name); or add --any-mode."
            ))
    }
}

import ArgumentParser
import Cluster
import Configuration
import Messages
import Migration

struct MigratePrepareUpgrade: GuidedCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare-upgrade",
        abstract: localized("Check whether the trust lists are ready for an upgrade, and write a checklist."),
        discussion: localized(
            """
            Upgrades leave some things out: newer releases drop expired trust certificates, some regenerate a certificate \
            that the CTL file names, and from 14 SU3 on no tokens are supported. Checks the nodes, the file on every node, \
            whether its signers and servers are those of now, the trust stores, the keys and the phones; reports what is \
            proven, what failed, and what is left to do by hand. Changes nothing.

            Exit status 5: something failed. Exit status 9: nothing else did, but phones would be stranded.

            Example:
              etoken-bridge migrate prepare-upgrade --cluster office --to 14.0.1.13900 \\
                --report checklist.html
            """))

    @OptionGroup var cluster: ClusterOptions

    @Option(help: .localized("The release to upgrade to, for example 14 or 12.5.1.16900-48.", valueName: "release"))
    var to: String?

    @OptionGroup var checklist: ChecklistOptions
    @OptionGroup var common: CommonOptions

    func validate() throws { try requireArgument(to != nil, "--to <to>") }

    var missing: [Procedure.Need] { to == nil ? Procedure.prepareUpgrade.needs : [] }
    var clusterOptions: ClusterOptions? { cluster }

    func run() throws {
        guard let to else { preconditionFailure("asked for, or refused by validate()") }
        try checklist.run(for: to, example: "14.0.1.13900-155", on: cluster, isJSON: common.json) {
            world, target, unproven in
            Terminal.note(localized("Reading cluster \(world.name) ..."))
            return try UpgradeCheck(
                of: world, target: target, state: .standard(), acceptingUnproven: unproven
            ).list
        }
    }
}

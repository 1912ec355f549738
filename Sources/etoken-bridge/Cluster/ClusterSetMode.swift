import ArgumentParser
import Cluster
import Messages
import Migration

struct ClusterSetMode: GuidedCommand {
    enum Mode: String, ExpressibleByArgument, CaseIterable {
        case mixed
        case nonSecure = "non-secure"

        var kind: ChangeKind { self == .mixed ? .setMixedMode : .setNonSecureMode }
    }

    static let configuration = CommandConfiguration(
        commandName: "set-mode",
        abstract: localized("Set the cluster to mixed or to non-secure mode (CUCM 10.0 and later)."),
        discussion: localized(
            """
            Runs utils ctl set-cluster on the publisher, which creates a CTL file that the cluster signs itself. With \
            --token, hardware tokens sign the file for the new mode right afterwards. What phones will do is forecast \
            first, services and phones are restarted, and everything is journaled: migrate status, resume and rollback \
            work for it, too.

            Exit status 9: phones would refuse the new file, and nothing was changed.

            Example:
              etoken-bridge cluster set-mode mixed --cluster office --dry-run
            """))

    @Argument(help: .localized("mixed or non-secure."))
    var mode: Mode?

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var options: ChangeOptions
    @OptionGroup var tokens: ChangeTokens

    func validate() throws { try requireArgument(mode != nil, "<mode>") }

    var missing: [Procedure.Need] {
        (mode == nil ? [.mode] : []) + (tokens.isEmpty ? Procedure.setMixedMode.needs : [])
    }
    var clusterOptions: ClusterOptions? { cluster }
    var moduleOptions: ModuleOptions? { tokens.module }
    var isConfirmed: Bool { options.run.yes }

    func run() throws {
        guard let mode else { preconditionFailure("asked for, or refused by validate()") }
        let cluster = try cluster.configured()
        defer { cluster.close() }
        try ChangeSession(cluster: cluster, options: options.run, module: tokens.module, pin: tokens.pin)
            .start(mode.kind, options, tokens: tokens)
    }
}

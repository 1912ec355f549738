import ArgumentParser
import Cluster
import Messages
import Migration

struct MigrateUpdateCertificates: GuidedCommand {
    static let configuration = CommandConfiguration(
        commandName: "update-certificates",
        abstract: localized("Put the servers' current certificates into the trust list after one was regenerated."),
        discussion: localized(
            """
            Compares the CallManager and CAPF certificates in the CTL file with those that the nodes have now. If one \
            differs, the file is regenerated and signed by the same party as before: by the cluster (utils ctl update \
            CTLFile), or by a token, which must then be specified with --token.

            Example:
              etoken-bridge migrate update-certificates --cluster lab --dry-run
            """))

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var options: ChangeOptions
    @OptionGroup var tokens: ChangeTokens

    func run() throws {
        let cluster = try cluster.configured()
        defer { cluster.close() }
        try ChangeSession(cluster: cluster, options: options.run, module: tokens.module, pin: tokens.pin)
            .start(.updateCertificates, options, tokens: tokens)
    }

    var missing: [Procedure.Need] { tokens.isEmpty ? Procedure.updateCertificates.needs : [] }
    var clusterOptions: ClusterOptions? { cluster }
    var moduleOptions: ModuleOptions? { tokens.module }
    var isConfirmed: Bool { options.run.yes }
}

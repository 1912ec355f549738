import ArgumentParser
import Cluster
import Messages
import Migration

struct MigrateToTokenless: GuidedCommand {
    static let configuration = CommandConfiguration(
        commandName: "to-tokenless",
        abstract: localized("Have the cluster sign its trust list itself (CUCM 10.0 and later)."),
        discussion: localized(
            """
            Backs up the CTL file, asks TVS for the cluster's own certificate as a phone would, forecasts what each \
            phone will do, runs utils ctl update CTLFile on the publisher, proves that every node serves the same file \
            and that the cluster's certificate signs it, restarts services and phones, and checks what each phone \
            holds. If a step fails before that proof, every node gets back the file that it had.

            If the current file, signed by a token, does not name the cluster's own signer, phones that cannot ask TVS would \
            be left behind. With --token, a token of the current file signs one that does first, and phones take that.

            Exit status 9: phones would refuse the new file, and nothing was changed.

            Example:
              etoken-bridge migrate to-tokenless --cluster lab --dry-run
            """))

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var options: ChangeOptions
    @OptionGroup var tokens: ChangeTokens

    func run() throws {
        let cluster = try cluster.configured()
        defer { cluster.close() }
        try ChangeSession(cluster: cluster, options: options.run, module: tokens.module, pin: tokens.pin)
            .start(.toTokenless, options, tokens: tokens)
    }

    var missing: [Procedure.Need] { tokens.isEmpty ? Procedure.toTokenless.needs : [] }
    var clusterOptions: ClusterOptions? { cluster }
    var moduleOptions: ModuleOptions? { tokens.module }
    var isConfirmed: Bool { options.run.yes }
}

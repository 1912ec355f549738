import Tokens
import ArgumentParser
import Cluster
import Messages
import Migration

struct MigrateToEtoken: GuidedCommand {
    static let configuration = CommandConfiguration(
        commandName: "to-etoken",
        abstract: localized("Have hardware eTokens sign the trust list of a tokenless cluster again."),
        discussion: localized(
            """
            Backs up the CTL file, uploads the tokens' certificates as Phone-SAST-trust, asks TVS for them as a phone \
            would, forecasts what each phone will do, signs the new file, deploys it to every node, reads it back, \
            restarts services and phones, and checks what each phone holds. If a step fails before the new file is \
            proven on every node, what was done is undone. On a terminal, missing options are prompted for.

            From 12.0 on, where phones would be left behind, the tokens are introduced first: the cluster creates a file that \
            names them (utils ctl update CTLFile), and phones take that before the new one (--introduce).

            Exit status 9: phones would refuse the new file, and nothing that they can see was changed.

            Example:
              etoken-bridge migrate to-etoken --cluster lab --dry-run \\
                --token SAST-ADN0054f509 --token SAST-ADN008580ef
            """))

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var options: ChangeOptions
    @OptionGroup var tokens: ChangeTokens

    func run() throws {
        guard !tokens.token.isEmpty else {
            throw Failure(
                Status.usage, localized("There is no terminal to prompt on."),
                next: localized("Specify \("--token LABEL --token LABEL"); see --help."))
        }
        let cluster = try cluster.configured()
        defer { cluster.close() }
        try ChangeSession(cluster: cluster, options: options.run, module: tokens.module, pin: tokens.pin)
            .start(.toEtoken, options, tokens: tokens)
    }

    var missing: [Procedure.Need] { tokens.token.isEmpty ? Procedure.toEtoken.needs : [] }
    var clusterOptions: ClusterOptions? { cluster }
    var moduleOptions: ModuleOptions? { tokens.module }
    var isConfirmed: Bool { options.run.yes }
}

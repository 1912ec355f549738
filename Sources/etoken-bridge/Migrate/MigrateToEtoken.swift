import Tokens
import ArgumentParser
import Cluster
import Messages
import Migration

struct MigrateToEtoken: ParsableCommand {
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

    @Option(help: .localized("The cluster's name in the configuration.", valueName: "name"))
    var cluster: String?

    @OptionGroup var options: ChangeOptions
    @OptionGroup var tokens: ChangeTokens

    func run() throws {
        let name = try cluster ?? MigrationWizard.cluster()
        let cluster = try configuredCluster(name)
        defer { cluster.close() }
        let session = try ChangeSession(cluster: cluster, options: options.run, module: tokens.module, pin: tokens.pin)
        if tokens.isEmpty {
            try MigrationWizard.show(cluster)
            let chosen = try MigrationWizard.tokens(tokens.module)
            return try session.start(
                .toEtoken, options, tokens: chosen, names: chosen.map { $0.token.info.serialNumber },
                signer: chosen.count - 1, testsTokens: tokens.test.testTokens)
        }
        try session.start(.toEtoken, options, tokens: tokens)
    }
}

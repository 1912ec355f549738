import Tokens
import ArgumentParser
import Cluster
import Configuration
import Messages
import Migration

struct MigratePrepareDowngrade: GuidedCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare-downgrade",
        abstract: localized("Check whether the cluster can go back to a release below 10, and write a checklist."),
        discussion: localized(
            """
            Such a release has no utils ctl: only hardware tokens can change its trust list. Checks the mode, the file \
            on every node, who signed it, the tokens in it, Phone-SAST-trust, TVS, the servers' certificates and the \
            phones; reports what is proven, what failed, and what is left to do by hand. Changes nothing.

            Exit status 5: something failed. Exit status 9: nothing else did, but phones would be stranded.

            Example:
              etoken-bridge migrate prepare-downgrade --cluster office --to 9.1 \\
                --report checklist.html
            """))

    @OptionGroup var cluster: ClusterOptions

    @Option(help: .localized("The release to go back to, for example 9.1 or 9.1.2.", valueName: "release"))
    var to: String?

    @Option(
        help: .localized("An available token, to be compared with those in the file. May be repeated.")
    )
    var token: [String] = []

    @OptionGroup var checklist: ChecklistOptions
    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    func validate() throws { try requireArgument(to != nil, "--to <to>") }

    var missing: [Procedure.Need] {
        to == nil ? Procedure.prepareDowngrade.needs.filter { $0.isRequired || token.isEmpty } : []
    }
    var clusterOptions: ClusterOptions? { cluster }
    var moduleOptions: ModuleOptions? { module }

    func run() throws {
        guard let to else { preconditionFailure("asked for, or refused by validate()") }
        try checklist.run(for: to, example: "9.1.2.10000-28", on: cluster, isJSON: common.json) {
            world, target, unproven in
            let tokens = try NamedToken.all(token, module).map {
                ChangePlan.Token(label: $0.label, certificate: $0.stored.certificate)
            }
            Terminal.note(localized("Reading cluster \(world.name) ..."))
            return try DowngradeCheck(
                of: world, target: target, tokens: tokens, state: .standard(), acceptingUnproven: unproven
            ).list
        }
    }
}

import ArgumentParser
import Cluster
import Messages
import Migration

struct MigrateRun: GuidedCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: localized("Run a plan that was saved with --plan."),
        discussion: localized(
            """
            The cluster is read again first. If it has changed since the plan was made, nothing is done: version, \
            security mode, the files of every node and the trust store are compared. The plan's certificates are \
            compared with those of the inserted tokens; one that no inserted token shows is asked about, or has to be \
            accepted with --accept-absent-token.

            Example:
              etoken-bridge migrate to-tokenless --cluster lab --plan saturday.plan
              etoken-bridge migrate run saturday.plan
            """))

    @Argument(help: .localized("The plan."), completion: .file())
    var file: String?

    @OptionGroup var options: RunOptions
    @OptionGroup var acceptance: PlanAcceptance
    @OptionGroup var test: TokenTestOption
    @OptionGroup var module: ModuleOptions
    @OptionGroup var pin: PINOptions

    func validate() throws { try requireArgument(file != nil, "<file>") }

    var missing: [Procedure.Need] { file == nil ? Procedure.run.needs : [] }
    var clusterOptions: ClusterOptions? { nil }
    var isConfirmed: Bool { options.yes }

    func run() throws {
        guard let file else { preconditionFailure("asked for, or refused by validate()") }
        let plan = try ChangePlan.read(file)
        let cluster = try configuredCluster(plan.cluster)
        defer { cluster.close() }
        try ChangeSession(cluster: cluster, options: options, module: module, pin: pin).start(
            plan, acceptance, testsTokens: test.testTokens)
    }
}

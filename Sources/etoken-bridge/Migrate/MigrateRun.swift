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

            With --signature the token is not needed: it has signed the plan on another machine (migrate sign). The \
            answer has to be one to this very file, and the file that would be built now the one that was signed. \
            Exit status 5: it is not, or its signature does not verify; nothing was changed.

            Example:
              etoken-bridge migrate to-tokenless --cluster lab --plan saturday.plan
              etoken-bridge migrate run saturday.plan
            """))

    @Argument(help: .localized("The plan."), completion: .file())
    var file: String?

    @Option(
        help: .localized(
            "The answer that migrate sign wrote on the machine with the token; - for one that is typed, pasted or scanned in.",
            valueName: "answer"),
        completion: .file())
    var signature: String?

    @OptionGroup var options: RunOptions
    @OptionGroup var acceptance: PlanAcceptance
    @OptionGroup var test: TokenTestOption
    @OptionGroup var module: ModuleOptions
    @OptionGroup var pin: PINOptions

    func validate() throws {
        try requireArgument(file != nil, "<file>")
        guard signature == nil || !test.testTokens else {
            throw ValidationError(
                localized("--test-tokens is for tokens that are here; with --signature none is needed."))
        }
    }

    var missing: [Procedure.Need] { file == nil ? Procedure.run.needs : [] }
    var clusterOptions: ClusterOptions? { nil }
    var isConfirmed: Bool { options.yes }

    func run() throws {
        guard let file else { preconditionFailure("asked for, or refused by validate()") }
        let saved = try SavedPlan(reading: file)
        let plan = saved.plan
        let answer = try signature.map { try AnswerFile.verified($0, to: saved.request()) }
        let cluster = try configuredCluster(plan.cluster)
        defer { cluster.close() }
        try ChangeSession(cluster: cluster, options: options, module: module, pin: pin).start(
            plan, acceptance, signed: answer, testsTokens: test.testTokens)
    }
}

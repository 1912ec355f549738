import ArgumentParser
import Certificates
import Cluster
import Glibc
import Migration
import Tokens

struct MigrateToEtoken: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "to-etoken",
        abstract: "Have hardware eTokens sign the trust list of a tokenless cluster again.",
        discussion: """
            Backs up the CTL file, uploads the tokens' certificates as Phone-SAST-trust, asks TVS for them as a phone \
            would, forecasts what each phone will do, signs the new file, puts it on every node, reads it back, restarts \
            services and phones, and checks what each phone holds. When a step fails before the new file is proven on \
            every node, what was done is undone.

            Exit status 9: phones would refuse the new file, and nothing that they can see was changed.

            Example:
              etoken-bridge migrate to-etoken --cluster lab --dry-run \\
                --token SAST-ADN0054f509 --token SAST-ADN008580ef
            """)

    @Option(help: "The cluster's name in the configuration.")
    var cluster: String

    @Option(help: "A token that will stand in the file: label, serial number or PKCS#11 URI. Give it twice or more.")
    var token: [String] = []

    @Option(help: "Which of the tokens signs, as named with --token; the last one without it.")
    var signer: String?

    @Flag(help: "Stop before the first change, and print the plan.")
    var dryRun = false

    @Flag(help: "Go on although phones are forecast to refuse the new file: somebody will visit them.")
    var acceptStranded = false

    @Flag(help: "Do not ask before the first change.")
    var yes = false

    @Option(name: .customLong("out"), help: "Where certificates and files are left.", completion: .directory)
    var output: String?

    @Option(help: "How long phones may take to restart, in seconds.")
    var phoneTimeout = 300

    @OptionGroup var module: ModuleOptions
    @OptionGroup var pin: PINOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let signer, !token.contains(signer) {
            throw ValidationError("--signer \(signer) is not one of the tokens named with --token.")
        }
        if token.isEmpty { throw ValidationError("Name the tokens: --token LABEL --token LABEL.") }
        if phoneTimeout < 0 { throw ValidationError("--phone-timeout cannot be negative.") }
    }

    func run() throws {
        let cluster = try configuredCluster(cluster)
        defer { cluster.close() }
        let tokens = try NamedToken.all(token, module)
        let signerIndex = signer.flatMap(token.firstIndex) ?? tokens.count - 1
        let now = UInt32(clamping: time(nil))
        let state = StateFolder.standard()
        let options = ToEtoken<LiveCluster>.Options(
            tokens: tokens.map { MigrationToken(label: $0.label, certificate: $0.stored.certificate) },
            signer: signerIndex, acceptsStranded: acceptStranded,
            output: output ?? "\(state.path)/changes/\(self.cluster)-\(isoTime(Int64(now)))",
            state: state, timestamp: now, phoneRestartTimeout: phoneTimeout)

        Terminal.note("Reading cluster \(self.cluster) ...")
        var signerSession: TokenSigner?
        let plan = try ToEtoken(try LiveCluster(cluster), options: options) {
            guard let signerSession else { preconditionFailure("the token is logged in to before the first step") }
            return signerSession
        }
        var report = MigrationReport(plan: plan, cluster: self.cluster, options: options)

        if plan.isAlreadySo {
            report.state = .alreadySo
            try print(report)
            return
        }
        if dryRun {
            report.steps = try plan.steps.map { try MigrationReport.PlannedStep(checking: $0) }
            report.state = .planned
            try print(report)
            try plan.checkForecast()
            return
        }
        try plan.checkForecast()
        try confirm(report)
        // Before the first change: a wrong PIN must leave everything as it is.
        signerSession = try tokens[signerIndex].insertedAgain(token[signerIndex], module).signer(pin)

        Interruption.watch()
        let progress = ProgressPrinter()
        try StepRunner(
            plan.steps, commitStep: ToEtoken<LiveCluster>.commitStep, isInterrupted: { Interruption.hasCome },
            observe: progress.show
        ).run()
        report.update(from: plan)
        report.state = .changed
        try print(report)
    }

    private func confirm(_ report: MigrationReport) throws {
        if yes { return }
        guard Terminal.isInteractive else {
            throw Failure(
                Status.usage, "There is no terminal to ask on before the first change.",
                next: "Look at the plan with --dry-run, then give --yes.")
        }
        Terminal.note(report.text)
        Terminal.write("Change cluster \(cluster) now? Type yes: ", to: STDERR_FILENO)
        guard readLine()?.trimmed == "yes" else {
            throw Failure(Status.failed, "Not confirmed; nothing was changed.")
        }
    }

    private func print(_ report: MigrationReport) throws {
        if common.json { try Terminal.json(report) } else { Terminal.out(report.text) }
    }
}

/// Says on stderr what each step does.
final class ProgressPrinter {
    func show(_ event: StepEvent) {
        switch event {
        case .began(let number, let count, let title): Terminal.note("[\(number)/\(count)] \(title)")
        case .skipped(let found): Terminal.note("       already so: \(found)")
        case .doing(let plan): Terminal.note("       \(plan)")
        case .proved(let sentences): for sentence in sentences { Terminal.note("       proof: \(sentence)") }
        case .undoing(let title): Terminal.note("  undo: \(title)")
        case .undone(let sentences): for sentence in sentences { Terminal.note("       \(sentence)") }
        }
    }
}

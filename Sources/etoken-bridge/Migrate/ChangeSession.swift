import Basics
import Cluster
import Glibc
import Messages
import Migration
import Tokens

/// One run of a change on the terminal: plan, question, PIN, steps, record.
struct ChangeSession {
    let cluster: ClusterClient
    let options: RunOptions
    let module: ModuleOptions
    let pin: PINOptions
    let state = StateFolder.standard()

    /// Plans a change and runs it, or stops at the plan.
    func start(_ kind: ChangeKind, _ change: ChangeOptions, tokens: ChangeTokens) throws {
        let named = try NamedToken.all(tokens.token, module)
        try start(kind, change, tokens: named, names: tokens.token, signer: tokens.signerIndex)
    }

    /// - Parameter names: by which the tokens are found again, in the same order.
    func start(
        _ kind: ChangeKind, _ wanted: ChangeOptions, tokens: [NamedToken] = [], names: [String] = [], signer: Int? = nil
    ) throws {
        let now = UInt32(clamping: time(nil))
        let name = cluster.configuration.name
        let id = Change.id(of: name, now)
        try options.reporting.check(id)
        if let plan = wanted.plan, Files.exists(plan) { throw Failure(overwriting: plan) }
        let lock = options.dryRun || wanted.plan != nil ? nil : try ClusterLock(name, in: state)
        Terminal.note(localized("Reading cluster \(name) ..."))
        let change = try Change(
            kind, of: try LiveCluster(cluster),
            tokens: tokens.map { ChangePlan.Token(label: $0.label, certificate: $0.stored.certificate) },
            signer: signer, settings: wanted.settings(change: id, state: state), state: state, now: now)
        try run(change, plan: wanted.plan) {
            guard let signer else { preconditionFailure("only a change with tokens signs by one") }
            return try tokens[signer].insertedAgain(names[signer], module)
        }
        withExtendedLifetime(lock) {}
    }

    /// Runs a plan that was saved.
    func start(_ plan: ChangePlan) throws {
        try options.reporting.check(plan.id)
        let lock = options.dryRun ? nil : try ClusterLock(plan.cluster, in: state)
        Terminal.note(localized("Reading cluster \(plan.cluster), and comparing it with the plan ..."))
        var plan = plan
        plan.settings.acceptsStranded = plan.settings.acceptsStranded || options.acceptStranded
        let change = try Change(running: plan, of: try LiveCluster(cluster), state: state)
        try run(change) { try signingToken(of: plan) }
        withExtendedLifetime(lock) {}
    }

    private func run(_ change: Change, plan: String? = nil, token: () throws -> NamedToken) throws {
        var record = try ChangeRecord(change)
        if change.isAlreadySo { return try options.reporting.publish(record) }
        if options.dryRun || plan != nil {
            try record.check(change)
            try options.reporting.publish(record)
            if let plan {
                try change.plan.write(to: plan)
                Terminal.note(localized("The plan is in \(plan). Run it: etoken-bridge migrate run \(plan)"))
            }
            if !options.despiteFindings { try change.checkFindings() }
            return try change.checkForecast(savedAs: plan)
        }
        try check(change, record)
        if !options.yes {
            try record.check(change)
            try confirm(record)
        }
        // Before the first change: a wrong PIN must leave everything as it is.
        let signer = change.needsToken ? try token().signer(pin) : nil
        change.makeSigner = signer.map { signer in { signer } }
        try begin(change, .run, localized("Change \(change.plan.id) begins.").localized)
        try finish(change)
    }

    /// Goes on with a change that was begun.
    func resume(_ journal: Journal) throws {
        let change = try takeUp(journal)
        let signer = change.needsToken ? try signingToken(of: change.plan).signer(pin) : nil
        change.makeSigner = signer.map { signer in { signer } }
        try begin(change, .resume, localized("Change \(change.plan.id) goes on.").localized)
        try finish(change)
    }

    /// Puts everything back, or stops before the first change and shows what would be.
    func rollBack(_ journal: Journal) throws {
        let change = try takeUp(journal)
        let forecast = change.forecastOfRollback()
        if options.dryRun {
            var record = try ChangeRecord(change)
            record.rollback = try change.planRollback(forecast)
            try options.reporting.publish(record)
        }
        try Change.checkRollback(forecast, acceptingStranded: options.acceptStranded)
        if options.dryRun { return }
        var confirmation = try ConfirmationOptions.standard
        confirmation.yes = options.yes
        try confirmation.ask(
            localized("Put cluster \(change.plan.cluster) back to what it was before \(change.plan.id)?"))
        try begin(change, .rollback, localized("Change \(change.plan.id) is rolled back.").localized)
        try report(change) { try $0.rollBack() }
    }

    /// A change that was begun, on a cluster that nobody else has changed since.
    private func takeUp(_ journal: Journal) throws -> Change {
        try options.reporting.check(journal.plan.id)
        Terminal.note(localized("Reading cluster \(journal.plan.cluster) ..."))
        let change = try Change(continuing: journal, of: try LiveCluster(cluster), state: state)
        try change.checkWorld()
        return change
    }

    /// From here on a signal, or a terminal that goes away, ends nothing by halves.
    private func begin(_ change: Change, _ purpose: JournalRecord.Run.Purpose, _ text: String) throws {
        Interruption.watch()
        try change.begin(.now(purpose))
        Terminal.note(text)
    }

    private func finish(_ change: Change) throws {
        try report(change) { try $0.run() }
    }

    /// The record is written also where the change fails: then it is needed most.
    private func report(_ change: Change, _ body: (ChangeRunner) throws -> Void) throws {
        change.isInterrupted = { Interruption.hasCome }
        change.progress = { Terminal.note("       \($0)") }
        do { try body(ChangeRunner(change, observe: ProgressPrinter().show)) } catch {
            if options.reporting.report != nil || options.reporting.common.json {
                try? options.reporting.publish(ChangeRecord(change))
            }
            throw error
        }
        try options.reporting.publish(ChangeRecord(change))
    }

    /// The token that a plan wants to sign, by its label; it must hold the certificate of the plan.
    private func signingToken(of plan: ChangePlan) throws -> NamedToken {
        guard let signer = plan.signer.map({ plan.tokens[$0] }) else { preconditionFailure("a token signs") }
        let token = try NamedToken.all([signer.label], module)[0]
        guard try token.stored.certificate == signer.certificate() else {
            throw Failure(
                Status.failed, localized("Token \(token.label) holds another certificate than the plan names."),
                next: localized("Insert the token that was there when the plan was made, or make the plan again."))
        }
        return token
    }

    /// Errors of the cluster, and phones that would refuse: shown with what is planned, and not only refused.
    private func check(_ change: Change, _ record: ChangeRecord) throws {
        let asks = !options.yes && Terminal.isInteractive
        do {
            // Whoever is asked has them before the eyes.
            if !options.despiteFindings, !asks { try change.checkFindings() }
            try change.checkForecast()
        } catch {
            if !options.reporting.common.json { Terminal.note(record.text) }
            throw error
        }
    }

    private func confirm(_ record: ChangeRecord) throws {
        guard Terminal.isInteractive else {
            throw Failure(
                Status.usage, localized("There is no terminal to ask on before the first change."),
                next: localized("Look at the plan with --dry-run, then give --yes."))
        }
        Terminal.note(record.text)
        let hasErrors = record.findings.contains { $0.severity == .error }
        let question =
            hasErrors
            ? localized("Change cluster \(record.cluster) now, in spite of these errors?")
            : localized("Change cluster \(record.cluster) now?")
        guard Terminal.confirm(question) else {
            throw Failure(Status.failed, localized("Not confirmed; nothing was changed."))
        }
    }
}

/// Says on stderr what each step does.
final class ProgressPrinter {
    func show(_ event: StepEvent) {
        switch event {
        case .began(let number, let count, let title): Terminal.note("[\(number)/\(count)] \(title)")
        case .skipped(let found): Terminal.note(localized("       already so: \(found)"))
        case .doing(let plan): Terminal.note("       \(plan)")
        case .proved(let sentences): for sentence in sentences { Terminal.note(localized("       proof: \(sentence)")) }
        case .undoing(let title): Terminal.note(localized("  undoing: \(title)"))
        case .undone(let sentences): for sentence in sentences { Terminal.note("       \(sentence)") }
        }
    }
}

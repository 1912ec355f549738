import Operations
import Configuration
import Basics
import Cluster
import Glibc
import Messages
import Migration
import Tokens
import TrustList

/// One run of a change on the terminal: plan, question, PIN, steps, record.
struct ChangeSession {
    let cluster: ClusterClient
    let options: RunOptions
    let module: ModuleOptions
    let pin: PINOptions
    let state: StateFolder

    init(cluster: ClusterClient, options: RunOptions, module: ModuleOptions, pin: PINOptions) throws {
        (self.cluster, self.options, self.module, self.pin) = (cluster, options, module, pin)
        state = try StateFolder.standard()
        if !options.dryRun { Interruption.announce(localized("Nothing was changed.")) }
    }

    /// Plans a change and runs it, or stops at the plan.
    func start(_ kind: ChangeKind, _ change: ChangeOptions, tokens: ChangeTokens) throws {
        // What the release cannot do is reported before anyone looks for tokens.
        if kind.setsMode { try kind.check(cluster.version(), of: cluster.configuration.name) }
        let absent = try tokens.absent()
        let named = try NamedToken.all(tokens.token, module)
        try start(
            kind, change, tokens: named, names: tokens.token, absent: absent, signer: tokens.signerIndex,
            testsTokens: tokens.test.testTokens)
    }

    /// - Parameters:
    ///   - names: the names by which the tokens are found again, in the same order.
    ///   - absent: tokens of which only the certificate is available. They follow the others.
    func start(
        _ kind: ChangeKind, _ wanted: ChangeOptions, tokens: [NamedToken] = [], names: [String] = [],
        absent: [ChangePlan.Token] = [], signer: Int? = nil, testsTokens: Bool = false
    ) throws {
        let now = UInt32(clamping: time(nil))
        let name = cluster.configuration.name
        let id = Change.id(of: name, now)
        try options.reporting.check(id)
        if let plan = wanted.plan, Files.exists(plan) { throw Failure(overwriting: plan) }
        let request = ChangeRequest(
            kind,
            tokens: tokens.map { ChangePlan.Token(label: $0.label, certificate: $0.stored.certificate) } + absent,
            signer: signer, settings: wanted.settings(change: id, state: state), phones: wanted.phones,
            introduce: wanted.introduce, now: now)
        try run(
            .new(request), plan: wanted.plan, absent: absent, reading: localized("Reading cluster \(name) ..."),
            testsTokens: testsTokens
        ) { planned, signs in
            let certificate = try planned.certificate()
            guard let index = tokens.firstIndex(where: { $0.stored.certificate == certificate }) else {
                // Only its certificate was available; the token may have been inserted since.
                return try token(planned, signs)
            }
            return try tokens[index].insertedAgain(
                names[index], module, for: signs ? localized("signing") : InsertionPrompt.ordinal(index))
        }
    }

    /// Runs a saved plan. It may come from someone else: what it contains besides the cluster's state is compared with
    /// what is present, or confirmed.
    ///
    /// - Parameter answer: the signature that was made elsewhere; nil if the token is here.
    func start(
        _ plan: ChangePlan, _ acceptance: PlanAcceptance, signed answer: VerifiedAnswer? = nil,
        testsTokens: Bool = false
    ) throws {
        try options.reporting.check(plan.id)
        var plan = plan
        plan.settings.acceptsStranded = plan.settings.acceptsStranded || options.acceptStranded
        // The person who runs the plan need not be the one who created it: what is unproven or unnamed needs a yes from the
        // former.
        plan.settings.acceptsUnproven = options.acceptUnproven
        plan.settings.kept = options.keep
        plan.settings.dropped = options.drop
        plan.settings.replacesFiles = options.force ? true : nil
        plan.settings.ticket = options.ticket.ticket ?? plan.settings.ticket
        plan.settings.approver = options.ticket.approver ?? plan.settings.approver
        if let output = acceptance.output { plan.settings.output = output }
        let tokens = try acceptance.tokens(of: plan, module, isDryRun: options.dryRun)
        try run(
            .saved(plan), signed: answer,
            reading: localized("Reading cluster \(plan.cluster), and comparing it with the plan ..."),
            testsTokens: testsTokens,
            agree: { try acceptance.agree(to: plan, tokens, state: state, asks: !options.yes) }, token: token)
    }

    /// Replaces lost tokens. Who signs is known only once the current file has been read.
    ///
    /// - Parameters:
    ///   - names: of the lost ones, as the current file has them.
    ///   - new: names of the tokens that take their place.
    ///   - absent: new tokens of which only the certificate is available.
    ///   - signer: which of the remaining ones signs, as the current file has it; nil if that does not matter.
    func replace(
        _ names: [String], with new: [String], absent: [ChangePlan.Token], signer: String?, _ wanted: ChangeOptions,
        testsTokens: Bool
    ) throws {
        let now = UInt32(clamping: time(nil))
        let name = cluster.configuration.name
        let id = Change.id(of: name, now)
        try options.reporting.check(id)
        if let plan = wanted.plan, Files.exists(plan) { throw Failure(overwriting: plan) }
        let tokens = try NamedToken.all(new, module)
        let lost = LostTokens(names, signer: signer, inserted: try NamedToken.inserted(module))
        let request = ChangeRequest(
            replacing: lost,
            with: tokens.map { ChangePlan.Token(label: $0.label, certificate: $0.stored.certificate) } + absent,
            settings: wanted.settings(change: id, state: state), phones: wanted.phones, now: now)
        try run(
            .new(request), plan: wanted.plan, absent: absent, reading: localized("Reading cluster \(name) ..."),
            testsTokens: testsTokens, token: token)
    }

    private func run(
        _ source: ChangeSource, plan: String? = nil, absent: [ChangePlan.Token] = [],
        signed answer: VerifiedAnswer? = nil, reading: LocalizableText, testsTokens: Bool,
        agree agreeToPlan: () throws -> Void = {},
        token: (_ planned: ChangePlan.Token, _ signs: Bool) throws -> NamedToken
    ) throws {
        if testsTokens, options.dryRun || plan != nil {
            throw Failure(
                Status.usage, localized("--test-tokens is part of a run, and nothing is run here."),
                next: localized("Test tokens alone: etoken-bridge token test LABEL"))
        }
        let live = try LiveCluster(cluster)
        if options.dryRun || plan != nil {
            Terminal.status(reading)
            let planned = try PlannedChange(source, of: live, state: state)
            try show(planned, plan, absent)
            if let answer { try planned.change.check(answer) }
            return
        }
        let locked = try LockedCluster(live, in: state)
        Terminal.status(reading)
        let surveyed = try askAboutWay(locked.look(for: source), source)
        let change = surveyed.change
        var record = try ChangeRecord(change)
        if change.isAlreadySo { return try publish(record) }
        if testsTokens { try pin.check(tokens: change.plan.tokens.count) }
        if asks, try askAboutRecords(change) { record = try ChangeRecord(change) }
        var isShown = false
        let agreed = try agree(surveyed, record, &isShown)
        let start: LocalizableText = localized("Starting change \(change.plan.id).")
        if let answer {
            // Before the question, so that nobody agrees to something impossible.
            try change.check(answer)
            try ask(isShown ? nil : record, change, agreeToPlan)
            return try finish(agreed.takeSignature(answer), start)
        }
        guard testsTokens, !change.plan.tokens.isEmpty else {
            // A new change has just named its tokens; a saved plan may be run where the signing one is not inserted.
            if !options.yes, case .saved(let plan) = source, let signer = plan.signer {
                _ = try token(plan.tokens[signer], true)
            }
            try ask(isShown ? nil : record, change, agreeToPlan)
            return try finish(
                agreed.takePIN {
                    guard let signer = change.plan.signer else { preconditionFailure("a token signs") }
                    return try pin.signer { try token(change.plan.tokens[signer], true) }
                }, start)
        }
        let signing = change.plan.signer.map { change.plan.tokens[$0].sha1 }
        let tested = try agreed.testTokens { try test(token($0, $0.sha1 == signing)) }
        try ask(isShown ? nil : record, change, agreeToPlan)
        try finish(tested, start)
    }

    /// Whether questions may be asked, and someone is there to answer them.
    var asks: Bool { !options.yes && Terminal.isInteractive }

    /// - Parameter record: nil if it was shown.
    private func ask(_ record: ChangeRecord?, _ change: Change, _ agreeToPlan: () throws -> Void) throws {
        if !options.yes {
            var record = record
            try record?.check(change)
            try confirm(record, change)
        }
        try agreeToPlan()
    }

    /// Everything that signing takes, before it is needed.
    private func test(_ token: NamedToken) throws -> any TrustListSigner {
        let test = SigningTest(token.token, uri: token.uri, describe: Failure.describe, logIn: pin.signer)
        test.show(token.label) { Terminal.note($0) }
        if let failure = test.failure { throw failure }
        guard let signer = test.signer else { preconditionFailure("a test that did not fail has a signer") }
        return signer
    }

    /// Errors of the cluster, and phones that would refuse: shown with the plan, not only refused.
    ///
    /// - Parameter isShown: set if the plan is on the terminal now.
    private func agree(
        _ surveyed: consuming SurveyedChange, _ record: ChangeRecord, _ isShown: inout Bool
    ) throws -> ForecastAgreed {
        do {
            // The user has just seen them.
            let agreed = try surveyed.agreeToFindings(despiteErrors: options.despiteFindings || asks)
            if asks { try askAboutStranded(agreed.change, record, &isShown) }
            return try agreed.agreeToForecast()
        } catch {
            if !isShown, !options.reporting.common.json { Terminal.note(record.styled) }
            throw error
        }
    }

    /// Resumes a change.
    func resume(_ open: consuming OpenChange) throws {
        if !options.dryRun { Interruption.announce(localized("This run changed nothing.")) }
        try options.reporting.check(open.plan.id)
        Terminal.status(localized("Reading cluster \(open.plan.cluster) ..."))
        let agreed = try open.resume(on: LiveCluster(cluster), acceptingUnproven: options.acceptUnproven)
        let plan = agreed.change.plan
        if options.dryRun || !options.yes {
            var record = try ChangeRecord(agreed.change)
            record.remaining = try agreed.change.remaining()
            if options.dryRun { return try options.reporting.publish(record) }
            if Terminal.isInteractive { Terminal.note(record.styled) }
            try ask(localized("Resume change \(plan.id) on cluster \(plan.cluster) now?"))
        }
        try finish(
            agreed.takePIN {
                guard let signer = plan.signer else { preconditionFailure("a token signs") }
                return try pin.signer { try token(plan.tokens[signer], true) }
            }, localized("Resuming change \(plan.id)."))
    }

    /// Restores everything, or stops before the first change and shows what would be restored.
    func rollBack(_ open: consuming OpenChange) throws {
        if !options.dryRun { Interruption.announce(localized("This run changed nothing.")) }
        try options.reporting.check(open.plan.id)
        Terminal.status(localized("Reading cluster \(open.plan.cluster) ..."))
        let surveyed = try open.rollBack(on: LiveCluster(cluster), acceptingUnproven: options.acceptUnproven)
        let change = surveyed.change
        if options.dryRun {
            var record = try ChangeRecord(change)
            record.rollback = try surveyed.plan()
            try publish(record)
            return try surveyed.checkForecast(acceptingStranded: options.acceptStranded)
        }
        let agreed = try surveyed.agreeToForecast(acceptingStranded: options.acceptStranded)
        try ask(localized("Restore cluster \(change.plan.cluster) to its state before \(change.plan.id)?"))
        // From here on a signal, or a terminal that goes away, must not leave anything half done.
        Interruption.watch(goOn: "etoken-bridge migrate rollback --cluster \(Shell.word(change.plan.cluster))")
        let running = try agreed.begin(author)
        Interruption.changeBegins()
        Terminal.status(localized("Rolling back change \(change.plan.id)."))
        do { try publish(running.run(context(change))) } catch { throw reported(error, change) }
    }

    private func finish(_ ready: consuming PINTaken, _ text: LocalizableText) throws {
        let change = ready.change
        // From here on a signal, or a terminal that goes away, must not leave anything half done.
        Interruption.watch(goOn: "etoken-bridge migrate resume --cluster \(Shell.word(change.plan.cluster))")
        let running = try ready.begin(author)
        Interruption.changeBegins()
        Terminal.status(text)
        do { try publish(running.run(context(change))) } catch { throw reported(error, change) }
    }

    private func ask(_ question: LocalizableText) throws {
        var confirmation = try ConfirmationOptions.standard
        confirmation.yes = options.yes
        try confirmation.ask(question)
    }

    /// This run, and where its record goes.
    private var author: RunAuthor {
        var author = RunAuthor.current
        author.report = options.reporting.path
        (author.ticket, author.approver) = (options.ticket.ticket, options.ticket.approver)
        return author
    }

    /// Progress on the terminal, and in the record: both show where the change is, at any time.
    private func context(_ change: Change) -> RunContext {
        let printer = ProgressPrinter()
        let report = RunningReport(options.reporting)
        return RunContext(
            observe: {
                printer.show($0)
                report.write(change, after: $0)
            },
            progress: {
                printer.progress($0)
                report.write(change)
            },
            isInterrupted: { Interruption.hasCome })
    }

    private func publish(_ ended: EndedChange) throws { try publish(ChangeRecord(ended.change)) }

    func publish(_ record: ChangeRecord) throws {
        try options.reporting.publish(record)
        try options.reporting.work.write(Worklist(record, in: state)) { cluster }
    }

    /// The record is also written if the change fails: that is when it is needed most.
    private func reported(_ error: any Error, _ change: Change) -> any Error {
        if error is StepFailure, options.reporting.report != nil || options.reporting.common.json {
            try? options.reporting.publish(ChangeRecord(change))
        }
        return error
    }

    /// A token of a plan; it must contain the plan's certificate.
    private func token(_ planned: ChangePlan.Token, _ signs: Bool) throws -> NamedToken {
        // By its certificate: a token's label may be anything.
        if let token = try? NamedToken(holding: planned.certificate(), in: module.finder()) { return token }
        let token = try NamedToken.named(planned.label, module, for: signs ? localized("signing") : localized("next"))
        guard try token.stored.certificate == planned.certificate() else {
            throw Failure(
                Status.failed, localized("Token \(token.label) contains a different certificate than the plan names."),
                next: localized("Insert the token that was used for the plan, or create the plan again."))
        }
        return token
    }

    private func confirm(_ record: ChangeRecord?, _ change: Change) throws {
        guard Terminal.isInteractive else {
            throw Failure(
                Status.usage, localized("There is no terminal on which to confirm the first change."),
                next: localized("Look at the plan with --dry-run, then add --yes."))
        }
        if let record { Terminal.note(record.styled) }
        let hasErrors = change.findings.contains { $0.severity == .error }
        let question =
            hasErrors
            ? localized("Change cluster \(change.plan.cluster) now, despite these errors?")
            : localized("Change cluster \(change.plan.cluster) now?")
        guard Terminal.confirm(question) else { throw Failure.notConfirmed() }
        if hasErrors, !options.despiteFindings { MigrationWizard.add("--despite-findings") }
    }
}

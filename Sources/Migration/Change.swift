import Operations
import Basics
import Cluster
import Glibc
import Messages
import Phones
import TrustList
import X509

/// A change of a cluster's trust list: its plan, its journal, and the cluster itself.
///
/// Every run, the first one and those that resume or roll back, creates one of these. What steps have to remember
/// beyond a run is in the journal.
public final class Change {
    public private(set) var plan: ChangePlan
    public let survey: Survey
    let cluster: any ClusterAccess
    let state: StateFolder
    /// The tokens' certificates, in the plan's order.
    let certificates: [Certificate]
    /// The signer that phones are forecast to ask TVS about: that of the new file.
    public let offered: CandidateSigner
    /// What the change will need, tried beforehand; nil for one that is continued.
    public let preflight: Preflight?
    /// How the server records will change, one sentence each; empty if they do not.
    public private(set) var recordChanges: [LocalizableText]
    /// The forecast, with what TVS servers actually said once they were asked.
    public internal(set) var forecast: Forecast
    /// What introduces the new signer; nil if nothing does.
    let introduction: PlannedIntroduction?
    /// The other forecasts, if it is introduced.
    var introductionForecasts: IntroductionForecasts?
    /// What TVS servers answered for the signer, once asked; and for the one who introduces it.
    var tvsReplies: [TVSReply] = []
    var introducerReplies: [TVSReply] = []
    /// Whether someone agreed to visit phones that do not take the previous file.
    var acceptsStrandedByRollback = false
    /// Nil until the change has begun.
    public private(set) var journal: Journal?
    /// What was signed elsewhere, of a change that has begun; nil if a token is there.
    private(set) var answer: AnsweredSigner?
    /// Whether an earlier run started it.
    let isContinued: Bool
    /// The steps of the plan, in order.
    private(set) var steps: [any Step] = []
    /// From all journals of the cluster: read once, on first use.
    private(set) lazy var estimates = StepEstimates(self)
    private var planner: Planner

    /// What has been decided by now.
    var known: JournalState { journal?.state ?? JournalState([]) }

    private init(
        _ plan: ChangePlan, _ survey: Survey, of cluster: any ClusterAccess, state: StateFolder, journal: Journal? = nil
    ) throws {
        (self.plan, self.survey, self.journal) = (plan, survey, journal)
        (self.cluster, self.state, isContinued) = (cluster, state, journal != nil)
        certificates = try plan.tokens.map { try $0.certificate() }
        planner = Planner(plan, certificates, survey)
        if journal == nil { try planner.check() }
        offered = try planner.offered()
        recordChanges = journal == nil ? try planner.recordChanges(on: cluster) : []
        preflight =
            journal == nil ? Preflight(for: plan, phones: survey.phones.count, on: cluster, state: state) : nil
        introduction = try planner.introduction(offered)
        (forecast, introductionForecasts) = Self.forecasts(
            for: offered, introduction: introduction, survey: survey, tvs: .everywhere(.expectedToVouch),
            introducerTVS: .everywhere(.expectedToVouch))
        if let known = journal?.state.answer, let request = plan.request {
            answer = try AnsweredSigner(recorded: known, to: request)
        }
        steps = plan.steps.map { $0.step(of: self) }
    }

    /// This changes nothing.
    ///
    /// - Throws: ``MigrationError``, or what the cluster's transports throw.
    convenience init(_ source: ChangeSource, of cluster: any ClusterAccess, state: StateFolder) throws {
        switch source {
        case .new(let request): try self.init(request, of: cluster, state: state)
        case .saved(let plan): try self.init(running: plan, of: cluster, state: state)
        }
    }

    private convenience init(_ request: ChangeRequest, of cluster: any ClusterAccess, state: StateFolder) throws {
        try Self.checkUnfinished(cluster.name, state)
        let survey = try Survey(
            of: cluster, backups: state, acceptingUnproven: request.settings.acceptsUnproven)
        try self.init(request, on: survey, of: cluster, state: state)
    }

    private convenience init(
        _ request: ChangeRequest, on survey: Survey, of cluster: any ClusterAccess, state: StateFolder
    ) throws {
        let plans = try Plans(request, on: survey, of: cluster.name)
        guard let introducing = plans.introducing else {
            try self.init(plans.direct, survey, of: cluster, state: state)
            return
        }
        let isBetter = try request.introduce == .always || Self.leavesFewerBehind(introducing, survey)
        try self.init(isBetter ? introducing : plans.direct, survey, of: cluster, state: state)
    }

    /// The same change, planned for another request on what was read of the cluster.
    func planned(as request: ChangeRequest) throws -> Change {
        precondition(journal == nil, "a change that has begun keeps its plan")
        return try Change(request, on: survey, of: cluster, state: state)
    }

    /// Loads a saved plan.
    ///
    /// - Throws: ``MigrationError`` (`world-changed`) if the cluster has changed since the plan was made.
    private convenience init(running plan: ChangePlan, of cluster: any ClusterAccess, state: StateFolder) throws {
        guard plan.cluster == cluster.name else {
            throw MigrationError(
                .planUnusable, localized("This is a plan for cluster \(plan.cluster), not for \(cluster.name)."),
                next: localized("Create the plan again: the same command with --plan FILE."))
        }
        try Self.checkUnfinished(cluster.name, state)
        let survey = try Survey(of: cluster, backups: state, acceptingUnproven: plan.settings.acceptsUnproven)
        let differences = plan.world.differences(to: survey.world)
        guard differences.isEmpty else {
            throw MigrationError(
                .worldChanged,
                localized(
                    "Cluster \(plan.cluster) has changed since this plan was made: \(differences.joined(separator: "; "))."
                ),
                next: localized(
                    "Check what changed, and create the plan again: the same command with --plan FILE."))
        }
        try self.init(plan, survey, of: cluster, state: state)
    }

    /// Continues a change that was started, to resume it or to roll it back.
    convenience init(continuing journal: Journal, of cluster: any ClusterAccess, state: StateFolder) throws {
        let known = journal.state
        let newFile = known.toldPhones ? try known.toldFile.map(state.backup(sha256:)) : nil
        let survey = try Survey(restoring: journal.plan.world, of: cluster, backups: state, newFile: newFile)
        try self.init(journal.plan, survey, of: cluster, state: state, journal: journal)
    }

    /// Starts the journal, and saves the previous files. Nothing is changed on the cluster.
    ///
    /// - Parameter answer: what was signed elsewhere, for a change that does not have a journal yet.
    /// - Throws: ``MigrationError`` (`unfinished-change`) if another change of the cluster is not finished.
    ///
    /// - Returns: the journal.
    @discardableResult func begin(_ run: JournalRecord.Run, answer: VerifiedAnswer? = nil) throws -> Journal {
        let journal: Journal
        if let begun = self.journal {
            journal = begun
        } else {
            try Self.checkUnfinished(plan.cluster, state)
            try survey.backUp(to: state)
            // It is a fact of its own, made with what TVS says.
            plan.forecast = nil
            self.answer = answer.map(AnsweredSigner.init)
            journal = try Journal.create(plan, answer: answer?.answer, in: state)
            self.journal = journal
            if !findings.isEmpty { try record(.findings(findings)) }
            if let way { try record(.way(way)) }
        }
        var run = run
        run.steps = (steps + (run.purpose == .rollback ? stepsAfterRollback : [])).map {
            .init(id: $0.id, title: $0.title, effect: $0.effect)
        }
        try journal.append(.started, run: run)
        return journal
    }

    public static func checkUnfinished(_ cluster: String, _ state: StateFolder) throws {
        for (path, records) in try state.changes(of: cluster) where !JournalState(records).outcome.isClosed {
            throw MigrationError.unfinished(cluster, records.first?.plan?.id ?? path)
        }
    }

    /// Keeps a record in the new file that nobody named. Before the change begins.
    public func keep(_ record: ForeignRecord) {
        precondition(journal == nil, "what is kept is part of the plan")
        plan.settings.kept.append(record.sha1 ?? record.name)
    }

    /// Leaves a token out of the new file that nobody named. Before the change begins.
    ///
    /// - Throws: ``MigrationError`` (`unusable-tokens`) if fewer than two tokens remain, or what the cluster's transports
    ///   throw.
    public func drop(_ record: ForeignRecord) throws {
        precondition(journal == nil && record.kind == .token, "which tokens leave is part of the plan")
        plan.settings.dropped.append(record.sha1 ?? record.name)
        planner = Planner(plan, certificates, survey)
        try planner.check()
        recordChanges = try planner.recordChanges(on: cluster)
    }

    /// Phones may be left behind: someone will visit them. Before the change begins.
    public func acceptStranded() {
        precondition(journal == nil, "what is accepted is part of the plan")
        plan.settings.acceptsStranded = true
    }

    func record(_ fact: JournalRecord.Fact) throws { try journal?.append(.fact, fact: fact) }

    // MARK: The new file

    /// Whether a run would need the signing token.
    var needsToken: Bool { hasToSign && answer == nil }

    /// Whether a file that the plan has a token sign is not signed yet.
    var hasToSign: Bool {
        (plan.tokenSigns && (try? newFile()) == nil)
            || (plan.signing(of: .introduction) != nil && (try? file(.introduction)) == nil)
    }

    /// The new file, once it is created.
    public func newFile() throws -> [UInt8]? { try known.newFile.map(state.backup(sha256:)) }

    /// Tokens of the plan, by the SHA-1 of their certificates.
    func tokens(_ wanted: [String]) -> [(label: String, certificate: Certificate)] {
        zip(plan.tokens, certificates).filter { wanted.contains($0.0.sha1) }.map { ($0.0.label, $0.1) }
    }

    /// Whether the cluster already is in the state that the change would bring about.
    public var isAlreadySo: Bool { planner.isAlreadySo(offered, recordChanges) }

    /// Who signed, who will, and what that means for phones; nil if the signer stays, or if changing it is the purpose.
    public var signerChange: LocalizableText? { planner.signerChange(to: offered) }

    /// Which way a lost token is replaced, and why; nil for other changes.
    public var way: LocalizableText? { planner.way(to: offered) }

    /// Problems of the cluster, and what is known to be doubtful about this change there.
    public var findings: [StatusFinding] { survey.findings + (preflight?.findings ?? []) + planner.warnings }

    /// What has to be expected of applications that also hold a trust list and are in no forecast; nil if they follow.
    public var clientAdvice: LocalizableText? { planner.clientAdvice(offered) }

    /// The name of a change that starts now, and of the folder for its output: `office-20261123T170405Z`.
    public static func id(of cluster: String, _ now: UInt32) -> String {
        "\(Files.name(cluster))-\(Timestamp(now).description.filter { $0 != "-" && $0 != ":" })"
    }

    // MARK: Forecast

    static func forecast(for offered: CandidateSigner, survey: Survey, tvs: TVSReplies) -> Forecast {
        Forecast(
            of: survey.phones, signer: offered, present: survey.present, itls: survey.itlLists,
            nodes: survey.world.nodes, tvs: tvs)
    }

    /// Phones that the change would strand, without those that an earlier one left behind already.
    var newlyStranded: [Forecast.Entry] {
        forecast.stranded.filter { !survey.register.contains($0.phone.name) }
    }

    /// How many phones would be left behind that nobody has agreed to visit: those that refuse the new file, and those of
    /// which it is not known.
    public var unacceptedVisits: (refused: Int, unknown: Int) {
        let stranded = plan.settings.acceptsStranded ? [] : newlyStranded
        let refused = stranded.count { $0.verdict.outcome == .refused }
        return (refused, stranded.count - refused)
    }

    /// Refuses to continue if phones would be stranded, unless the user accepted that.
    ///
    /// - Parameter plan: the file in which the change was saved, if it is not run.
    /// - Throws: ``MigrationError`` (`phones-would-refuse`).
    func checkForecast(savedAs plan: String? = nil) throws {
        // Phones that an earlier change left behind need a visit with or without this one.
        let stranded = newlyStranded
        guard !stranded.isEmpty, !self.plan.settings.acceptsStranded else { return }
        throw MigrationError(
            .phonesWouldRefuse,
            localized(
                "\(stranded.count) of \(forecast.entries.count) phones would not accept the new file. \(Self.names(stranded))."
            ),
            next: plan.map { plan in
                localized(
                    "After the change: \(Self.visitAdvice(models: stranded.map(\.phone.model.name)) ?? .verbatim("")) When someone is ready to do that: etoken-bridge migrate run \(path: plan) --accept-stranded"
                )
            } ?? Self.acceptAdvice(stranded))
    }

    /// Refuses to start on a cluster with errors: a file or certificate may not reach every node, or not stay there.
    ///
    /// - Throws: ``MigrationError`` (`cluster-has-errors`).
    func checkFindings() throws {
        let errors = findings.filter { $0.severity == .error }
        guard !errors.isEmpty else { return }
        throw MigrationError(
            .clusterHasErrors,
            localized(
                "Cluster \(plan.cluster) has errors that should be fixed before a change. \(errors.map(\.text).joined(separator: " "))"
            ),
            next: localized(
                "\(errors[0].next.joined(separator: " ")) To change the cluster anyway, add --despite-findings. To see all of them: etoken-bridge cluster status --cluster \(word: plan.cluster)"
            ))
    }

    private static func names(_ stranded: [Forecast.Entry]) -> LocalizableText {
        let names = stranded.prefix(5)
            .map { localized("\($0.phone.name) (\($0.phone.model.name)): \($0.verdict.reason)") }
            .joined(separator: ". ")
        return stranded.count > 5 ? localized("\(names), and \(stranded.count - 5) more") : names
    }

    /// What phones would do if the previous file came back; nil if none of them was told about the new one, or if there
    /// was no file.
    func forecastOfRollback() -> Forecast? {
        guard known.toldPhones, known.toldFile != nil, let signer = formerSigner else { return nil }
        return Self.forecast(for: signer, survey: survey, tvs: TVSReplies(repliesOnceBack(signer)))
    }

    /// Refuses to roll back if phones that accepted the new file would not accept the previous one.
    ///
    /// - Parameter forecast: that of ``forecastOfRollback()``.
    static func checkRollback(_ forecast: Forecast?, acceptingStranded: Bool) throws {
        guard let forecast, !forecast.stranded.isEmpty, !acceptingStranded else { return }
        throw MigrationError(
            .phonesWouldRefuse,
            localized(
                "\(forecast.stranded.count) of \(forecast.entries.count) phones would not accept the previous file. \(names(forecast.stranded))."
            ),
            next: acceptAdvice(forecast.stranded))
    }

    /// What is left to do for phones of these models, as sentences; nil for none.
    public static func visitAdvice(models: [String]) -> LocalizableText? {
        guard !models.isEmpty else { return nil }
        return
            ([localized("Delete the trust list by hand.")] + VisitAdviceTable.standard.sentences(models))
            .joined(separator: " ")
    }

    /// What to do about phones that refuse, for a command with an option to accept that.
    private static func acceptAdvice(_ stranded: [Forecast.Entry]) -> LocalizableText {
        localized(
            "After the change: \(visitAdvice(models: stranded.map(\.phone.model.name)) ?? .verbatim("")) Run this again with --accept-stranded when someone is ready to do that."
        )
    }

    /// What to do about phones that would refuse a file, if no change is planned.
    public static func strandedAdvice(models: [String]) -> LocalizableText {
        localized(
            "Once that file is on the nodes: \(visitAdvice(models: models) ?? .verbatim("")) After that, migrate continues only with --accept-stranded."
        )
    }
}

extension Change {
    /// The user, or the system, asked the program to stop.
    ///
    /// - Parameter what: the progress, one sentence.
    func interrupted(_ what: LocalizableText) -> MigrationError {
        MigrationError(
            .interrupted, what,
            next: localized("Continue: etoken-bridge migrate resume --cluster \(word: plan.cluster)"))
    }
}

extension MigrationError {
    static func unfinished(_ cluster: String, _ id: String) -> MigrationError {
        MigrationError(
            .unfinishedChange, localized("Change \(id) of cluster \(cluster) is not finished."),
            next:
                localized(
                    "Resume it or roll it back: etoken-bridge migrate resume --cluster \(word: cluster), or etoken-bridge migrate rollback --cluster \(word: cluster)"
                )
        )
    }
}

import Basics
import Cluster
import Messages
import Operations
import Phones
import TrustList
import X509

/// The record of a change, for people and for auditors: who ran it where and when, what was found, planned, done and
/// seen. It is generated from the journal alone, at any time, and contains no secrets.
///
/// Source: docs/operator-guide.md, "The change record".
public struct ChangeRecord: Codable, Sendable {
    public enum State: String, Codable, Sendable {
        /// Nothing was done yet.
        case planned
        /// The cluster was already in this state.
        case alreadySo = "already-so"
        case unfinished, finished
        case rollingBack = "rolling-back"
        case rolledBack = "rolled-back"
        case abandoned
    }

    public struct File: Codable, Sendable {
        public let length: Int
        public let md5, sha1, sha256: String
        /// As named in the header.
        public let signer: String
        /// As in the header.
        public let made: Timestamp
        public let records: Int
    }

    public struct Token: Codable, Sendable {
        public let label, subject, issuer, serialNumber, sha1: String
        public let keyBits: Int
        public let notBefore, notAfter: Timestamp
        public let signs: Bool
    }

    public struct StepRecord: Codable, Sendable {
        public enum State: String, Codable, Sendable {
            case pending, begun, done, failed, undone

            /// For people, in the language of the locale.
            public var text: LocalizableText {
                switch self {
                case .pending: localized("pending")
                case .begun: localized("started")
                case .done: localized("done")
                case .failed: localized("failed")
                case .undone: localized("undone")
                }
            }
        }

        public let id: StepID
        public let title: LocalizableText
        public let effect: StepEffect
        /// Its parameters; nil for what is in no plan.
        public var parameters: PlannedStep.Parameters?
        public var state: State
        /// What it would change, or what was found.
        public var text: LocalizableText
        /// What was seen afterwards.
        public var proofs: [LocalizableText]
        public var began: Timestamp?
        public var seconds: Double?
    }

    /// A signature that was made on another machine.
    public struct Signature: Codable, Sendable {
        /// Who requested it: `bob@safe`.
        public let by: String
        public let time: Timestamp
        /// Of etoken-bridge there.
        public let version: String
        /// SHA-256 of the plan that was signed, and of the bytes.
        public let plan, message: String
    }

    public struct Failure: Codable, Sendable {
        /// The step that failed, or could not be undone.
        public let step: String
        public let code: String
        public let text: LocalizableText
        public let next: [LocalizableText]
    }

    public struct Run: Codable, Sendable {
        public let time: Timestamp
        public let purpose: JournalRecord.Run.Purpose
        public let who, version: String
        /// Who became that user with sudo, as sudo says.
        public let sudoUser: String?
        /// The command line, as a shell reads it.
        public let command: String?
        /// The ticket of this run, and who approved it, as its command line says.
        public let ticket, approver: String?
    }

    public let id: String
    public let kind: ChangeKind
    public let title: LocalizableText
    public let cluster, version: String
    public var state: State
    public let planned: Timestamp
    public let ended: Timestamp?
    public let runs: [Run]
    /// The number of the change ticket, and who approved it, as the user said.
    public let ticket, approver: String?
    /// The journal that this was made from; nil for a plan.
    public let journal: JournalSeal?
    /// What is left to do by hand; for a plan, what will be.
    public private(set) var leftToDo: [LeftToDo] = []
    public let nodes: [String]
    /// When it started.
    public let securityMode: String
    public let before, after: File?
    public let tokens: [Token]
    /// Who signed elsewhere; nil if the token was here.
    public let signature: Signature?
    /// Tokens that stay in the file without being specified, as named in the file.
    public let keptTokens: [String]
    /// Tokens that leave the file because the user specified that.
    public let droppedTokens: [DroppedToken]
    /// Records in the new file that the command does not name or the cluster does not know; while it is planned.
    public let foreignRecords: [ForeignRecord]
    /// Which way a lost token is replaced, and why; nil for other changes.
    public let way: LocalizableText?
    /// How the previous file was proven to be the nodes' own; nil for a change of a version that did not prove it.
    public let proof: Proof?
    /// How server records change.
    public let recordChanges: [LocalizableText]
    /// Who signed, who will, and what that means for phones; if that is not the purpose of the change.
    public let signerChange: LocalizableText?
    /// What has to be expected of clients that are in no forecast; while it is planned.
    public let clientAdvice: LocalizableText?
    /// Other problems of the cluster when the change was planned.
    public let findings: [StatusFinding]
    public var steps: [StepRecord]
    public let tvs: [JournalRecord.TVSAnswer]
    public let forecast: StoredForecast
    /// What phones were forecast to do with the previous file when a rollback began; nil if none did, or if no phone had been
    /// told about the new file.
    public let forecastOfRollback: StoredForecast?
    /// How the new signer is introduced; nil if it is not.
    public let introduction: Introduction?
    /// How to leave fewer phones behind; while it is planned.
    public let introductionAdvice: LocalizableText?
    /// In figures, and what was tried beforehand; while it is planned.
    public let summary: PlanSummary?
    public let preflight: Preflight?
    /// What going back costs, by point; nil if there was no file before, or for a change of a version that did not
    /// compute it.
    public let backOut: BackOut?
    public let phones: [JournalRecord.PhoneGroup]
    /// Which phones were registered before and after; nil if that is not known, or if everything is as it was.
    public let registrations: Registrations?
    /// The last failure, if nothing has succeeded since.
    public let failure: Failure?
    public let output: String
    /// Where the previous file is saved.
    public let backup: String?
    /// What is left to do by hand, after the change.
    public let advice: LocalizableText?
    /// What a rollback would do, if requested.
    public var rollback: RollbackPlan?
    /// What a run that resumes the change would still do, if requested.
    public var remaining: RemainingWork?
    /// The run that is changing the cluster now, if requested.
    public var running: RunInProgress?
    /// Who had this document written; nil on the terminal.
    public var writtenBy: DocumentAuthor?

    /// For a change that is planned, or in progress in this run.
    public init(_ change: Change) throws {
        try self.init(
            plan: change.plan, records: change.journal?.records ?? [], path: change.journal?.path, way: change.way,
            backups: change.state,
            steps: change.steps.map { .init(id: $0.id, title: $0.title, effect: $0.effect) },
            recordChanges: change.recordChanges, signerChange: change.signerChange, findings: change.findings,
            clientAdvice: change.journal == nil && !change.isAlreadySo ? change.clientAdvice : nil,
            forecast: StoredForecast(change.forecast), introduction: change.introductionForecast,
            introductionAdvice: change.journal == nil && !change.isAlreadySo ? change.introductionAdvice : nil,
            backOut: change.journal == nil && !change.isAlreadySo ? change.priceOfBackOut() : nil,
            summary: change.journal == nil && !change.isAlreadySo ? PlanSummary(change) : nil,
            preflight: change.journal == nil && !change.isAlreadySo ? change.preflight : nil,
            before: change.survey.presentBytes, foreignRecords: change.journal == nil ? change.foreignRecords() : [],
            state: change.journal != nil ? nil : change.isAlreadySo ? .alreadySo : .planned)
    }

    /// For a change that has a journal.
    ///
    /// - Throws: `FileError`; ``MigrationError`` (`journal-unusable`).
    public init(journal path: String, backups: StateFolder) throws {
        let (plan, records) = try Journal.readWithPlan(path)
        try self.init(
            plan: plan, records: records, path: path, way: nil, backups: backups, steps: [], recordChanges: [],
            signerChange: nil,
            findings: [], clientAdvice: nil, forecast: nil, introduction: nil, backOut: nil, summary: nil,
            preflight: nil,
            before: plan.world.ctl.flatMap { try? backups.backup(sha256: $0) }, foreignRecords: [])
    }

    private init(
        plan: ChangePlan, records: [JournalRecord], path: String?, way: LocalizableText?, backups: StateFolder,
        steps: [JournalRecord.StepTitle],
        recordChanges: [LocalizableText], signerChange: LocalizableText?, findings: [StatusFinding],
        clientAdvice: LocalizableText?, forecast: StoredForecast?, introduction: IntroductionForecast?,
        introductionAdvice: LocalizableText? = nil, backOut: BackOut?, summary: PlanSummary?, preflight: Preflight?,
        before: [UInt8]?, foreignRecords: [ForeignRecord], state withoutJournal: State? = nil
    ) throws {
        self.foreignRecords = foreignRecords
        proof = plan.world.proof
        let known = JournalState(records)
        (id, kind, title, cluster) = (plan.id, plan.kind, plan.kind.title, plan.cluster)
        (version, nodes, securityMode) = (plan.world.version, plan.world.nodes, plan.world.mode.name)
        planned = records.first?.time ?? plan.created
        ended = known.outcome.isClosed ? records.last?.time : nil
        runs = records.compactMap { record in
            record.run.map {
                Run(
                    time: record.time, purpose: $0.purpose, who: $0.who, version: $0.version, sudoUser: $0.sudoUser,
                    command: $0.command, ticket: $0.ticket, approver: $0.approver)
            }
        }
        (ticket, approver) = (plan.settings.ticket, plan.settings.approver)
        journal = try path.map { try JournalSeal($0, lines: records.count) }
        state = withoutJournal ?? State(rawValue: known.outcome.rawValue) ?? .unfinished
        self.before = try before.map(File.init)
        let new = known.newFile.flatMap { try? backups.backup(sha256: $0) }
        after = try new.map(File.init)
        // One that only introduces the cluster's signer is not in the new file.
        tokens =
            plan.tokenSigns
            ? try plan.tokens.enumerated().map { try Token($0.element, signs: $0.offset == plan.signer) } : []
        signature = known.answer.map {
            Signature(by: $0.signedBy, time: $0.signed, version: $0.version, plan: $0.request, message: $0.message)
        }
        self.introductionAdvice = introductionAdvice
        self.introduction = try Introduction(plan, known, introduction, backups: backups)
        self.signerChange = signerChange
        self.clientAdvice = clientAdvice
        // Once there is a new file, it shows them.
        self.recordChanges =
            try new.map { new in
                try RecordChanges.lines(
                    from: before.map { try TrustListFile(decoding: $0).records } ?? [],
                    to: TrustListFile(decoding: new).records)
            } ?? recordChanges
        self.findings = known.findings.isEmpty ? findings : known.findings
        keptTokens = try Self.keptTokens(plan, before)
        self.way = known.way ?? way
        self.forecast = known.forecast ?? forecast ?? StoredForecast(Forecast(entries: []))
        forecastOfRollback = known.forecastOfRollback
        droppedTokens = try DroppedToken.all(plan, before, known, self.forecast, backups)
        var titles = steps
        for step in records.compactMap(\.run).flatMap(\.steps) where !titles.contains(where: { $0.id == step.id }) {
            titles.append(step)
        }
        self.steps = titles.map { title in
            StepRecord(title, plan.steps.first { $0.id == title.id }?.parameters, records)
        }
        tvs = known.tvs
        self.backOut = known.backOut ?? backOut
        (self.summary, self.preflight) = (summary, preflight)
        phones = known.phones
        let isBack = state == .rolledBack || state == .rollingBack
        registrations = isBack && known.registeredAfter == nil ? nil : Registrations(known)
        failure = known.failure.map {
            Failure(
                step: $0.step?.rawValue ?? "", code: $0.code ?? "failed", text: ($0.text ?? []).joined(separator: " "),
                next: [$0.next].compactMap(\.self))
        }
        output = plan.settings.output
        backup = plan.world.ctl.map { "\(backups.path)/backups/\($0).tlv" }
        advice = Change.visitAdvice(models: (isBack ? forecastOfRollback : self.forecast)?.stranded.map(\.model) ?? [])
        leftToDo = tasks()
    }

    private static func keptTokens(_ plan: ChangePlan, _ before: [UInt8]?) throws -> [String] {
        guard plan.tokenSigns, let before else { return [] }
        let named = try plan.tokens.map { try $0.certificate().der }
        return try TrustListFile(decoding: before).records.filter { record in
            record.isToken && !named.contains { $0 == record.certificate } && !plan.settings.drops(record)
        }.map(\.tokenName)
    }

    /// Has every step check the cluster, and records what each finds. Nothing is changed.
    public mutating func check(_ change: Change) throws {
        steps = try zip(change.steps, change.plan.steps).map { step, planned in
            let state = try step.check()
            let (recorded, text): (StepRecord.State, LocalizableText) =
                switch state {
                case .done(let text): (.done, text)
                case .pending(let text): (.pending, text)
                }
            return StepRecord(
                id: step.id, title: step.title, effect: step.effect, parameters: planned.parameters, state: recorded,
                text: text, proofs: [])
        }
    }
}

/// What a rollback would do.
public struct RollbackPlan: Codable, Sendable {
    public struct Step: Codable, Sendable {
        public let id: StepID
        public let title: LocalizableText
        /// What would be restored, one sentence each.
        public let texts: [LocalizableText]
    }

    /// In their order.
    public let steps: [Step]
    /// What phones would do with the previous file; nil if none of them was told about the new one.
    public let forecast: StoredForecast?
}

extension ChangeRecord.File {
    init(_ bytes: [UInt8]) throws {
        let list = try TrustListFile(decoding: bytes)
        self.init(
            length: bytes.count, md5: Digest.md5(bytes).hex, sha1: Digest.sha1(bytes).hex,
            sha256: Digest.sha256(bytes).hex, signer: list.header.signerName,
            made: Timestamp(list.header.timestamp),
            records: list.records.count)
    }
}

extension ChangeRecord.Token {
    init(_ token: ChangePlan.Token, signs: Bool) throws {
        let certificate = try token.certificate()
        self.init(
            label: token.label, subject: certificate.subject.rendered(.token),
            issuer: certificate.issuer.rendered(.token), serialNumber: certificate.serialNumber.hex,
            sha1: certificate.sha1.hex, keyBits: certificate.publicKey.bits,
            notBefore: Timestamp(certificate.notBefore), notAfter: Timestamp(certificate.notAfter), signs: signs)
    }
}

extension ChangeRecord.StepRecord {
    fileprivate init(
        _ title: JournalRecord.StepTitle, _ parameters: PlannedStep.Parameters?, _ records: [JournalRecord]
    ) {
        self.init(
            id: title.id, title: title.title, effect: title.effect, parameters: parameters, state: .pending,
            text: .verbatim(""),
            proofs: [])
        for record in records where record.step == id {
            switch record.event {
            case .began: (state, text, began, proofs) = (.begun, record.text?.first ?? .verbatim(""), record.time, [])
            case .proved: (state, proofs, seconds) = (.done, record.text ?? [], record.seconds)
            case .skipped: (state, text) = (.done, record.text?.first ?? .verbatim(""))
            case .failed, .notUndone: (state, proofs) = (.failed, record.text ?? [])
            case .undone: (state, proofs) = (.undone, record.text ?? [])
            case .planned, .started, .fact, .undoing, .finished, .rolledBack, .abandoned: break
            }
        }
    }
}

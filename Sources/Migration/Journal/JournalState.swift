import Cluster
import Messages
import Operations
import Phones
import TrustList

/// What the records of a journal say together.
public struct JournalState: Sendable {
    public enum Outcome: String, Codable, Sendable {
        /// It can be resumed or rolled back.
        case unfinished
        case finished
        /// It is being rolled back.
        case rollingBack = "rolling-back"
        /// Everything is as it was before.
        case rolledBack = "rolled-back"
        /// The user abandoned it; what was changed remains.
        case abandoned

        /// Whether there is nothing left to do for it.
        public var isClosed: Bool { self == .finished || self == .rolledBack || self == .abandoned }

        /// For people, in the language of the locale.
        public var text: LocalizableText {
            switch self {
            case .unfinished: localized("not finished")
            case .finished: localized("finished")
            case .rollingBack: localized("being rolled back")
            case .rolledBack: localized("rolled back")
            case .abandoned: localized("abandoned")
            }
        }
    }

    public private(set) var outcome = Outcome.unfinished
    /// Steps whose action has started, in order, without those that have been undone since.
    public private(set) var begun: [StepID] = []
    /// Steps that were proved, or had nothing to do, and have not been undone since.
    public private(set) var done: Set<StepID> = []
    /// SHA-256 of the certificates that the change uploaded to the trust store, or was about to upload.
    public private(set) var uploaded: [String] = []
    /// SHA-256 of the certificates that the change removed from the trust store, or was about to remove.
    public private(set) var removed: [String] = []
    /// Which way a lost token is replaced, and why.
    public private(set) var way: LocalizableText?
    public private(set) var forecast: StoredForecast?
    public private(set) var forecastOfRollback: StoredForecast?
    public private(set) var backOut: BackOut?
    /// Problems of the cluster when the change started.
    public private(set) var findings: [StatusFinding] = []
    public private(set) var tvs: [JournalRecord.TVSAnswer] = []
    /// SHA-256 of the new file.
    public private(set) var newFile: String?
    /// SHA-256 of the file that introduces the new signer.
    public private(set) var introduction: String?
    /// Why no signer was introduced although that was planned.
    public private(set) var notIntroduced: LocalizableText?
    public private(set) var introductionForecast: IntroductionForecast?
    /// SHA-256 of the file that phones were told about last.
    public private(set) var toldFile: String?
    /// The plan's.
    private var commitStep: StepID?
    /// The signature that was made elsewhere; nil if a token was there.
    public private(set) var answer: SigningAnswer?
    /// `service` and `node`, since the files last changed.
    public private(set) var restarted: [(service: String, node: String)] = []
    /// Whether services or phones were ever restarted with the new file.
    public private(set) var toldPhones = false
    /// Since the files last changed.
    private var told = Told()
    /// Of the file that introduces the signer; nil until the new file is there.
    private var toldOfIntroduction: Told?
    /// What phones held when they were last checked, since the files last changed.
    public private(set) var phones: [JournalRecord.PhoneGroup] = []
    /// The phones that were registered before any of them could see a change.
    public private(set) var registered: [JournalRecord.RegisteredGroup] = []
    /// Which of them are not registered after it, and how many are, by node; nil before that was asked.
    public private(set) var registeredAfter: (missing: [String], nodes: [String: Int])?
    /// The last failure, if nothing has succeeded since.
    private(set) var failure: JournalRecord?

    public init(_ records: [JournalRecord]) { for record in records { apply(record) } }

    mutating func apply(_ record: JournalRecord) {
        switch record.event {
        case .planned: (commitStep, answer) = (record.plan?.commitStep, record.answer)
        case .started:
            if record.run?.purpose == .rollback { outcome = .rollingBack }
        case .began:
            if let step = record.step, !begun.contains(step) { begun.append(step) }
            // Phones that were told about the file that introduced the signer have to be told about the new one.
            if introduction != nil, record.step == commitStep {
                restarted = []
                toldOfIntroduction = toldOfIntroduction ?? told
                told = Told()
            }
        case .fact: if let fact = record.fact { apply(fact) }
        case .proved, .skipped:
            if let step = record.step { done.insert(step) }
            failure = nil
            // An older version did not record that a refused phone was told after all; the proof of its step says so.
            if [.restartPhones, .introductionRestartPhones, .restartPhonesAfterRollback].contains(record.step) {
                told.refused = []
            }
        case .failed: failure = record
        case .undoing:
            // From now on, what it did no longer counts, whatever happens next.
            if let step = record.step { done.remove(step) }
            if outcome == .unfinished || outcome == .finished { outcome = .rollingBack }
            restarted = []
            told = Told()
            (phones, registeredAfter) = ([], nil)
        case .undone: begun.removeAll { $0 == record.step }
        case .notUndone: failure = record
        case .finished: outcome = .finished
        case .rolledBack: outcome = .rolledBack
        case .abandoned: outcome = .abandoned
        }
    }

    /// Whether a phone was told to restart since the files last changed.
    func isTold(phone name: String) -> Bool { told.contains(name) }

    /// Whether a phone was told to restart when the file that introduces the signer was there.
    func isToldOfIntroduction(phone name: String) -> Bool { (toldOfIntroduction ?? told).contains(name) }

    private mutating func apply(_ fact: JournalRecord.Fact) {
        switch fact {
        case .findings(let findings): self.findings = findings
        case .uploading(let certificate): if !uploaded.contains(certificate) { uploaded.append(certificate) }
        case .removing(let certificate): if !removed.contains(certificate) { removed.append(certificate) }
        case .way(let way): self.way = way
        case .tvs(let answers): tvs = answers
        case .forecast(let forecast): self.forecast = forecast
        case .forecastOfRollback(let forecast): forecastOfRollback = forecast
        case .backOut(let backOut): self.backOut = backOut
        case .newFile(let sha256): newFile = sha256
        case .restarted(let service, let node):
            restarted.append((service, node))
            toldPhones = true
            if outcome == .unfinished { toldFile = newFile ?? introduction }
        case .phonesRestarted(let told, let refused):
            self.told.names.formUnion(told)
            self.told.refused.subtract(told)
            self.told.refused.formUnion(refused)
        case .phonesTold(let name, let refused):
            told.upTo = max(told.upTo ?? "", name)
            told.refused.formUnion(refused)
        case .introduction(let sha256): introduction = sha256
        case .notIntroduced(let why): notIntroduced = why
        case .introductionForecast(let forecast): introductionForecast = forecast
        case .phones(let groups): phones = groups
        case .registered(let groups): registered = groups
        case .registeredAfter(let missing, let nodes): registeredAfter = (missing, nodes)
        }
    }
}

/// The phones that were told to restart.
private struct Told {
    var names: Set<String> = []
    /// As recorded by older versions: the last one, by name.
    var upTo: String?
    /// Those that the cluster did not restart, whether or not an earlier run told them.
    var refused: Set<String> = []

    func contains(_ phone: String) -> Bool {
        !refused.contains(phone) && (names.contains(phone) || upTo.map { phone <= $0 } == true)
    }
}

import Basics
import Cluster
import Messages
import Operations
import Phones
import TrustList

/// One line of a change's journal.
///
/// Source: docs/architecture.md, "The journal".
public struct JournalRecord: Codable, Sendable {
    public enum Event: String, Codable, Sendable {
        /// The change was decided; contains the plan. Always the first.
        case planned
        /// A run of the program started or continued the change; contains who, where and which version.
        case started
        /// A step is about to change something.
        case began
        /// Something that a later run has to know; contains it.
        case fact
        /// A step's action was read back and compared.
        case proved
        /// A step had nothing to do.
        case skipped
        /// A step failed; the text says why.
        case failed
        /// A step is about to be undone; then: it has been undone.
        case undoing, undone
        /// A step could not be undone; the text says why.
        case notUndone = "not-undone"
        /// All steps are done.
        case finished
        /// Everything that was changed is restored.
        case rolledBack = "rolled-back"
        /// The user abandoned the change, and what it changed remains.
        case abandoned
    }

    /// From 1.
    public let number: Int
    public let time: Timestamp
    public let event: Event
    public var step: StepID?
    /// Sentences: what was seen, or why it failed.
    public var text: [LocalizableText]?
    /// For a failure, the error's code.
    public var code: String?
    /// For a failure, what to do next.
    public var next: LocalizableText?
    /// How long the action and its proof took, in seconds.
    public var seconds: Double?
    public var plan: ChangePlan?
    /// With the plan: the signature that was made elsewhere. In the same record, so that no crash can come between the two.
    public var answer: SigningAnswer?
    public var fact: Fact?
    public var run: Run?

    /// No step takes longer, in seconds: a year.
    static let longest = 31_536_000.0

    /// A run of the program.
    public struct Run: Codable, Sendable {
        public enum Purpose: String, Codable, Sendable { case run, resume, rollback }

        public let purpose: Purpose
        /// `alice@workstation`.
        public let who: String
        /// Of etoken-bridge.
        public let version: String
        /// Where the change record goes, absolute; nil if nowhere, and in journals of earlier versions.
        public var report: String?
        /// Who became that user with sudo, as sudo says; nil if nobody did, and in journals of earlier versions.
        public var sudoUser: String?
        /// The command line, as a shell reads it; nil in journals of earlier versions. No secret can be an argument.
        public var command: String?
        /// The ticket of this run, and who approved it, as its command line says; nil if it says none, and in journals of
        /// earlier versions. Those of the change are in its plan.
        public var ticket, approver: String?
        /// The steps, in order.
        public internal(set) var steps: [StepTitle] = []

        public init(purpose: Purpose, who: String, version: String, report: String? = nil) {
            self.purpose = purpose
            self.who = who
            self.version = version
            self.report = report
        }
    }

    /// A step, for those who read the journal without the cluster.
    public struct StepTitle: Codable, Sendable {
        public let id: StepID
        public let title: LocalizableText
        public let effect: StepEffect
    }

    /// What a later run cannot find out by checking the cluster.
    public enum Fact: Codable, Sendable {
        /// Problems of the cluster when the change started.
        case findings([StatusFinding])
        /// A certificate that was not in the trust store is about to be uploaded; SHA-256 of its DER.
        case uploading(certificate: String)
        /// A certificate that is in the trust store is about to be removed; SHA-256 of its DER.
        case removing(certificate: String)
        /// Which way a lost token is replaced, and why.
        case way(LocalizableText)
        /// What TVS servers answered for the signer.
        case tvs([TVSAnswer])
        case forecast(StoredForecast)
        /// What phones were forecast to do with the previous file, before it was restored.
        case forecastOfRollback(StoredForecast)
        /// What going back was forecast to cost.
        case backOut(BackOut)
        /// The new file; it is saved among the backups under this SHA-256.
        case newFile(sha256: String)
        /// A service was restarted on a node, and is up again.
        case restarted(service: String, node: String)
        /// These phones were told to restart, and those were refused by the cluster.
        case phonesRestarted(told: [String], refused: [String])
        /// From earlier versions: the phones up to this one, by name, were told to restart, except for those that the
        /// cluster refused in that run.
        case phonesTold(upTo: String, refused: [String])
        /// The file that introduces the new signer; it is saved among the backups under this SHA-256.
        case introduction(sha256: String)
        /// Why no signer is introduced although that was planned.
        case notIntroduced(LocalizableText)
        /// Both ways: with and without introducing the signer.
        case introductionForecast(IntroductionForecast)
        /// What phones hold after the change, or after it was rolled back.
        case phones([PhoneGroup])
        /// The phones that were registered before any of them could see a change.
        case registered([RegisteredGroup])
        /// Which of them are not registered after the change or its rollback, and how many are, by node.
        case registeredAfter(missing: [String], nodes: [String: Int])
    }

    /// Registered phones of one pool, model and node.
    public struct RegisteredGroup: Codable, Sendable, Equatable {
        /// Device pool, if known.
        public let pool: String?
        public let model: String
        public let node: String?
        /// Sorted.
        public let phones: [String]
    }

    /// The answer of one TVS server.
    public struct TVSAnswer: Codable, Sendable {
        public enum Code: String, Codable, Sendable {
            case vouches
            /// It knows the certificate, without the role SAST or with another key.
            case otherRoleOrKey = "other-role-or-key"
            case notKnown = "not-known"
            case noAnswer = "no-answer"
        }

        public let server: String
        public let code: Code
        /// As text.
        public let answer: LocalizableText
        public let vouches: Bool
    }

    /// Phones that hold the same after a change.
    public struct PhoneGroup: Codable, Sendable {
        public let result: HeldFile.Code
        public let phones: [String]
    }
}

extension JournalRecord {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        number = try container.decode(Int.self, forKey: .number)
        time = try container.decode(Timestamp.self, forKey: .time)
        event = try container.decode(Event.self, forKey: .event)
        step = try container.decodeIfPresent(StepID.self, forKey: .step)
        text = try container.decodeIfPresent([LocalizableText].self, forKey: .text)
        code = try container.decodeIfPresent(String.self, forKey: .code)
        next = try container.decodeIfPresent(LocalizableText.self, forKey: .next)
        // Only estimates are based on it: an impossible number is ignored, and the journal stays usable.
        seconds = (try? container.decodeIfPresent(Double.self, forKey: .seconds))
            .flatMap { $0.isFinite && (0...Self.longest).contains($0) ? $0 : nil }
        plan = try container.decodeIfPresent(ChangePlan.self, forKey: .plan)
        answer = try container.decodeIfPresent(SigningAnswer.self, forKey: .answer)
        fact = try container.decodeIfPresent(Fact.self, forKey: .fact)
        run = try container.decodeIfPresent(Run.self, forKey: .run)
    }
}

extension JournalRecord.TVSAnswer {
    /// What a server says about a signer.
    public init(_ reply: TVSReply, for signer: CandidateSigner) {
        server = reply.server
        vouches = reply.answer.vouches(for: signer) == true
        switch reply.answer {
        case .unreachable(let why): (code, answer) = (.noAnswer, localized("no answer: \(why)"))
        case .vouches where vouches: (code, answer) = (.vouches, localized("vouches for the signer"))
        case .vouches:
            (code, answer) = (
                .otherRoleOrKey, localized("knows the signer, but without the role SAST or with a different key")
            )
        case .doesNotKnow, .notAsked, .expectedToVouch, .expectedToRead:
            (code, answer) = (.notKnown, localized("does not know the signer"))
        }
    }
}

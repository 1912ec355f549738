import Basics
import Cluster
import Configuration
import FoundationEssentials
import Messages
import Operations
import TrustList
import X509

/// A decided change: everything that a run needs besides the cluster and the token. It is data: it can be saved, read
/// by people, run later, and it is the first record of a change's journal.
///
/// Source: docs/architecture.md, "A migration is data".
public struct ChangePlan: Codable, Sendable, Equatable {
    static let schema = "etoken-bridge/plan/2"
    /// Those had no steps: they followed from the kind.
    private static let schemaWithoutSteps = "etoken-bridge/plan/1"

    /// A security token that takes part.
    public struct Token: Codable, Sendable, Equatable {
        /// The token's label, for example `SAST-ADN008580ef`.
        public let label: String
        /// Of its certificate; steps refer to it by this.
        public var sha1: String { Digest.sha1(Array(certificateDER)).hex }
        /// DER, in Base64.
        let certificateDER: Data

        public init(label: String, certificate: Certificate) {
            self.label = label
            certificateDER = Data(certificate.der)
        }

        /// A token that is somewhere else: it is named by its certificate.
        public init(absent certificate: Certificate) {
            let name = certificate.commonName ?? ""
            self.init(label: name.isPlain(upTo: 128) ? name : certificate.serialNumber.hex, certificate: certificate)
        }

        private enum CodingKeys: String, CodingKey { case label, sha1, certificateDER }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            label = try container.decode(String.self, forKey: .label)
            certificateDER = try container.decode(Data.self, forKey: .certificateDER)
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(label, forKey: .label)
            try container.encode(sha1, forKey: .sha1)
            try container.encode(certificateDER, forKey: .certificateDER)
        }

        /// - Throws: ``MigrationError`` (`plan-unusable`) if an edited plan contains something else.
        public func certificate() throws(MigrationError) -> Certificate {
            do { return try Certificate(der: Array(certificateDER)) } catch {
                throw MigrationError(
                    .planUnusable, localized("The plan's certificate of token \(label) cannot be read: \(error)."),
                    next: localized("Create the plan again: the same command with --plan FILE."))
            }
        }
    }

    /// What the user chose.
    public struct Settings: Codable, Sendable, Equatable {
        /// Continue although phones are forecast to refuse.
        public var acceptsStranded: Bool
        /// Where certificates and files are written for the user.
        public var output: String
        /// Continue with what TFTP and HTTP say if a node has no way to say what it has. What a saved plan says about it
        /// does not count.
        public var acceptsUnproven: Bool
        /// Records that stay in the file although nobody names them: names, serial numbers or SHA-1. What a saved plan
        /// says about it does not count.
        public var kept: [String]
        /// Tokens of the current file that leave it: names, serial numbers or SHA-1. What a saved plan says about it does
        /// not count; a change that was started does what it says.
        public var dropped: [String]
        /// Whether files of others there may be replaced; nil means no. What a saved plan says about it does not count.
        public var replacesFiles: Bool?
        /// The number of the change ticket, and who approved it, as the user says: for the record only.
        public var ticket, approver: String?

        public init(
            acceptsStranded: Bool = false, output: String, acceptsUnproven: Bool = false, kept: [String] = [],
            dropped: [String] = [], replacesFiles: Bool = false, ticket: String? = nil, approver: String? = nil
        ) {
            self.acceptsStranded = acceptsStranded
            self.output = output
            self.acceptsUnproven = acceptsUnproven
            self.kept = kept
            self.dropped = dropped
            self.replacesFiles = replacesFiles ? true : nil
            self.ticket = ticket
            self.approver = approver
        }

        private enum CodingKeys: String, CodingKey {
            case acceptsStranded, output, acceptsUnproven, kept, dropped, replacesFiles, ticket, approver
        }

        /// Plans of earlier versions accept nothing unproven, keep nothing, and drop nothing.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            acceptsStranded = try container.decode(Bool.self, forKey: .acceptsStranded)
            output = try container.decode(String.self, forKey: .output)
            acceptsUnproven = try container.decodeIfPresent(Bool.self, forKey: .acceptsUnproven) ?? false
            kept = try container.decodeIfPresent([String].self, forKey: .kept) ?? []
            dropped = try container.decodeIfPresent([String].self, forKey: .dropped) ?? []
            replacesFiles = try container.decodeIfPresent(Bool.self, forKey: .replacesFiles)
            ticket = try container.decodeIfPresent(String.self, forKey: .ticket)
            approver = try container.decodeIfPresent(String.self, forKey: .approver)
        }
    }

    let schema: String
    /// The change's name: the cluster's and the time, `office-20261123T164500Z`.
    public let id: String
    /// Its name. What is done is in the steps.
    public let kind: ChangeKind
    /// The cluster's name in the configuration.
    public let cluster: String
    /// When the plan was made; also the timestamp of a new file.
    public let created: Timestamp
    /// The tokens that will be in the file; empty if the cluster signs.
    public let tokens: [Token]
    /// Which of them signs; nil if the cluster does.
    public let signer: Int?
    public var settings: Settings
    /// What is done, in order.
    public let steps: [PlannedStep]
    /// The cluster as it was when the plan was made.
    public let world: WorldState
    /// What a token signs, in a saved plan whose file is fixed; nil in any other.
    public internal(set) var request: SigningRequest?
    /// What phones were forecast to do when it was saved, for the person who signs it.
    public internal(set) var forecast: StoredForecast?

    init(
        id: String, kind: ChangeKind, cluster: String, created: Timestamp, tokens: [Token], signer: Int?,
        settings: Settings, steps: [PlannedStep], world: WorldState
    ) {
        schema = Self.schema
        self.id = id
        self.kind = kind
        self.cluster = cluster
        self.created = created
        self.tokens = tokens
        self.signer = signer
        self.settings = settings
        self.steps = steps
        self.world = world
    }

    private enum CodingKeys: String, CodingKey {
        case schema, id, kind, cluster, created, tokens, signer, settings, steps, world, request, forecast
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let schema = try container.decode(String.self, forKey: .schema)
        guard schema == Self.schema || schema == Self.schemaWithoutSteps else {
            throw DecodingError.dataCorruptedError(forKey: .schema, in: container, debugDescription: schema)
        }
        self.schema = Self.schema
        id = try container.decode(String.self, forKey: .id)
        kind = try container.decode(ChangeKind.self, forKey: .kind)
        cluster = try container.decode(String.self, forKey: .cluster)
        created = try container.decode(Timestamp.self, forKey: .created)
        tokens = try container.decode([Token].self, forKey: .tokens)
        signer = try container.decodeIfPresent(Int.self, forKey: .signer)
        settings = try container.decode(Settings.self, forKey: .settings)
        world = try container.decode(WorldState.self, forKey: .world)
        request = try container.decodeIfPresent(SigningRequest.self, forKey: .request)
        forecast = try container.decodeIfPresent(StoredForecast.self, forKey: .forecast)
        // These become parts of paths, and are shown: a plan is a file that someone else may have written.
        func check(_ isGood: Bool, _ key: CodingKeys, _ found: String) throws {
            guard isGood else {
                throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: found)
            }
        }
        try check(ClusterConfiguration.isName(cluster), .cluster, cluster)
        try check(Self.isID(id, of: cluster), .id, id)
        try check(tokens.allSatisfy { $0.label.isPlain(upTo: 128) }, .tokens, "label")
        try check(settings.output.isPlain(upTo: 4096), .settings, "output")
        for word in [settings.ticket, settings.approver].compactMap(\.self) {
            try check(Self.isReference(word), .settings, "ticket")
        }
        guard signer.map(tokens.indices.contains) ?? tokens.isEmpty else {
            throw DecodingError.dataCorruptedError(
                forKey: .signer, in: container, debugDescription: "none of its tokens")
        }
        if schema == Self.schema {
            steps = try container.decode([PlannedStep].self, forKey: .steps)
            guard stepsFit else {
                throw DecodingError.dataCorruptedError(
                    forKey: .steps, in: container, debugDescription: "they do not fit")
            }
        } else {
            struct Phones: Decodable {
                let restartsPhones: Bool
                let phoneRestartTimeout: Int
            }
            let phones = try container.decode(Phones.self, forKey: .settings)
            steps = Planner.steps(
                kind, tokens: tokens, signer: signer,
                phones: .init(
                    restart: phones.restartsPhones,
                    timeout: PlannedStep.timeouts.clamping(phones.phoneRestartTimeout), services: .oneByOne), on: nil)
        }
    }

    /// Whether this is the name of a change of a cluster, as `Change.id(of:_:)` makes it.
    static func isID(_ id: String, of cluster: String) -> Bool {
        let prefix = Files.name(cluster) + "-"
        guard id.hasPrefix(prefix) else { return false }
        let time = Array(id.utf8.dropFirst(prefix.utf8.count))
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        return time.count == 16
            && time.enumerated().allSatisfy { index, byte in
                switch index {
                case 8: byte == UInt8(ascii: "T")
                case 15: byte == UInt8(ascii: "Z")
                default: digits.contains(byte)
                }
            }
    }

    /// Whether this can be the number of a ticket, or the name of who approved it: short, on one line, and visible.
    public static func isReference(_ text: String) -> Bool { text.isPlain(upTo: 128) }

    /// Whether each step has what it needs: its tokens, a forecast before phones can see anything, a file that is
    /// signed before it is deployed. None appears twice, and after one of them the change is final.
    private var stepsFit: Bool {
        let ids = steps.map(\.id)
        let known = Set(tokens.map(\.sha1))
        func first(_ id: StepID) -> Int { ids.firstIndex(of: id) ?? ids.count }
        let visible = steps.firstIndex { $0.commits || $0.isCommand || $0.introduces } ?? ids.count
        let signing = steps.flatMap { (step: PlannedStep) -> [String] in
            switch step {
            case .buildAndSign(let certificate, _, _, _), .introducing(.buildAndSign(let certificate, _, _, _)):
                [certificate]
            default: []
            }
        }
        let introducing = steps.indices.filter { steps[$0].introduces || ids[$0].introduced != nil }
        return Set(ids).count == ids.count && steps.allSatisfy { $0.certificates.allSatisfy(known.contains) }
            && steps.allSatisfy(\.isKnown) && steps.contains(where: \.commits) && first(.forecast) < visible
            && (first(.forecast) < first(.removeCertificates) || !ids.contains(.removeCertificates))
            && signing == [signer].compactMap(\.self).map { tokens[$0].sha1 }
            && ids.contains(.buildAndSign) == ids.contains(.deploy) && first(.buildAndSign) <= first(.deploy)
            && ids.contains(.introductionBuildAndSign) == ids.contains(.introductionDeploy)
            && first(.introductionBuildAndSign) <= first(.introductionDeploy)
            && (introducing.isEmpty || steps.count(where: \.introduces) == 1)
            && introducing.allSatisfy { index in steps.suffix(from: index).contains(where: \.commits) }
    }

    /// The step after whose proof the change is final.
    var commitStep: StepID? { steps.last(where: \.commits)?.id }

    /// The step after whose proof phones can fetch the file that introduces the new signer; nil if none does.
    var introducingStep: StepID? { steps.first(where: \.introduces)?.id }

    /// The device pools whose phones restart; all if empty.
    var phonePools: [String] {
        for case .restartPhones(_, _, let pools) in steps { return pools }
        return []
    }

    /// How services restart.
    var restartOrder: RestartOrder {
        for case .restartServices(_, let order) in steps { return order }
        return .oneByOne
    }

    /// Whether a token signs the new file. One may sign only the file that introduces the cluster's own signer.
    var tokenSigns: Bool { steps.contains { $0.id == .buildAndSign } }

    /// How a token signs one of the files; nil if none does.
    func signing(
        of file: ChangeFile
    ) -> (
        certificate: String, base: PlannedStep.BaseFile, servers: PlannedStep.ServerRecords,
        signers: PlannedStep.ClusterSigners
    )? {
        for step in steps {
            switch (step, file) {
            case (.buildAndSign(let certificate, let base, let servers, let signers), .new),
                (.introducing(.buildAndSign(let certificate, let base, let servers, let signers)), .introduction):
                return (certificate, base, servers, signers)
            default: continue
            }
        }
        return nil
    }

    /// Reads a plan that ``write(to:)`` saved.
    ///
    /// - Throws: `FileError`; ``MigrationError`` (`plan-unusable`) if the file is something else.
    public static func read(_ path: String) throws -> ChangePlan { try SavedPlan(reading: path).plan }

    /// Saves the plan in a new file, readable by its owner only: it is a description of the network.
    public func write(to path: String) throws {
        // The person who signs it may read another language.
        let bytes = try JSON.document(self, userInfo: .keepingTemplates)
        try Files.write(bytes, to: path, permissions: 0o600, replacing: false)
    }
}

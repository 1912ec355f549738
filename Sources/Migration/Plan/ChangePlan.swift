import Basics
import Cluster
import FoundationEssentials
import Messages
import X509

/// A change, decided on: everything that a run needs beside the cluster and the token. It is data: it can be saved, read
/// by people, run later, and it is the first record of a change's journal.
///
/// Source: docs/architecture.md, "A migration is data".
public struct ChangePlan: Codable, Sendable, Equatable {
    static let schema = "etoken-bridge/plan/1"

    /// A security token that takes part.
    public struct Token: Codable, Sendable, Equatable {
        /// The token's label, for example `SAST-ADN008580ef`.
        public let label: String
        /// DER, in Base64.
        let certificateDER: Data

        public init(label: String, certificate: Certificate) {
            self.label = label
            certificateDER = Data(certificate.der)
        }

        /// - Throws: ``MigrationError`` (`plan-unusable`) where a plan that was edited holds something else.
        public func certificate() throws(MigrationError) -> Certificate {
            do { return try Certificate(der: Array(certificateDER)) } catch {
                throw MigrationError(
                    .planUnusable, localized("The plan's certificate of token \(label) cannot be read: \(error)."),
                    next: localized("Make the plan again: the same command with --plan FILE."))
            }
        }
    }

    /// What the user chose.
    public struct Settings: Codable, Sendable, Equatable {
        /// Go on although phones are forecast to refuse.
        public var acceptsStranded: Bool
        /// Where certificates and files are left for the user.
        public var output: String
        /// Whether phones are restarted at the end.
        public var restartsPhones: Bool
        /// How long phones may take to restart, in seconds.
        public var phoneRestartTimeout: Int

        public init(
            acceptsStranded: Bool = false, output: String, restartsPhones: Bool = true, phoneRestartTimeout: Int = 300
        ) {
            self.acceptsStranded = acceptsStranded
            self.output = output
            self.restartsPhones = restartsPhones
            self.phoneRestartTimeout = phoneRestartTimeout
        }
    }

    let schema: String
    /// The change's name: the cluster's and the time, `office-20261123T164500Z`.
    public let id: String
    public let kind: ChangeKind
    /// The cluster's name in the configuration.
    public let cluster: String
    /// When the plan was made; also the time that a new file bears.
    public let created: Timestamp
    /// The tokens that will stand in the file; empty where the cluster signs.
    public let tokens: [Token]
    /// Which of them signs; nil where the cluster does.
    public let signer: Int?
    public var settings: Settings
    /// The cluster as it was when the plan was made.
    public let world: WorldState

    init(
        id: String, kind: ChangeKind, cluster: String, created: Timestamp, tokens: [Token], signer: Int?,
        settings: Settings, world: WorldState
    ) {
        schema = Self.schema
        self.id = id
        self.kind = kind
        self.cluster = cluster
        self.created = created
        self.tokens = tokens
        self.signer = signer
        self.settings = settings
        self.world = world
    }

    /// Reads a plan that ``write(to:)`` saved.
    ///
    /// - Throws: `FileError`; ``MigrationError`` (`plan-unusable`) where the file is something else.
    public static func read(_ path: String) throws -> ChangePlan {
        let bytes = try Files.read(path)
        func unusable(_ why: String) -> MigrationError {
            MigrationError(
                .planUnusable, localized("\(path) is not a plan that this version can run: \(why)."),
                next: localized("Make the plan again: the same command with --plan FILE."))
        }
        let plan: ChangePlan
        do { plan = try JSON.decode(ChangePlan.self, from: bytes) } catch {
            throw unusable(DecodingFailure.text(error))
        }
        guard plan.schema == schema else {
            throw unusable(localized("expected the schema \(schema), found \(plan.schema)"))
        }
        guard plan.signer.map(plan.tokens.indices.contains) ?? plan.tokens.isEmpty else {
            throw unusable(localized("its signer is none of its tokens"))
        }
        return plan
    }

    /// Saves the plan in a new file, readable by others: it holds no secret.
    public func write(to path: String) throws {
        try Files.write(try JSON.document(self), to: path, permissions: 0o644, replacing: false)
    }
}

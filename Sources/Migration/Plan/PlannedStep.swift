import Cluster
import Operations

/// The name of a step, in journals and JSON.
public enum StepID: String, Codable, Sendable, CaseIterable {
    case backUp = "back-up"
    case exportCertificates = "export-certificates"
    case uploadCertificates = "upload-certificates"
    case askTVS = "ask-tvs"
    case forecast
    case setSecurityMode = "set-mode"
    case updateTrustList = "update-ctl-file"
    case buildAndSign = "build-and-sign"
    case deploy
    case removeCertificates = "remove-certificates"
    case restartServices = "restart-services"
    case restartPhones = "restart-phones"
    case checkPhones = "check-phones"
    // Those of the file that introduces a new signer.
    case introduceByCluster = "introduce-by-cluster"
    case introductionBuildAndSign = "introduction-build-and-sign"
    case introductionDeploy = "introduction-deploy"
    case introductionRestartServices = "introduction-restart-services"
    case introductionRestartPhones = "introduction-restart-phones"
    case introductionCheckPhones = "introduction-check-phones"
    // After everything has been restored; in no plan.
    case restartServicesAfterRollback = "restart-services-after-rollback"
    case restartPhonesAfterRollback = "restart-phones-after-rollback"
    case checkPhonesAfterRollback = "check-phones-after-rollback"
}

/// A step in a plan: all its parameters, besides the cluster and the token.
public enum PlannedStep: Sendable, Equatable {
    case backUp
    /// SHA-1 of certificates of the plan's tokens.
    case exportCertificates([String])
    case uploadCertificates([String], store: String)
    /// TVS has to vouch for these certificates of tokens. If there are none, it is asked for the cluster's own
    /// certificate, and its answer decides nothing.
    case askTVS([String])
    case forecast
    /// - keepsFile: the CTL file that the publisher creates for its new mode is the new one; otherwise a later step
    ///   replaces it.
    case setSecurityMode(SecurityMode, keepsFile: Bool)
    case updateTrustList
    /// - certificate: SHA-1 of the certificate of the token that signs.
    case buildAndSign(certificate: String, base: BaseFile, servers: ServerRecords, signers: ClusterSigners)
    case deploy
    /// SHA-1 of certificates of lost tokens, which the file from before the change names.
    case removeCertificates([String], store: String)
    case restartServices([String], order: RestartOrder)
    /// - pause: seconds after each batch.
    /// - pools: device pools whose phones are restarted; all if empty.
    case restartPhones(batch: Int, pause: Double, pools: [String] = [])
    /// - timeout: seconds.
    case checkPhones(timeout: Int)
    /// The publisher writes a CTL file that phones accept and that names the new signer.
    ///
    /// - certificates: SHA-1 of certificates of tokens that it has to name; none for the cluster's own signer.
    /// - isRequired: whether the change ends if the release does not do it.
    case introduceByCluster(command: SignerCommand, certificates: [String], isRequired: Bool)
    /// A step about the file that introduces the new signer.
    indirect case introducing(PlannedStep)

    /// What has the publisher write a file that names a new signer.
    public enum SignerCommand: String, Codable, Sendable {
        /// With the certificates of Phone-SAST-trust.
        case updateTrustList = "utils ctl update CTLFile"
        /// Signed by the other of the cluster's own signers.
        case resetLocalKey = "utils ctl reset localkey"
    }

    /// The file from which the server records of a new file come.
    public enum BaseFile: String, Codable, Sendable {
        /// The one from before the change.
        case before
        /// The one that every node serves at signing time: the publisher has created it for its new mode.
        case served
        /// None: the records are created from the nodes' own certificates.
        case nothing
    }

    /// How the server records change.
    public enum ServerRecords: String, Codable, Sendable {
        case kept
        /// CallManager servers have no certificate: for non-secure mode.
        case emptied
        /// They get the current certificates of the servers, and servers that are missing are added.
        case renewed
    }

    /// Whether a file that a token signs names the cluster's own signers, ITLRecovery and CallManager, as SAST.
    public enum ClusterSigners: String, Codable, Sendable {
        case none
        case named
    }

    public var id: StepID {
        switch self {
        case .backUp: .backUp
        case .exportCertificates: .exportCertificates
        case .uploadCertificates: .uploadCertificates
        case .askTVS: .askTVS
        case .forecast: .forecast
        case .setSecurityMode: .setSecurityMode
        case .updateTrustList: .updateTrustList
        case .buildAndSign: .buildAndSign
        case .deploy: .deploy
        case .removeCertificates: .removeCertificates
        case .restartServices: .restartServices
        case .restartPhones: .restartPhones
        case .checkPhones: .checkPhones
        case .introduceByCluster: .introduceByCluster
        case .introducing(let step): step.id.ofIntroduction ?? step.id
        }
    }

    /// Whether the change is final once this step is proved.
    var commits: Bool {
        switch self {
        case .deploy, .updateTrustList, .setSecurityMode(_, keepsFile: true): true
        default: false
        }
    }

    /// Whether the publisher creates a CTL file that is not known beforehand.
    var isCommand: Bool {
        switch self {
        case .updateTrustList, .setSecurityMode, .introduceByCluster: true
        default: false
        }
    }

    /// Whether phones can see the file that introduces the signer once this step is proved.
    var introduces: Bool {
        switch self {
        case .introduceByCluster, .introducing(.deploy): true
        default: false
        }
    }

    /// Whether it names a trust store and services that a change can be about: a plan may come from someone else.
    var isKnown: Bool {
        switch self {
        case .uploadCertificates(_, let store), .removeCertificates(_, let store): store == TrustStores.phoneSAST
        case .restartServices(let services, _): Set(services).isSubset(of: TrustListService.allCases.map(\.name))
        case .introducing(let step): step.isKnown
        default: true
        }
    }

    /// The certificates of tokens that it names.
    var certificates: [String] {
        switch self {
        case .exportCertificates(let certificates), .uploadCertificates(let certificates, _), .askTVS(let certificates):
            certificates
        case .buildAndSign(let certificate, _, _, _): [certificate]
        case .introduceByCluster(_, let certificates, _): certificates
        case .introducing(let step): step.certificates
        default: []
        }
    }

    /// What it does, as a step of a change.
    func step(of change: Change) -> any Step {
        switch self {
        case .backUp: BackUp(change)
        case .exportCertificates(let certificates): ExportCertificates(change, certificates)
        case .uploadCertificates(let certificates, let store): UploadCertificates(change, certificates, to: store)
        case .askTVS(let certificates): AskTVS(change, certificates)
        case .forecast: ForecastPhones(change)
        case .setSecurityMode(let mode, let keepsFile): SetSecurityMode(change, mode, keepsFile: keepsFile)
        case .updateTrustList: UpdateTrustList(change)
        case .buildAndSign(let certificate, _, _, _): BuildAndSign(change, certificate: certificate)
        case .deploy: Deploy(change)
        case .removeCertificates(let certificates, let store): RemoveCertificates(change, certificates, from: store)
        case .restartServices(let services, let order): RestartServices(change, services, order)
        case .restartPhones(let batch, let pause, let pools):
            RestartPhones(change, .init(batch: batch, pause: pause), pools: pools)
        case .checkPhones(let timeout): CheckPhones(change, timeout: timeout)
        case .introduceByCluster(let command, let certificates, let isRequired):
            IntroduceByCluster(change, command, certificates, isRequired: isRequired)
        case .introducing(let step):
            switch step {
            case .buildAndSign(let certificate, _, _, _):
                BuildAndSign(change, certificate: certificate, of: .introduction)
            case .deploy: Deploy(change, .introduction)
            case .restartServices(let services, let order):
                RestartServices(change, services, order, for: .introduction)
            case .restartPhones(let batch, let pause, let pools):
                RestartPhones(change, .init(batch: batch, pause: pause), pools: pools, for: .introduction)
            case .checkPhones(let timeout): CheckPhones(change, timeout: timeout, for: .introduction)
            default: step.step(of: change)
            }
        }
    }

    /// What a rollback does instead, once everything is restored, if phones were told about the new file.
    func stepAfterRollback(of change: Change) -> (any Step)? {
        switch self {
        case .restartServices(let services, let order): RestartServices(change, services, order, isRollback: true)
        case .restartPhones(let batch, let pause, let pools):
            RestartPhones(change, .init(batch: batch, pause: pause), pools: pools, isRollback: true)
        case .checkPhones(let timeout): CheckPhones(change, timeout: timeout, isRollback: true)
        default: nil
        }
    }
}

// MARK: - JSON

extension PlannedStep: Codable {
    /// The parameters of a step, for JSON: those that apply to it.
    public struct Parameters: Codable, Sendable, Equatable {
        /// SHA-1 of certificates of the plan's tokens, or of lost ones.
        public fileprivate(set) var certificates: [String]?
        public fileprivate(set) var certificate: String?
        public fileprivate(set) var store: String?
        /// What is run on the publisher's command line.
        public fileprivate(set) var command: String?
        public fileprivate(set) var mode: SecurityMode?
        public fileprivate(set) var keepsFile: Bool?
        public fileprivate(set) var base: BaseFile?
        public fileprivate(set) var servers: ServerRecords?
        public fileprivate(set) var signers: ClusterSigners?
        public fileprivate(set) var services: [String]?
        public fileprivate(set) var order: RestartOrder?
        public fileprivate(set) var batch: Int?
        /// In seconds.
        public fileprivate(set) var pause: Double?
        /// Device pools whose phones are restarted; nil for all.
        public fileprivate(set) var pools: [String]?
        public fileprivate(set) var timeout: Int?
        /// Whether the change ends if the release does not introduce the signer.
        public fileprivate(set) var required: Bool?
    }

    private enum Keys: String, CodingKey { case id }

    private static func command(_ mode: SecurityMode) -> String {
        mode == .mixed ? "utils ctl set-cluster mixed-mode" : "utils ctl set-cluster non-secure-mode"
    }

    private static let update = "utils ctl update CTLFile"

    // Sensible values; a number in a file that is outside of them is read as the nearest one.
    public static let batches = 1...1_000_000
    /// Seconds between two batches of phones.
    public static let pauses = 0.0...3600
    /// How long phones may take to restart, in seconds.
    public static let timeouts = 0...86_400

    public var parameters: Parameters {
        var parameters = Parameters()
        switch self {
        case .backUp, .forecast, .deploy: break
        case .exportCertificates(let certificates), .askTVS(let certificates): parameters.certificates = certificates
        case .uploadCertificates(let certificates, let store), .removeCertificates(let certificates, let store):
            (parameters.certificates, parameters.store) = (certificates, store)
        case .setSecurityMode(let mode, let keepsFile):
            (parameters.mode, parameters.keepsFile) = (mode, keepsFile)
            parameters.command = Self.command(mode)
        case .updateTrustList: parameters.command = Self.update
        case .buildAndSign(let certificate, let base, let servers, let signers):
            (parameters.certificate, parameters.base, parameters.servers) = (certificate, base, servers)
            parameters.signers = signers
        case .restartServices(let services, let order): (parameters.services, parameters.order) = (services, order)
        case .restartPhones(let batch, let pause, let pools):
            (parameters.batch, parameters.pause) = (batch, pause)
            parameters.pools = pools.isEmpty ? nil : pools
        case .checkPhones(let timeout): parameters.timeout = timeout
        case .introduceByCluster(let command, let certificates, let isRequired):
            (parameters.command, parameters.certificates) = (command.rawValue, certificates)
            parameters.required = isRequired
        case .introducing(let step): parameters = step.parameters
        }
        return parameters
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(id, forKey: .id)
        try parameters.encode(to: encoder)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        let named = try container.decode(StepID.self, forKey: .id)
        let id = named.introduced ?? named
        let parameters = try Parameters(from: decoder)
        func given<Value>(_ path: KeyPath<Parameters, Value?>, _ name: String) throws -> Value {
            guard let value = parameters[keyPath: path] else {
                throw DecodingError.keyNotFound(
                    Parameters.Key(name), .init(codingPath: decoder.codingPath, debugDescription: id.rawValue))
            }
            return value
        }
        switch id {
        case .backUp: self = .backUp
        case .exportCertificates: self = try .exportCertificates(given(\.certificates, "certificates"))
        case .uploadCertificates:
            self = try .uploadCertificates(given(\.certificates, "certificates"), store: given(\.store, "store"))
        case .askTVS: self = try .askTVS(given(\.certificates, "certificates"))
        case .forecast: self = .forecast
        case .setSecurityMode:
            self = try .setSecurityMode(given(\.mode, "mode"), keepsFile: given(\.keepsFile, "keepsFile"))
        case .updateTrustList: self = .updateTrustList
        case .buildAndSign:
            self = try .buildAndSign(
                certificate: given(\.certificate, "certificate"), base: given(\.base, "base"),
                servers: given(\.servers, "servers"),
                // Plans of earlier versions named tokens only.
                signers: parameters.signers ?? .none)
        case .deploy: self = .deploy
        case .removeCertificates:
            self = try .removeCertificates(given(\.certificates, "certificates"), store: given(\.store, "store"))
        case .restartServices:
            // Plans of earlier versions had no other order.
            self = try .restartServices(given(\.services, "services"), order: parameters.order ?? .oneByOne)
        case .restartPhones:
            self = try .restartPhones(
                batch: Self.batches.clamping(given(\.batch, "batch")),
                pause: Self.pauses.clamping(given(\.pause, "pause")),
                // Plans of earlier versions restarted all phones.
                pools: parameters.pools ?? [])
        case .checkPhones: self = try .checkPhones(timeout: Self.timeouts.clamping(given(\.timeout, "timeout")))
        case .introduceByCluster:
            let text: String = try given(\.command, "command")
            guard let command = SignerCommand(rawValue: text) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath + [Parameters.Key("command")], debugDescription: text))
            }
            self = try .introduceByCluster(
                command: command, certificates: given(\.certificates, "certificates"),
                isRequired: given(\.required, "required"))
        case .introductionBuildAndSign, .introductionDeploy, .introductionRestartServices, .introductionRestartPhones,
            .introductionCheckPhones, .restartServicesAfterRollback, .restartPhonesAfterRollback,
            .checkPhonesAfterRollback:
            throw DecodingError.dataCorruptedError(forKey: .id, in: container, debugDescription: id.rawValue)
        }
        if named != id { self = .introducing(self) }
        // The command follows from the rest; an edited one would not be what is run.
        guard parameters.command == self.parameters.command else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath + [Parameters.Key("command")], debugDescription: id.rawValue))
        }
    }
}

extension PlannedStep.Parameters {
    fileprivate struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }
}

extension ClosedRange {
    /// The nearest number within.
    func clamping(_ number: Bound) -> Bound { Swift.min(Swift.max(number, lowerBound), upperBound) }
}

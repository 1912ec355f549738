import Certificates
import Cluster
import Phones
import TrustList

/// A security token that takes part: its name and its certificate.
public struct MigrationToken: Sendable {
    /// The token's label, for example `SAST-ADN008580ef`.
    public let label: String
    public let certificate: Certificate

    public init(label: String, certificate: Certificate) {
        self.label = label
        self.certificate = certificate
    }
}

/// The change from a tokenless trust list back to one that hardware eTokens sign.
///
/// The order is safer than Cisco's own procedure, which deletes the CTL file first: here the first step that phones can
/// see comes after every token is vouched for and the forecast says yes. Source: docs/operator-guide.md.
public final class ToEtoken<World: ClusterWorld> {
    /// The trust store whose certificates TVS vouches for as SAST.
    public static var trustStore: String { "Phone-SAST-trust" }

    public struct Options: Sendable {
        /// The tokens that will stand in the file, at least two.
        public var tokens: [MigrationToken]
        /// Which of them signs.
        public var signer: Int
        /// Go on although phones are forecast to refuse.
        public var acceptsStranded: Bool
        /// Where certificates and files are left for the user.
        public var output: String
        public var state: StateFolder
        /// The time that the new file will bear, in seconds since 1970.
        public var timestamp: UInt32
        /// How long phones may take to restart, in seconds.
        public var phoneRestartTimeout: Int

        public init(
            tokens: [MigrationToken], signer: Int, acceptsStranded: Bool, output: String, state: StateFolder,
            timestamp: UInt32, phoneRestartTimeout: Int
        ) {
            self.tokens = tokens
            self.signer = signer
            self.acceptsStranded = acceptsStranded
            self.output = output
            self.state = state
            self.timestamp = timestamp
            self.phoneRestartTimeout = phoneRestartTimeout
        }
    }

    let cluster: World
    let options: Options
    let makeSigner: () throws -> any TrustListSigner
    public let survey: Survey
    /// The records of the new file.
    let records: [Record]
    let signerRecord: Record
    let offered: OfferedSigner

    /// What the TVS servers answered, once asked.
    var tvsReplies: [TVSReply] = []
    /// The forecast with real TVS answers, once made.
    public internal(set) var forecast: Forecast
    /// The signed file, once made.
    public internal(set) var newFile: [UInt8]?
    /// What each phone holds after the change, by phone name.
    public internal(set) var after: [String: PhoneResult] = [:]

    /// Surveys the cluster and plans the change. Changes nothing.
    ///
    /// - Parameter makeSigner: logs in to the signing token, which may ask for its PIN; called once, after the forecast.
    /// - Throws: ``MigrationError``, or what the cluster's transports throw.
    public init(
        _ cluster: World, options: Options, makeSigner: @escaping () throws -> any TrustListSigner
    ) throws {
        try Self.checkTokens(options.tokens)
        self.cluster = cluster
        self.options = options
        self.makeSigner = makeSigner
        survey = try Survey(of: cluster, backups: options.state)
        records = try Self.records(
            from: survey.present, tokens: options.tokens.map(\.certificate), signer: options.signer)
        let certificate = options.tokens[options.signer].certificate
        guard let record = records.first(where: { $0.role == .sast && $0.certificate == certificate.der }),
            let offered = OfferedSigner(record: record)
        else { preconditionFailure("the signer's record was just made") }
        signerRecord = record
        self.offered = offered
        // Until TVS can be asked, the forecast supposes that it will vouch for what will be uploaded.
        forecast = Self.forecast(
            for: offered, survey: survey, itl: survey.itl(publisherFirst: cluster.nodes), tvs: [.expectedToVouch])
    }

    /// The steps, in order.
    public var steps: [any Step] {
        [
            BackUp(self), ExportCertificates(self), UploadCertificates(self), AskTVS(self), ForecastPhones(self),
            BuildAndSign(self), Deploy(self), RestartServices(self), RestartPhones(self), CheckPhones(self),
        ]
    }

    /// The step after whose proof the change stands.
    public static var commitStep: String { "deploy" }

    /// Whether the cluster's file is already signed by one of the tokens and holds them all.
    public var isAlreadySo: Bool {
        let file = survey.present
        let wanted = Set(options.tokens.map(\.certificate.der))
        let sast = Set(file.records.filter { $0.role == .sast }.compactMap(\.certificate))
        return sast.isSuperset(of: wanted) && file.signerRecord.flatMap(\.certificate).map(wanted.contains) == true
    }

    private static func checkTokens(_ tokens: [MigrationToken]) throws {
        guard Set(tokens.map(\.certificate)).count == tokens.count else {
            throw MigrationError(
                .unusableTokens, "The same token was named twice: \(tokens.map(\.label).joined(separator: ", ")).",
                next: "Name two different tokens.")
        }
        guard tokens.count >= 2 else {
            throw MigrationError(
                .unusableTokens,
                "\(tokens.count) token was named; two are needed, so that a lost one does not lock the cluster out.",
                next: "Name a second one: --token LABEL.")
        }
        for token in tokens {
            let key = token.certificate.publicKey
            guard key.isRSA, ModulusSize(bits: key.bits) != nil else {
                throw MigrationError(
                    .unusableTokens,
                    "The certificate on token \(token.label) has a key of \(key.bits) bits\(key.isRSA ? "" : " that is not RSA"); a trust list knows RSA keys of 512, 1024, 2048 and 4096 bits.",
                    next: "Use another token.")
            }
        }
    }

    /// The new file's records, in the CTL Client's order and profile: the other tokens first, then the servers as they
    /// are, then the signing token.
    static func records(
        from present: TrustListFile, tokens: [Certificate], signer: Int
    ) throws -> [Record] {
        let servers = try present.records.filter { $0.role != .sast }.map { try $0.inCTLClientProfile() }
        // A token that is in the file stays, with the names as they are spelt there.
        let presentTokens = present.records.filter(\.isToken)
        func record(_ certificate: Certificate) throws -> Record {
            try presentTokens.first { $0.certificate == certificate.der } ?? .token(certificate)
        }
        let others = presentTokens.filter { record in !tokens.contains { $0.der == record.certificate } }
        var named = tokens
        let signing = named.remove(at: signer)
        return try others + named.map(record) + servers + [record(signing)]
    }

    static func forecast(
        for offered: OfferedSigner, survey: Survey, itl: TrustListFile?, tvs: [TVSStatement]
    ) -> Forecast {
        Forecast(
            entries: survey.phones.map { entry in
                Forecast.Entry(
                    phone: entry.phone, before: entry.summary,
                    verdict: Acceptance.decide(
                        signer: offered, held: entry.held, itl: itl, model: entry.phone.model, tvs: tvs))
            })
    }

    /// Refuses to go on where phones would be stranded, unless the user accepted that.
    public func checkForecast() throws {
        let stranded = forecast.stranded
        guard !stranded.isEmpty, !options.acceptsStranded else { return }
        let names = stranded.prefix(5).map { "\($0.phone.name) (\($0.phone.model.name)): \($0.verdict.reason)" }
        let rest = stranded.count > 5 ? ", and \(stranded.count - 5) more" : ""
        throw MigrationError(
            .phonesWouldRefuse,
            "\(stranded.count) of \(forecast.entries.count) phones would not take the new file. \(names.joined(separator: ". "))\(rest).",
            next: strandedAdvice)
    }

    /// What to do about phones that refuse.
    public var strandedAdvice: String {
        "On each of these phones, after the change, delete the trust list by hand (Settings > Security Configuration > Trust List, unlock with **#, Erase) and restart it; run this again with --accept-stranded when somebody is ready to do that."
    }
}

/// What a phone holds after the change.
public enum PhoneResult: String, Sendable, Codable {
    case newFile = "new file"
    case oldFile = "old file"
    case otherFile = "other file"
    case notKnown = "not known"
}

import Basics
import Cluster
import Configuration
import Messages
import Operations
import Version

/// A capture that is complete but not yet written: what the user is shown.
public struct CaptureDraft: Sendable {
    /// One source in the table.
    public struct Row: Sendable, Hashable {
        public var source: Exchange.Source
        public var answers = 0
        public var bytes = 0
        public var notUnderstood = 0
        public var names = 0
        public var addresses = 0
        public var numbers = 0
    }

    public let capture: Capture
    public let rows: [Row]
    /// Certificates that were recreated.
    public let certificates: Int
    /// Responses that are understood differently with false names than with the true ones: a bug of this program.
    public let differing: [Int]
    /// Host and user names that stay, because they are general words.
    public let kept: [String]

    /// Replaces the names in what was recorded.
    ///
    /// - Throws: ``CaptureError`` (`not-disguised`), ``CertificateError``.
    public init(_ survey: CaptureSurvey, of cluster: ClusterClient, at time: Timestamp) throws {
        let disguise = Disguise(cluster.configuration)
        let originals = survey.exchanges.map(Trim.trimmed)
        try disguise.learn(from: originals)
        // Notes name the phone. Most names are numbers; one that is a user's is not.
        if let phone = survey.phone, disguise.pseudonyms.scan(phone) == phone {
            disguise.pseudonyms.learn(name: phone.utf8)
        }
        let snapshot = try survey.snapshot.map { try disguise.disguised($0) }
        disguise.pseudonyms.counts = .init()
        var (exchanges, differing, rows) = ([Exchange](), [Int](), [Exchange.Source: Row]())
        for original in originals {
            let before = disguise.pseudonyms.counts
            var exchange = try disguise.disguised(original)
            let after = disguise.pseudonyms.counts
            let live = Understanding(of: original)
            let replayed = Understanding(of: exchange)
            switch replayed {
            case .understood(let facts): exchange.understood = facts.map { [$0.name, $0.value] }
            case .passedOver: break
            case .notUnderstood(let problem): exchange.problem = problem
            }
            let isSame =
                switch (live, replayed) {
                case (.understood(let facts), .understood): disguise.disguised(facts) == exchange.understood
                case (.passedOver, .passedOver), (.notUnderstood, .notUnderstood): true
                default: false
                }
            if !isSame { differing.append(exchange.number) }
            var row = rows[exchange.source] ?? Row(source: exchange.source)
            row.answers += 1
            row.bytes += exchange.answer.count
            row.notUnderstood += exchange.problem == nil ? 0 : 1
            row.names += after.names - before.names
            row.addresses += after.addresses - before.addresses
            row.numbers += after.numbers - before.numbers
            rows[exchange.source] = row
            exchanges.append(exchange)
        }
        self.differing = differing
        self.rows = Exchange.Source.allCases.compactMap { rows[$0] }
        certificates = disguise.certificates.count
        kept = disguise.pseudonyms.kept.sorted()
        capture = Capture(
            program: Version.current, taken: time, version: survey.status?.version,
            securityMode: survey.status?.securityMode?.name,
            manners: SeenManners(originals, cluster.configuration).list,
            notes: survey.notes.map { disguise.pseudonyms.scan($0.text(in: .english)) }, exchanges: exchanges,
            snapshot: snapshot)
        try Secrecy(pseudonyms: disguise.pseudonyms).check(capture, cluster)
    }
}

/// Looks through a finished capture for what must not be in it.
struct Secrecy {
    let pseudonyms: Pseudonyms

    /// - Throws: ``CaptureError`` (`not-disguised`).
    func check(_ capture: Capture, _ cluster: ClusterClient) throws {
        for exchange in capture.exchanges {
            let words = [exchange.node, exchange.question, exchange.request ?? "", exchange.problem ?? ""]
            let texts = words + (exchange.headers ?? []) + (exchange.understood ?? []).compactMap(\.last)
            for bytes in texts.map({ Array($0.utf8) }) + [exchange.answer] {
                guard pseudonyms.leak(in: bytes) == nil, !cluster.isPassword(in: bytes) else {
                    throw CaptureError(.notDisguised, "", place: "\(exchange.number) \(exchange.source.rawValue)")
                }
            }
        }
        for bytes in try capture.notes.map({ Array($0.utf8) }) + [JSON.document(capture.snapshot)] {
            guard pseudonyms.leak(in: bytes) == nil, !cluster.isPassword(in: bytes) else {
                throw CaptureError(.notDisguised, "", place: "snapshot")
            }
        }
    }
}

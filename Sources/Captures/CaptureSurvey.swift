import Basics
import Cluster
import Configuration
import Messages
import Operations
import Phones
import TrustList

/// Reads everything that the program reads from a cluster, and changes nothing. What cannot be read becomes a note.
public struct CaptureSurvey: Sendable {
    public private(set) var status: ClusterStatus?
    public private(set) var snapshot: ClusterSnapshot?
    public private(set) var notes: [LocalizableText] = []
    private(set) var phone: String?
    public var exchanges: [Exchange] { recorder.all }
    private let recorder: Recorder

    /// - Parameter recorder: the wire of the cluster that is read.
    public init(_ recorder: Recorder) { self.recorder = recorder }

    /// Reads a cluster.
    ///
    /// - Parameters:
    ///   - phone: a phone whose pages are read, by its name.
    ///   - observe: called before each longer step.
    public mutating func read(
        _ cluster: ClusterClient, phone: String?, at time: Int64, observe: (LocalizableText) -> Void
    ) throws {
        self.phone = phone
        observe(localized("the nodes"))
        // Without this there is nothing to record.
        let status = try cluster.status(at: time)
        self.status = status
        snapshot = cluster.snapshot(status, observe: observe)
        notes += snapshot?.gaps ?? []
        observe(localized("the command line"))
        let publisher = try cluster.publisher()
        read(localized("servers")) { _ = try cluster.commandLine(of: publisher).servers() }
        read(localized("phones on the command line")) {
            _ = try Inventory.read(from: cluster, by: .sql, asksForState: false)
        }
        observe(localized("the trust stores"))
        for transport in TrustTransport.allCases {
            read(localized("the trust store by \(transport.rawValue)")) {
                let stores = TrustStores(of: cluster, by: transport)
                // Before any change it is empty, and an empty list shows little.
                if try stores.list(TrustStores.phoneSAST).certificates.isEmpty {
                    _ = try stores.list("CallManager-trust")
                }
            }
        }
        read(localized("the upload forms")) { try cluster.administration(of: publisher).openForms() }
        observe(.verbatim("TVS"))
        readTVS(cluster)
        if let phone {
            observe(localized("phone \(phone)"))
            readPhone(cluster, phone)
        }
    }

    private mutating func read(_ what: LocalizableText, _ body: () throws -> Void) {
        do { try body() } catch { notes.append(localized("\(what): \(LocalizableText(describing: error))")) }
    }

    /// Whether TVS vouches for the current signer.
    private mutating func readTVS(_ cluster: ClusterClient) {
        let recorder = recorder
        let servers = cluster.configuration.nodes.filter { $0.tvsPort != nil && $0.tvsPin != nil }
        read(.verbatim("TVS")) {
            for host in try cluster.trustListHosts.prefix(1) {
                guard let file = try host.fetch(.ctl, over: .tftp) else { continue }
                let list = try TrustListFile(decoding: file)
                var questions = TVSInquiry(signerOf: list).questions
                if let signer = list.signerRecord?.x509 { questions += TVSInquiry(certificate: signer).questions }
                for reply in TVSInquiry(questions: questions).ask(servers, wire: recorder) {
                    _ = try reply.answer.get()
                }
            }
        }
    }

    private mutating func readPhone(_ cluster: ClusterClient, _ phone: String) {
        read(localized("phone \(phone)")) {
            let found = try cluster.ris().phones(named: [phone])
            guard let address = found.first(where: { $0.name == phone })?.address else {
                throw ClusterError(
                    .notFound, operation: localized("look up the phones' addresses"),
                    message: localized("the cluster knows no address of \(phone)"))
            }
            let page = cluster.phonePage(address: address, phone: phone)
            _ = try page.information()
            _ = try page.trustLists()
        }
    }

    /// Adds what a token reports.
    public func add(token lines: [(name: String, value: String)]) { recorder.add(TokenAnswers.exchange(lines)) }
}

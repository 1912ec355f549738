import Basics
import Cluster
import Configuration
import Messages
import Migration
import Operations
import Phones
import Testing
import TrustList
import X509

/// A cluster in memory that can be made to fail at a given call. What the real transports do is tested against the lab.
/// It is used by one thread: its nodes are read and written one after another.
final class MemoryCluster: ClusterAccess, @unchecked Sendable {
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    var name = "memory"
    let publisher = "pub"
    var nodes = ["pub", "sub"]
    var files: [String: [String: [UInt8]]] = [:]
    var store: [Certificate] = []
    /// Whether the interface only describes what a store contains, as the command line does.
    var onlyDescribes = false
    var mode = SecurityMode.mixed
    var release = "10.5.1.10000-7"
    /// Builds the file that the cluster writes and signs itself, in a mode.
    var ownFile: (SecurityMode) throws -> [UInt8] = { _ in throw Fault(description: "no utils ctl") }
    var fleet: [Phone] = []
    var held: [String: [UInt8]] = [:]
    /// Phones whose web access is disabled.
    var silent: Set<String> = []
    /// Called with the names of phones that are asked what they hold.
    var onLook: ([String]) -> Void = { _ in }
    /// Every call that changes something, in order.
    var changes: [String] = []
    /// Called with each change before it happens; throws to make it fail.
    var onChange: (String) throws -> Void = { _ in }
    /// Changes what a node returns.
    var corrupt: (_ node: String, _ file: String, [UInt8]) -> [UInt8] = { $2 }
    var tvsKnowsUploads = true
    /// What TVS vouches for although it left the store, and whether a restart fixes that.
    var staleTVS: [Certificate] = []
    var tvsForgets = true
    /// The certificate with which the cluster signs; TVS knows it.
    var own: Certificate?

    private func change(_ what: String) throws {
        try onChange(what)
        changes.append(what)
    }

    func version() -> ClusterVersion { ClusterVersion(release)! }
    func securityMode() -> SecurityMode { mode }

    func setSecurityMode(_ mode: SecurityMode) throws {
        try change("set \(mode.name)")
        self.mode = mode
        try writeOwnFile()
    }

    func updateTrustList() throws {
        try change("utils ctl update CTLFile")
        try writeOwnFile()
    }

    /// Whether its own file names what the store contains.
    var writesTrusted = false
    /// Builds the file that the other of its signers signs.
    var otherFile: () throws -> [UInt8] = { throw Fault(description: "no other signer") }

    func resetLocalKey() throws {
        try change("utils ctl reset localkey")
        try write(otherFile())
    }

    private func writeOwnFile() throws {
        var bytes = try ownFile(mode)
        if writesTrusted, !store.isEmpty {
            let list = try TrustListFile(decoding: bytes)
            let draft = TrustListDraft(
                replacing: list.header, at: 0, records: try list.records + store.map { try Record.token($0) })
            bytes = try draft.signed(by: SoftwareSigner(certificate: #require(own), key: Situation.publisherKey))
                .encoded()
        }
        try write(bytes)
    }

    private func write(_ bytes: [UInt8]) throws {
        for node in nodes {
            // The disk of a node may be full: the command continues with the others.
            do { try change("own file \(node)") } catch is Fault { continue }
            files[node]?["CTLFile.tlv"] = bytes
        }
    }

    var problems: [StatusFinding] = []
    /// Nodes by address.
    let addresses = ["127.1.2.12": "sub", "127.1.2.11": "pub", "cucm-pub": "pub", "cucm-sub": "sub"]

    func findings() -> [StatusFinding] { problems }
    func nodeName(of server: String) -> String? { nodes.contains(server) ? server : addresses[server] }

    var trustLists: ClusterTrustLists {
        ClusterTrustLists(nodes.map { Host(node: $0, cluster: self) }, isParallel: false)
    }

    /// Whether the nodes have a command that says what they have.
    var states = true
    /// The names of the servers in the database.
    var servers = [["pub", "cucm-pub", "127.1.2.11"], ["sub", "cucm-sub", "127.1.2.12"]]
    /// The nodes' own certificates, by unit.
    var certificates: [String: [String: Certificate]] = [:]

    func serverNames() -> [[String]] { servers }

    /// Read from a command line, as from a real node.
    func ownCertificates() -> [String: Result<NodeCertificates, ClusterError>] {
        certificates.reduce(into: [:]) { all, entry in
            do throws(ClusterError) {
                let line = PlatformCommandLine(Shell(node: entry.key, certificates: entry.value))
                all[entry.key] = .success(try NodeCertificates(of: entry.key, from: line))
            } catch {
                all[entry.key] = .failure(error)
            }
        }
    }

    private struct Shell: ClusterShell {
        let node: String
        let certificates: [String: Certificate]
        var isOpen: Bool { true }

        func run(_ command: ShellCommand) throws(ClusterError) -> String {
            if command.text == "show cert list own" {
                return certificates.keys.sorted().map { "\($0)/\($0).pem: Self-signed" }.joined(separator: "\n")
            }
            let name = command.text.split(separator: "/").last?.dropLast(".pem".count) ?? ""
            return certificates[String(name)]?.pem ?? "No valid command entered"
        }

        func close() {}
    }

    private struct Host: TrustListHost {
        let node: String
        let cluster: MemoryCluster

        func fetch(_ kind: TrustListKind, over transport: TrustListTransport, timeout: Double) -> [UInt8]? {
            cluster.files[node]?[kind.fileName].map { cluster.corrupt(node, kind.fileName, $0) }
        }

        /// The disk: nobody else answers on the command line.
        func statement(of kind: TrustListKind) throws(ClusterError) -> TrustListStatement {
            guard cluster.states else {
                throw ClusterError(
                    .notSupported, operation: .verbatim("show"), node: node, message: .verbatim("unknown command"))
            }
            return TrustListStatement(of: cluster.files[node]?[kind.fileName])
        }

        func deploy(_ contents: [UInt8]) throws(ClusterError) {
            try change("deploy")
            cluster.files[node, default: [:]]["CTLFile.tlv"] = contents
        }

        func delete() throws(ClusterError) {
            try change("delete")
            cluster.files[node]?["CTLFile.tlv"] = nil
        }

        private func change(_ what: String) throws(ClusterError) {
            do { try cluster.change("\(what) \(node)") } catch {
                throw ClusterError(.refused, operation: .verbatim(what), node: node, message: .verbatim("\(error)"))
            }
        }
    }

    func certificates(in store: String) -> [TrustedCertificate] {
        self.store.map { certificate in
            onlyDescribes
                ? TrustedCertificate(
                    store: store, name: "", serialNumber: certificate.serialNumber, sha1: certificate.sha1)
                : TrustedCertificate(store: store, name: "", certificate: certificate)
        }
    }

    func upload(_ certificate: Certificate, to store: String) throws {
        try change("upload \(certificate.subject.value(of: "CN") ?? "")")
        self.store.append(certificate)
    }

    func remove(_ certificate: Certificate, from store: String) throws {
        try change("remove \(certificate.subject.value(of: "CN") ?? "")")
        self.store.removeAll { $0 == certificate }
    }

    /// What TVS says of the cluster's own signer instead, by the file that is on its node.
    var rolesOfOwn: ((TrustListFile) -> [Role])?
    /// Whether nobody reaches the TVS server.
    var tvsIsDown = false
    let tvsReadingTime = 1.0

    func askTVS(for signer: CandidateSigner, as phone: Phone?, trusting itl: TrustListFile?) -> [TVSReply] {
        [TVSReply(server: "pub", answer: tvsIsDown ? .unreachable(.verbatim("it is down")) : answer(about: signer))]
    }

    private func answer(about signer: CandidateSigner) -> TVSStatement {
        let list = (files["pub"]?["CTLFile.tlv"]).flatMap { try? TrustListFile(decoding: $0) }
        if signer.certificate == own, let rolesOfOwn, let list {
            return .vouches(certificate: signer.certificate.der, roles: rolesOfOwn(list))
        }
        let isNamed = list?.records.contains { $0.role == .sast && $0.certificate == signer.certificate.der } ?? false
        let isStale = staleTVS.contains(signer.certificate)
        let known =
            isNamed || isStale || (tvsKnowsUploads && store.contains(signer.certificate)) || signer.certificate == own
        return known ? .vouches(certificate: signer.certificate.der, roles: [.sast]) : .doesNotKnow
    }

    func phones() -> [Phone] { fleet }
    /// By default each node has phones of its own, and is the other one's backup.
    var callManagerGroups: [CallManagerGroup]? = [
        CallManagerGroup(name: "one", servers: ["pub", "sub"], phones: 2),
        CallManagerGroup(name: "two", servers: ["sub", "pub"], phones: 1),
    ]

    func heldChecksums(of phones: [Phone]) -> [String: HeldChecksum] {
        onLook(phones.map(\.name))
        return Dictionary(
            uniqueKeysWithValues: phones.filter { !silent.contains($0.name) }.map { phone in
                (phone.name, held[phone.name].map { .checksum(Digest.sha1($0).hex) } ?? .notInstalled)
            })
    }

    /// Phones that did not come back, and those that are asked after.
    var away: Set<String> = []
    var onRegistrations: ([String]) throws(ClusterError) -> Void = { (_) throws(ClusterError) in }

    func registrations(of phones: [String], isInterrupted: () -> Bool) throws(ClusterError) -> [String: String] {
        try onRegistrations(phones)
        return Dictionary(uniqueKeysWithValues: phones.filter { !away.contains($0) }.map { ($0, "sub") })
    }

    /// Whether phones can ask a TVS server.
    var tvsAnswers = true

    /// A phone that accepts every file whose signer it can trust, by the same two facts that the lab's phones check.
    func restart(_ phone: Phone) throws {
        try change("restart \(phone.name)")
        guard let bytes = files["pub"]?["CTLFile.tlv"] else { return }
        let header = try TrustListFile(decoding: bytes).header
        let isKnown = try held[phone.name].map { held in
            try TrustListFile(decoding: held).records.contains {
                $0.role == .sast && $0.names(issuer: header.caName, serialNumber: header.serialNumber)
            }
        }
        if (phone.model.securityByDefault == .supported && tvsAnswers) || isKnown ?? true { held[phone.name] = bytes }
    }

    /// Nodes whose OS Administration refuses, and how often each was logged in to.
    var closedPages: Set<String> = []
    private(set) var logins: [String: Int] = [:]
    var hasApplicationAccount = true
    var applicationFault: ClusterError?

    func connectToAdministration(of nodes: [String]) -> [(node: String, failure: ClusterError?)] {
        nodes.map { node in
            logins[node, default: 0] += 1
            guard closedPages.contains(node) else { return (node, nil) }
            return (
                node,
                ClusterError(.loginRefused, operation: .verbatim("log in"), node: node, message: .verbatim("refused"))
            )
        }
    }

    func tryApplicationAccount() throws(ClusterError) { if let applicationFault { throw applicationFault } }

    /// Where services are activated; nil for all nodes.
    var running: [String]?

    func nodes(running service: String) -> [String] { running ?? nodes }

    /// Called while a service is starting.
    var onWait: () -> Void = {}

    func restart(service: String, on node: String, isInterrupted: () -> Bool) throws {
        onWait()
        if isInterrupted() {
            throw ClusterError(
                .interrupted, operation: .verbatim("restart \(service)"), message: .verbatim("interrupted"))
        }
        try change("restart \(service) \(node)")
        if service == ClusterService.trustVerification, tvsForgets { staleTVS = [] }
    }

    /// What restarted together, and after which services it was waited for.
    private(set) var waves: [[String]] = []
    private(set) var rests: [String] = []

    /// At the same time, as far as can be seen from outside: a wave continues after a failure.
    func restart(
        service: String, on nodes: [String], isInterrupted: () -> Bool, meanwhile: SimultaneousRestart.Meanwhile?,
        restarted: (String) throws -> Void
    ) throws {
        waves.append([service] + nodes)
        var failure: (any Error)?
        do { try meanwhile? { isInterrupted() } } catch { failure = error }
        for node in nodes {
            do {
                try restart(service: service, on: node, isInterrupted: isInterrupted)
                try restarted(node)
            } catch let error as ClusterError where error.code == .interrupted {
                throw error
            } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    func awaitRest(of service: String, isInterrupted: () -> Bool) { rests.append(service) }
}

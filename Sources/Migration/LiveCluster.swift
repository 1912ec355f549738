import Basics
import Cluster
import Configuration
import Glibc
import Messages
import Operations
import Phones
import TrustList
import X509

/// A real cluster, reached through the transports of the module Cluster.
public final class LiveCluster: ClusterAccess {
    private let cluster: ClusterClient
    private let publisherNode: NodeConfiguration

    /// - Throws: ``ClusterError`` if the configuration names no publisher.
    public init(_ cluster: ClusterClient) throws(ClusterError) {
        self.cluster = cluster
        publisherNode = try cluster.publisher()
    }

    public var name: String { cluster.configuration.name }

    public var publisher: String { publisherNode.name }

    public var nodes: [String] { cluster.configuration.tftpNodes.map(\.name) }

    public func version() throws -> ClusterVersion { try cluster.commandLine(of: publisherNode).version() }

    public func securityMode() throws -> SecurityMode { try cluster.commandLine(of: publisherNode).securityMode() }

    public func setSecurityMode(_ mode: SecurityMode) throws {
        try cluster.commandLine(of: publisherNode).setSecurityMode(mode)
    }

    public func updateTrustList() throws { try cluster.commandLine(of: publisherNode).updateTokenlessTrustList() }

    public func resetLocalKey() throws { try cluster.commandLine(of: publisherNode).resetLocalKey() }

    /// What the nodes' command lines said in this run. Which services are activated does not change during a run.
    private var condition: ClusterStatus?
    /// Where services are activated, if that was asked for by itself.
    private var activated: [String: [String]] = [:]

    public func findings() throws -> [StatusFinding] {
        let condition = try cluster.condition(at: Int64(time(nil)))
        self.condition = condition
        return condition.findings()
    }

    public func nodeName(of server: String) -> String? {
        cluster.configuration.node(called: server)?.name
    }

    public var trustLists: ClusterTrustLists {
        get throws { ClusterTrustLists(try cluster.trustListHosts, of: name) }
    }

    public func serverNames() throws -> [[String]] { try cluster.commandLine(of: publisherNode).serverNames() }

    public func ownCertificates() throws -> [String: Result<NodeCertificates, ClusterError>] {
        let nodes = cluster.configuration.nodes
        let results = Concurrently.map(nodes) { [cluster] node -> Result<NodeCertificates, ClusterError> in
            do throws(ClusterError) {
                return .success(try NodeCertificates(of: node.name, from: cluster.commandLine(of: node)))
            } catch {
                return .failure(error)
            }
        }
        return Dictionary(uniqueKeysWithValues: zip(nodes.map(\.name), results))
    }

    public func certificates(in store: String) throws -> [TrustedCertificate] {
        try stores.list(store).certificates
    }

    public func upload(_ certificate: Certificate, to store: String) throws {
        _ = try stores.upload(certificate, to: store)
    }

    public func remove(_ certificate: Certificate, from store: String) throws {
        _ = try stores.remove(from: store) { $0.isSame(as: certificate) }
    }

    private var stores: TrustStores { TrustStores(of: cluster) }

    public func askTVS(for signer: CandidateSigner, as phone: Phone?, trusting itl: TrustListFile?) -> [TVSReply] {
        let nodes = cluster.configuration.nodes.filter { $0.tvsPort != nil }
        let answers = Concurrently.map(nodes) { [cluster] node in
            Self.answer(of: node, in: cluster, for: signer, as: phone, trusting: itl)
        }
        return zip(nodes, answers).map { TVSReply(server: $0.name, answer: $1) }
    }

    private static func answer(
        of node: NodeConfiguration, in cluster: ClusterClient, for signer: CandidateSigner, as phone: Phone?,
        trusting itl: TrustListFile?
    ) -> TVSStatement {
        // A phone only talks to a TVS server whose certificate is in its ITL file.
        let listed = itl?.records.filter { $0.role == .tvs }.compactMap(\.x509?.publicKey.pin)
        guard listed?.contains(node.tvsPin ?? "") == true else {
            return .unreachable(localized("its key is not in the ITL file, so phones would not talk to it"))
        }
        do {
            let answer = try cluster.tvs(on: node).queryCertificate(
                subject: signer.name, issuer: signer.issuer, serialNumber: signer.serialNumber,
                deviceName: phone.map(deviceName) ?? TVSClient.defaultDeviceName)
            guard answer.isValid, let certificate = answer.certificate else { return .doesNotKnow }
            return .vouches(certificate: certificate.der, roles: answer.roles)
        } catch {
            return .unreachable(error.message)
        }
    }

    /// The name under which a phone identifies itself to TVS, for example `CP-8861-SEPB000B4BA0AEE`.
    private static func deviceName(_ phone: Phone) -> String {
        let number = phone.model.name.split { !$0.isNumber }.first ?? "8861"
        return "CP-\(number)-\(phone.name)"
    }

    public private(set) var callManagerGroups: [CallManagerGroup]?

    public func phones() throws -> [Phone] {
        let inventory = try Inventory.read(from: cluster, models: .configured())
        callManagerGroups = CallManagerGroup.all(of: inventory, nodes: Set(cluster.configuration.nodes.map(\.name)))
        return inventory.phones
    }

    public func heldChecksums(of phones: [Phone]) -> [String: HeldChecksum] {
        let asked = phones.filter { $0.address != nil }
        let answers = Concurrently.map(asked, maximumWidth: 32) { [cluster] phone -> HeldChecksum? in
            guard let address = phone.address,
                let lists = try? cluster.phonePage(address: address, phone: phone.name).trustLists()
            else { return nil }
            return lists.ctl.map(HeldChecksum.checksum) ?? .notInstalled
        }
        var held: [String: HeldChecksum] = [:]
        for (phone, answer) in zip(asked, answers) { held[phone.name] = answer }
        return held
    }

    public func registrations(of phones: [String], isInterrupted: () -> Bool) throws(ClusterError) -> [String: String] {
        try Inventory.registrations(of: phones, in: cluster, isInterrupted: isInterrupted)
    }

    public func connectToAdministration(of nodes: [String]) -> [(node: String, failure: ClusterError?)] {
        let failures = Concurrently.map(nodes) { [cluster] name -> ClusterError? in
            do throws(ClusterError) {
                try cluster.administration(of: cluster.node(name)).connect()
                return nil
            } catch {
                return error
            }
        }
        return Array(zip(nodes, failures))
    }

    public var hasApplicationAccount: Bool { cluster.configuration.application != nil }

    public func tryApplicationAccount() throws(ClusterError) { try cluster.tryApplicationAccount() }

    /// One connection for all phones.
    private var restarter: AXLClient?

    public func restart(_ phone: Phone) throws {
        let client = try restarter ?? cluster.axl()
        restarter = client
        try client.restartPhone(phone.name)
    }

    public func nodes(running service: String) throws -> [String] {
        if let condition {
            return condition.nodes.filter { node in
                node.services?.contains { $0.name == service && $0.isActivated } == true
            }.map(\.name)
        }
        if let known = activated[service] { return known }
        let others = cluster.configuration.nodes.filter { !$0.isPublisher }
        let nodes = try ServiceRestart(of: [service], on: [publisherNode] + others, in: cluster).steps.map(\.node)
        activated[service] = nodes
        return nodes
    }

    public func restart(service: String, on node: String, isInterrupted: () -> Bool) throws {
        try cluster.restart(service, on: cluster.node(node), isInterrupted: isInterrupted)
    }

    public func restart(
        service: String, on nodes: [String], isInterrupted: () -> Bool, meanwhile: SimultaneousRestart.Meanwhile?,
        restarted: (String) throws -> Void
    ) throws {
        guard nodes.count > 1 || meanwhile != nil else {
            for node in nodes {
                try restart(service: service, on: node, isInterrupted: isInterrupted)
                try restarted(node)
            }
            return
        }
        try SimultaneousRestart(
            of: service, on: nodes.map { name throws(ClusterError) in try cluster.node(name) }, in: cluster
        )
        .wait(isInterrupted: isInterrupted, meanwhile: meanwhile, restarted: restarted)
    }

    public func awaitRest(of service: String, isInterrupted: () -> Bool) {
        let cluster = cluster
        let nodes = (try? nodes(running: service).map { name throws(ClusterError) in try cluster.node(name) }) ?? []
        let deadline = ContinuousClock.now + .seconds(600)
        while ContinuousClock.now < deadline {
            let isMoving = Concurrently.map(nodes) { node in
                let state = try? cluster.commandLine(of: node).services().first { $0.name == service }
                return state.map { $0.isActivated && !$0.isRunning && $0.state != "STOPPED" } ?? false
            }
            guard isMoving.contains(true), interruptibleSleep(1, isInterrupted: isInterrupted) else { return }
        }
    }
}

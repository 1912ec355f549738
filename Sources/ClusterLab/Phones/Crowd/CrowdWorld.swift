import Basics
import Synchronization
import TrustList
import X509

/// What many phones see of the cluster: the files that its nodes serve, and its Trust Verification Services, both without
/// a connection for each phone.
final class CrowdWorld: Sendable {
    let nodes: [NodeRuntime]
    /// A CTL file from before the publisher's CallManager certificate was regenerated.
    let formerCTL: String
    private let identity: ClusterIdentity
    private let services: [String: TVSServer]
    private let cache = Mutex<[String: (stamp: FileStamp, file: HeldFiles.File)]>([:])

    init(nodes: [NodeRuntime], identity: ClusterIdentity, services: [String: TVSServer], formerCTL: String) {
        self.nodes = nodes
        self.identity = identity
        self.services = services
        self.formerCTL = formerCTL
    }

    /// The first of these files that a node serves now.
    func file(_ names: [String], at node: NodeRuntime) -> HeldFiles.File? {
        for name in names {
            let path = "\(node.files.served)/\(name)"
            guard let stamp = Files.stamp(path) else { continue }
            if let known = cache.withLock({ $0[path] }), known.stamp == stamp { return known.file }
            guard let bytes = try? LabFiles.read(path) else { continue }
            let file = HeldFiles.File(bytes)
            cache.withLock { $0[path] = (stamp, file) }
            return file
        }
        return nil
    }

    /// QUERY_CERT for the signer of a file, as ``PhoneNetwork`` asks it over the network.
    func askTVS(_ record: Record, _ header: Header, device: String) -> PhoneJudge.TVSAnswer {
        guard let address = record.ipAddress, let node = nodes.first(where: { $0.plan.addressBytes == address }),
            let service = services[node.plan.name]
        else { return .unreachable("the node has no TVS") }
        guard node.isUp, node.isStarted(.trustVerification) else {
            return .unreachable("\(node.plan.address) does not answer")
        }
        guard let own = identity.node(node.plan.name)?.tvs.certificate, record.certificate == own.der else {
            return .unreachable("\(node.plan.address) has another key than its TVS record")
        }
        guard let entry = service.entry(issuer: header.caName, serialNumber: header.serialNumber, for: device) else {
            return .unknown
        }
        return .valid(certificate: entry.certificate, roles: entry.roles)
    }
}

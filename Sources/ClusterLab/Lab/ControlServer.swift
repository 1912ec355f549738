import Basics
import Glibc
import X509

/// Answers the command line within the running lab.
struct ControlServer: Sendable {
    let cluster: LabCluster
    /// The lab's absolute path.
    let path: String

    private static let maximumRequest = 1 << 20

    func serve(_ connection: Int32) {
        Sockets.setTimeout(connection, seconds: 10)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < Self.maximumRequest {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        let response: ControlResponse
        if let request = try? JSON.decode(ControlRequest.self, from: bytes) {
            response = answer(request)
        } else {
            response = ControlResponse(error: "the lab does not understand the question")
        }
        Sockets.send(connection, JSON.encode(response))
    }

    private func answer(_ request: ControlRequest) -> ControlResponse {
        switch request.command {
        case .status: return ControlResponse(status: status)
        case .phones: return ControlResponse(phones: cluster.allPhones)
        case .restart:
            for phone in cluster.phones { phone.restart() }
            cluster.crowd.restartAll(everyone: request.everyPhone ?? false)
            return ControlResponse()
        case .fault:
            let chosen = cluster.nodes.filter { request.node == "all" || $0.plan.name == request.node }
            guard !chosen.isEmpty else {
                let names = cluster.plan.nodes.map(\.name).joined(separator: ", ")
                return ControlResponse(error: "there is no node \(request.node ?? "") in this lab; it has \(names)")
            }
            do {
                let spoofed = (request.spoofed ?? [:]).compactMapValues { [UInt8](base64: $0) }
                for node in chosen {
                    try cluster.setFaults(
                        Set(request.faults ?? []), delay: request.delay ?? LabCluster.usualDelay, spoofed: spoofed,
                        on: node)
                }
                return ControlResponse()
            } catch {
                return ControlResponse(error: "\(error)")
            }
        }
    }

    private var status: LabStatus {
        let unserved = cluster.unserved
        return LabStatus(
            schema: "cluster-lab-status/1", running: true, directory: path, process: getpid(),
            version: cluster.plan.fullVersion, securityMode: cluster.securityMode,
            trustStore: cluster.trustStore.entries().map { "\($0.unit)/\($0.file)" },
            nodes: cluster.nodes.map(node), phones: cluster.phones.map(phone), crowd: crowd,
            restarting: cluster.crowd.restarting, unserved: unserved.now, losses: unserved.losses,
            busySeconds: cluster.busy.seconds)
    }

    private var crowd: [LabStatus.Crowd] {
        struct Key: Hashable {
            let kind: UInt16
            let ctl: UInt16
            let outcome: UInt16
            let isRegistered: Bool
        }
        var counts: [Key: Int] = [:]
        cluster.crowd.visit { _, _, _, phone in
            let key = Key(
                kind: phone.kind, ctl: phone.ctl, outcome: phone.ctlOutcome, isRegistered: phone.registeredAt >= 0)
            counts[key, default: 0] += 1
        }
        return counts.sorted { ($0.key.kind, $0.key.ctl, $0.key.outcome) < ($1.key.kind, $1.key.ctl, $1.key.outcome) }
            .map { key, count in
                let kind = cluster.plan.population.kinds[Int(key.kind)]
                let outcome = cluster.crowd.outcome(key.outcome)
                return LabStatus.Crowd(
                    model: kind.model.product, pool: kind.pool, isRegistered: key.isRegistered,
                    ctlSHA1: cluster.crowd.file(key.ctl)?.sha1, ctlOutcome: outcome?.kind.rawValue,
                    ctlReason: outcome?.reason, count: count)
            }
    }

    private func node(_ node: NodeRuntime) -> LabStatus.Node {
        let ctl = node.files.read("CTLFile.tlv")
        return LabStatus.Node(
            name: node.plan.name, address: node.plan.address, isUp: node.isUp,
            faults: node.faults.map(\.rawValue).sorted(), ctlSHA1: Self.sha1(ctl), ctlLength: ctl?.count,
            itlSHA1: Self.sha1(node.files.read("ITLFile.tlv")),
            services: Dictionary(
                uniqueKeysWithValues: node.services().map { ($0.service.rawValue, node.isUp && $0.state.isStarted) }),
            tftpProcess: node.tftpProcess)
    }

    private func phone(_ phone: Phone) -> LabStatus.Phone {
        let state = phone.state
        return LabStatus.Phone(
            name: phone.plan.name, model: phone.plan.model.rawValue, address: phone.plan.address,
            registeredAt: state.registeredAt, starts: state.starts, ctlSHA1: Self.sha1(phone.heldCTL),
            itlSHA1: Self.sha1(phone.heldITL), ctlOutcome: state.ctl?.kind.rawValue, ctlReason: state.ctl?.reason,
            itlOutcome: state.itl?.kind.rawValue, itlReason: state.itl?.reason)
    }

    private static func sha1(_ bytes: [UInt8]?) -> String? { bytes.map { Digest.sha1($0).hex } }
}

import TrustList
import X509

extension LabPlan {
    /// A plan for a lab modelled on the cluster of a snapshot: its nodes, release, services and phones, on the lab's
    /// addresses.
    static func like(_ snapshot: Snapshot, tftpCache: Bool, manners: [Manner]?) throws(LabError) -> LabPlan {
        let network = newNetwork()
        var nodes: [Node] = []
        for (index, node) in snapshot.nodes.enumerated() {
            nodes.append(
                try newNode(
                    index, node.name, network: network, isPublisher: node.isPublisher, servesTFTP: node.servesTFTP,
                    runsTVS: node.runsTVS, runsCallManager: node.runsCallManager))
        }
        var (population, phones) = (PhonePopulation.none(nodes: nodes.map(\.name)), [Phone]())
        if let wanted = snapshot.phones {
            (population, phones) = split(wanted, nodes: nodes.map(\.name), network: network)
        }
        return LabPlan(
            release: snapshot.release, nodes: nodes, phones: phones, population: population,
            phoneWebPort: try commonPort(phones.isEmpty ? ["\(network).101"] : phones.map(\.address)),
            tftpCache: tftpCache, manners: manners, version: snapshot.version, tokens: tokens(snapshot))
    }

    /// Up to three registered phones of different models get addresses and web pages; the others belong to the crowd.
    private static func split(
        _ wanted: Snapshot.Phones, nodes: [String], network: String
    ) -> (PhonePopulation, [Phone]) {
        var phones: [Phone] = []
        var kinds: [PhonePopulation.Kind] = []
        for kind in wanted.kinds where kind.count > 0 {
            let model = PhoneModel(named: kind.model)
            let isRegistered = kind.isRegistered ?? true
            var count = kind.count
            if isRegistered, !model.isSoftware, phones.count < 3, !phones.contains(where: { $0.model == model }) {
                phones.append(
                    Phone(
                        name: newPhoneName(), model: model, address: "\(network).\(101 + phones.count)",
                        pool: kind.pool, profile: kind.profile))
                count -= 1
            }
            guard count > 0 else { continue }
            kinds.append(
                PhonePopulation.Kind(
                    model: model, pool: kind.pool, profile: kind.profile, isRegistered: isRegistered,
                    held: isRegistered ? .present : .former, count: count))
        }
        // Phones without a pool, and pools without a group, use every node.
        var groups = wanted.groups
        if groups.isEmpty { groups = [PhonePopulation.Group(name: "Default", members: nodes)] }
        let population = PhonePopulation(
            seed: .random(in: .min ... .max), groups: groups, pools: wanted.pools, kinds: kinds)
        return (population, phones)
    }

    /// The names of the security tokens in the CTL file, each once.
    private static func tokens(_ snapshot: Snapshot) -> [String] {
        var names: [String] = []
        for record in snapshot.ctlFile?.records.filter(\.isToken) ?? [] {
            guard let certificate = record.x509 else { continue }
            let name = TrustStore.fileName(certificate)
            if !names.contains(name) { names.append(name) }
        }
        return names.isEmpty && !snapshot.release.hasCTLCommands ? ClusterIdentity.tokenNames : names
    }
}

extension Snapshot {
    /// The publisher's CTL file, else the first that a node serves; nil if none does.
    var ctlFile: TrustListFile? {
        nodes.lazy.compactMap { $0.ctl.flatMap { try? TrustListFile(decoding: $0.bytes) } }.first
    }

    func itlFile(of node: Node) -> TrustListFile? { node.itl.flatMap { try? TrustListFile(decoding: $0.bytes) } }
}

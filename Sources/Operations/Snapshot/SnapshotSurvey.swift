import Basics
import Cluster
import Configuration
import Messages
import Phones
import TrustList
import X509

extension ClusterClient {
    /// Takes a snapshot. Changes nothing. Whatever cannot be read becomes a gap.
    ///
    /// - Parameters:
    ///   - status: what was seen just now.
    ///   - observe: called before each longer step, with a few words about it.
    public func snapshot(_ status: ClusterStatus, observe: (LocalizableText) -> Void = { _ in }) -> ClusterSnapshot {
        var gaps: [LocalizableText] = []
        func note(_ what: LocalizableText, _ error: any Error) {
            gaps.append(localized("\(what): \(LocalizableText(describing: error))"))
        }
        func read<T>(_ what: LocalizableText, _ body: () throws -> T) -> T? {
            do { return try body() } catch {
                note(what, error)
                return nil
            }
        }
        observe(localized("trust lists"))
        let hosts = read(.verbatim("CTL, ITL")) { () throws(ClusterError) in try trustListHosts }
        let lists = ClusterTrustLists(hosts ?? [])
        let (ctl, itl) = (lists.read(.ctl), lists.read(.itl))
        var nodes: [ClusterSnapshot.Node] = []
        for node in status.nodes {
            let configuration = configuration.node(node.name)
            nodes.append(
                ClusterSnapshot.Node(
                    name: node.name, address: node.address, isPublisher: node.isPublisher,
                    servesTFTP: node.isConfiguredForTFTP,
                    runsTVS: node.services.map { services in
                        services.contains { $0.name == ClusterService.trustVerification && $0.isActivated }
                    } ?? (configuration?.tvsPort != nil),
                    runsCallManager: node.services.map { services in
                        services.contains { $0.name == ClusterService.callManager && $0.isActivated }
                    } ?? true, version: node.version, services: node.services,
                    certificates: certificates(of: node, configuration), ctl: Self.file(ctl, node.name),
                    itl: Self.file(itl, node.name)))
            gaps += node.failures.map { localized("\(node.name): \($0.text)") }
        }
        observe(localized("the trust store"))
        let trust = read(.verbatim("Phone-SAST-trust")) {
            try TrustStores(of: self).list(TrustStores.phoneSAST).certificates
        }
        observe(localized("the phones"))
        // If registration cannot be queried, they are counted without it.
        var phones: Inventory?
        do { phones = try Inventory.read(from: self, by: .axl) } catch {
            phones = read(localized("the phones")) { try Inventory.read(from: self, by: .axl, asksForState: false) }
            if phones != nil { note(localized("registration of phones"), error) }
        }
        return ClusterSnapshot(
            schema: ClusterSnapshot.schema, cluster: status.cluster, taken: status.taken, version: status.version,
            securityMode: status.securityMode, nodes: nodes,
            trust: (trust ?? []).map {
                .init(store: $0.store, name: $0.name, der: $0.certificate.map { base64($0.der) })
            }, phones: phones.map { ClusterSnapshot.Phones($0) }, gaps: gaps)
    }

    private static func file(_ file: DistributedFile, _ node: String) -> String? {
        for reading in file.readings where reading.node == node {
            if case .file(let bytes) = reading.outcome { return base64(bytes) }
        }
        return nil
    }

    /// The certificates that the node listed; the DER only for those that it presents publicly.
    private func certificates(
        of node: ClusterStatus.Node, _ configuration: NodeConfiguration?
    ) -> [ClusterSnapshot.Certificate] {
        var shown: [String: Certificate] = [:]
        if let configuration {
            for key in FirstContact(with: configuration, purposes: [.tls, .tvs]).keys {
                // A key that differs from the pinned one is not the node's.
                let pin = key.purpose == .tls ? configuration.tlsPin : configuration.tvsPin
                if key.fingerprint == pin { shown[key.purpose == .tls ? "tomcat" : "TVS"] = key.certificate }
            }
        }
        var list = (node.certificates ?? []).map { certificate in
            ClusterSnapshot.Certificate(
                unit: certificate.unit, subject: certificate.subject, serialNumber: certificate.serialNumber,
                notAfter: certificate.notAfter, der: shown[certificate.unit].map { base64($0.der) })
        }
        for (unit, certificate) in shown where !list.contains(where: { $0.unit == unit }) {
            list.append(
                .init(
                    unit: unit, subject: certificate.subject.rendered(.cucm),
                    serialNumber: certificate.serialNumber.hex, notAfter: Timestamp(certificate.notAfter),
                    der: base64(certificate.der)))
        }
        return list
    }
}

extension ClusterSnapshot.Phones {
    /// Counts identical phones.
    init(_ inventory: Inventory) {
        var kinds: [Kind: Int] = [:]
        for phone in inventory.phones {
            let kind = Kind(
                model: phone.model.name, pool: phone.place?.devicePool ?? "",
                profile: phone.place?.securityProfile ?? "", isRegistered: phone.isRegistered, count: 0)
            kinds[kind, default: 0] += 1
        }
        let list = kinds.map { kind, count in
            var kind = kind
            kind.count = count
            return kind
        }.sorted {
            ($0.pool, $0.model, $0.profile, $0.isRegistered == true ? 0 : 1)
                < ($1.pool, $1.model, $1.profile, $1.isRegistered == true ? 0 : 1)
        }
        let groups = Dictionary(
            inventory.pools.filter { !$0.group.isEmpty }.map { ($0.group, $0.servers) }, uniquingKeysWith: { a, _ in a }
        )
        self.init(
            groups: groups.sorted { $0.key < $1.key }.map { .init(name: $0.key, members: $0.value) },
            pools: inventory.pools.map { .init(name: $0.name, group: $0.group) }, kinds: list)
    }
}

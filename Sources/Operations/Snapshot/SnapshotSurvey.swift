import Basics
import Cluster
import Configuration
import Messages
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
        func read<T>(_ what: LocalizableText, _ body: () throws(ClusterError) -> T) -> T? {
            do throws(ClusterError) { return try body() } catch {
                gaps.append(localized("\(what): \(error)"))
                return nil
            }
        }
        observe(localized("trust lists"))
        let hosts = read(.verbatim("CTL, ITL")) { () throws(ClusterError) in try trustListHosts }
        let lists = TrustListDistribution(hosts ?? [])
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
        let trust = read(.verbatim("Phone-SAST-trust")) { () throws(ClusterError) in
            try TrustStores(of: self).list(TrustStores.phoneSAST).certificates
        }
        observe(localized("the phones"))
        let phones = read(localized("the phones")) { () throws(ClusterError) in try axl().phoneCounts() }
        var counts: ClusterSnapshot.Phones?
        if let phones {
            let registered = read(localized("registration of phones")) { () throws(ClusterError) in
                try ris().registered(phones.names)
            }
            counts = phones.counts(registered)
        }
        return ClusterSnapshot(
            schema: ClusterSnapshot.schema, cluster: status.cluster, taken: status.taken, version: status.version,
            securityMode: status.securityMode, nodes: nodes,
            trust: (trust ?? []).map {
                .init(store: $0.store, name: $0.name, der: $0.certificate.map { base64($0.der) })
            }, phones: counts, gaps: gaps)
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

/// The phones as the database has them, before they are counted.
struct PhoneCounts {
    struct Row {
        var name: String
        var model: String
        var pool: String
        var profile: String
    }

    var rows: [Row]
    var groups: [ClusterSnapshot.Phones.Group]
    var pools: [ClusterSnapshot.Phones.Pool]

    var names: [String] { rows.map(\.name) }

    /// - Parameter registered: the names of the registered phones; nil if not known.
    func counts(_ registered: Set<String>?) -> ClusterSnapshot.Phones {
        var kinds: [ClusterSnapshot.Phones.Kind: Int] = [:]
        for row in rows {
            let kind = ClusterSnapshot.Phones.Kind(
                model: row.model, pool: row.pool, profile: row.profile,
                isRegistered: registered.map { $0.contains(row.name) }, count: 0)
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
        return ClusterSnapshot.Phones(groups: groups, pools: pools, kinds: list)
    }
}

extension AXLClient {
    private static let countsQuery =
        "select d.name, tm.name as model, dp.name as pool, sp.name as profile from device d "
        + "inner join typemodel tm on d.tkmodel=tm.enum left join devicepool dp on d.fkdevicepool=dp.pkid "
        + "left join securityprofile sp on d.fksecurityprofile=sp.pkid where d.tkclass=1 order by d.name"
    private static let poolsQuery =
        "select dp.name as pool, cg.name as cmgroup from devicepool dp "
        + "left join callmanagergroup cg on dp.fkcallmanagergroup=cg.pkid order by dp.name"
    private static let groupsQuery =
        "select cg.name as cmgroup, m.priority as priority, pn.name as node from callmanagergroup cg, "
        + "callmanagergroupmember m, callmanager c, processnode pn where m.fkcallmanagergroup=cg.pkid "
        + "and m.fkcallmanager=c.pkid and c.fkprocessnode=pn.pkid"

    /// Reads what a snapshot says about phones.
    func phoneCounts() throws(ClusterError) -> PhoneCounts {
        let phones = try executeSQLQuery(Self.countsQuery)
        let columns = ["name", "model", "pool", "profile"].map { name in
            phones[name] ?? phones.rows.map { _ in "" }
        }
        let rows = phones.rows.indices.map {
            PhoneCounts.Row(
                name: columns[0][$0], model: columns[1][$0], pool: columns[2][$0], profile: columns[3][$0])
        }.filter { DeviceName.canBePhone($0.name) }
        let pools = try executeSQLQuery(Self.poolsQuery)
        let members = try executeSQLQuery(Self.groupsQuery)
        func text(_ table: SQLTable, _ column: String, _ row: Int) -> String { table[column]?[row] ?? "" }
        var groups: [String: [(priority: Int, node: String)]] = [:]
        for row in members.rows.indices {
            groups[text(members, "cmgroup", row), default: []].append(
                (Int(text(members, "priority", row)) ?? 0, text(members, "node", row)))
        }
        return PhoneCounts(
            rows: rows,
            groups: groups.sorted { $0.key < $1.key }.map { name, members in
                .init(name: name, members: members.sorted { $0.priority < $1.priority }.map(\.node))
            },
            pools: pools.rows.indices.map { .init(name: text(pools, "pool", $0), group: text(pools, "cmgroup", $0)) })
    }
}

extension RISClient {
    /// The service's reply to clients that ask too often.
    private static let tooOften = "exceeded allowed rate"
    private static let atOnce = 1000

    /// Which of these phones are registered now. Asks for as many at once as the service accepts, and waits if it says
    /// that it was asked too often.
    func registered(_ names: [String]) throws(ClusterError) -> Set<String> {
        var registered: Set<String> = []
        var rest = names[...]
        var backoff = Backoff(first: 5, limit: 300)
        while !rest.isEmpty {
            do throws(ClusterError) {
                for phone in try phones(named: Array(rest.prefix(Self.atOnce))) where phone.isRegistered {
                    registered.insert(phone.name)
                }
                rest = rest.dropFirst(Self.atOnce)
            } catch {
                guard error.message.localized.lowercased().contains(Self.tooOften), let pause = backoff.pause()
                else { throw error }
                interruptibleSleep(pause)
            }
        }
        return registered
    }
}

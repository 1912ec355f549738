import Cluster
import Configuration
import Messages

/// Reads phones from the cluster's database. The large table is read alone and page by page; what its rows refer to is
/// read first, so that no row is kept.
struct InventoryReader {
    private let database: InventoryDatabase
    private let nodes: [NodeConfiguration]
    private var maker: PhoneMaker
    /// By name.
    private(set) var phones: [Phone] = []
    /// How many devices of the class are not phones.
    private(set) var others = 0
    /// By name.
    private(set) var allPools: [DevicePool] = []

    init(database: InventoryDatabase, nodes: [NodeConfiguration], models: PhoneModelTable) {
        self.database = database
        self.nodes = nodes
        maker = PhoneMaker(models)
    }

    /// - Parameters:
    ///   - states: asks for the current state of some phones; nil if that cannot be queried.
    ///   - progress: phones, and devices altogether.
    mutating func read(
        states: ((ArraySlice<Phone>) throws(ClusterError) -> [RegisteredPhone])?, progress: (Int, Int) -> Void
    ) throws {
        let phoneClass = try database.number("select enum from typeclass where name = 'Phone'")
        let models = try names("select enum, name from typemodel order by enum", key: "enum")
        let profiles = try names("select pkid, name from securityprofile order by pkid", key: "pkid")
        let pools = try readPools()
        allPools = pools.values.sorted { $0.name < $1.name }
        let count = try database.number(
            "select count(*) as number from device where tkclass = \(phoneClass)")
        // The count that a node returns is not trusted as a length before it has sent the rows.
        phones.reserveCapacity(min(count, InventoryDatabase.pageSize * 100))
        let query =
            "select name, tkmodel, fkdevicepool, fksecurityprofile, specialloadinformation as load from device "
            + "where tkclass = \(phoneClass) order by name"
        let columns = ["name", "tkmodel", "fkdevicepool", "fksecurityprofile", "load"]
        try database.read(query, columns: columns, count: count) { rows in
            let start = phones.count
            for row in rows {
                guard let model = models[row[1]] else {
                    throw database.misunderstood(
                        query, localized("a device of the model \"\(row[1])\", which is not in typemodel"))
                }
                guard maker.isPhone(name: row[0], model: model) else {
                    others += 1
                    continue
                }
                // While the pages are read, phones may be added, so that one is read twice.
                if phones.last?.name == row[0] { continue }
                let pool = pools[row[2]]
                phones.append(
                    Phone(
                        name: row[0], model: maker.model(model), address: nil, isRegistered: nil,
                        place: maker.place(
                            pool: pool?.name ?? "", group: pool?.group ?? "", servers: pool?.servers ?? [],
                            profile: profiles[row[3]] ?? "", firmware: row[4].isEmpty ? nil : row[4])))
            }
            if let states, phones.count > start { try learn(states(phones[start...]), from: start) }
            progress(phones.count, count)
        }
        if !zip(phones, phones.dropFirst()).allSatisfy({ $0.name < $1.name }) { sort() }
    }

    /// The database may sort names differently than we do.
    private mutating func sort() {
        phones.sort { $0.name < $1.name }
        var last: String?
        phones.removeAll { phone in
            defer { last = phone.name }
            return phone.name == last
        }
    }

    /// Sets the current state of the phones from an index on.
    private mutating func learn(_ states: [RegisteredPhone], from start: Int) {
        // A phone is listed by each node that knew it.
        let byName = Dictionary(states.map { ($0.name, $0) }) { $0.isRegistered ? $0 : $1 }
        var servers: [String: String] = [:]
        for index in phones[start...].indices {
            let state = byName[phones[index].name]
            phones[index].isRegistered = state?.isRegistered ?? false
            phones[index].address = state?.address
            if let node = state?.node, state?.isRegistered == true {
                let server = servers[node] ?? server(node)
                servers[node] = server
                phones[index].node = server
            }
            guard let firmware = state?.firmware, let place = phones[index].place, place.firmware != firmware else {
                continue
            }
            phones[index].place = maker.place(
                pool: place.devicePool, group: place.callManagerGroup, servers: place.servers,
                profile: place.securityProfile, firmware: firmware)
        }
    }

    // MARK: The small tables

    private func names(_ query: String, key: String) throws -> [String: String] {
        var names: [String: String] = [:]
        try database.read(query, columns: [key, "name"]) { rows in
            for row in rows { names[row[0]] = row[1] }
        }
        return names
    }

    private func readPools() throws -> [String: DevicePool] {
        let groups = try names("select pkid, name from callmanagergroup order by pkid", key: "pkid")
        var members: [String: [(priority: Int, node: String)]] = [:]
        let query =
            "select m.fkcallmanagergroup, m.priority, n.name from callmanagergroupmember m "
            + "inner join callmanager c on m.fkcallmanager = c.pkid inner join processnode n on c.fkprocessnode = n.pkid "
            + "order by m.pkid"
        try database.read(query, columns: ["fkcallmanagergroup", "priority", "name"]) { rows in
            for row in rows {
                guard let priority = Int(row[1]) else {
                    throw database.misunderstood(query, .verbatim(row.joined(separator: " | ")))
                }
                members[row[0], default: []].append((priority, server(row[2])))
            }
        }
        let servers = members.mapValues { members in members.sorted { $0.priority < $1.priority }.map(\.node) }
        var pools: [String: DevicePool] = [:]
        let poolQuery = "select pkid, name, fkcallmanagergroup from devicepool order by pkid"
        try database.read(poolQuery, columns: ["pkid", "name", "fkcallmanagergroup"]) { rows in
            for row in rows {
                pools[row[0]] = DevicePool(name: row[1], group: groups[row[2]] ?? "", servers: servers[row[2]] ?? [])
            }
        }
        return pools
    }

    /// The database names a server by host name, fully qualified name or address; the configuration may use another of
    /// them.
    private func server(_ name: String) -> String {
        let wanted = name.lowercased()
        let host = { (text: String) in text.lowercased().prefix { $0 != "." } }
        let isAddress = wanted.allSatisfy { $0.isNumber || $0 == "." || $0 == ":" }
        let known =
            nodes.first { $0.name.lowercased() == wanted || $0.address.lowercased() == wanted }
            ?? (isAddress ? nil : nodes.first { host($0.name) == host(name) })
        return known?.name ?? name
    }
}

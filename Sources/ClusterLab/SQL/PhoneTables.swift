/// The tables about phones. They do not change while a lab runs, so they are built once.
struct PhoneTables: Sendable {
    let devices: SQLDatabase.Table
    let models: SQLDatabase.Table
    let pools: SQLDatabase.Table
    let groups: SQLDatabase.Table
    let members: SQLDatabase.Table
    let profiles: SQLDatabase.Table
    let locations: SQLDatabase.Table
    let users: SQLDatabase.Table
    /// Which numbers phones have; built at the first query.
    let lines: LazyTable
    let numbers: LazyTable
    /// What was found in them.
    let index = AnswerIndex()

    init(_ plan: LabPlan) {
        let population = plan.population
        locations = SQLDatabase.Table(
            columns: ["pkid", "name"],
            rows: (["Hub_None"] + population.pools.map(\.name)).enumerated().map { index, name in
                [Self.key("location", index + 1), index == 0 ? name : "Site \(name)"]
            })
        users = SQLDatabase.Table(
            columns: ["pkid", "userid", "firstname", "lastname"],
            rows: (0..<Self.userCount).map { [Self.key("enduser", $0 + 1), "user\($0 + 1)", "Lab", "User \($0 + 1)"] })
        let hub = Self.key("location", 1)
        let sites = Dictionary(
            population.pools.enumerated().map { ($0.element.name, Self.key("location", $0.offset + 2)) },
            uniquingKeysWith: { first, _ in first })
        var known = PhoneModel.known
        known += Set(population.kinds.map(\.model)).subtracting(known).sorted { $0.number < $1.number }
        models = SQLDatabase.Table(
            columns: ["enum", "name", "moniker"],
            rows: known.map {
                [
                    "\($0.number)", $0.product,
                    "MODEL_" + $0.product.uppercased().map { $0 == " " ? "_" : String($0) }.joined(),
                ]
            } + [["110", "Media Termination Point", "MODEL_MEDIA_TERMINATION_POINT"]])

        var poolKeys: [String: String] = [:]
        var groupKeys: [String: String] = [:]
        for (index, group) in population.groups.enumerated() {
            groupKeys[group.name] = Self.key("callmanagergroup", index + 1)
        }
        for (index, pool) in population.pools.enumerated() { poolKeys[pool.name] = Self.key("devicepool", index + 1) }
        pools = SQLDatabase.Table(
            columns: ["pkid", "name", "fkcallmanagergroup"],
            rows: population.pools.map { [poolKeys[$0.name], $0.name, groupKeys[$0.group]] })
        groups = SQLDatabase.Table(
            columns: ["pkid", "name"], rows: population.groups.map { [groupKeys[$0.name], $0.name] })
        var members: [[String?]] = []
        for group in population.groups {
            for (priority, name) in group.members.enumerated() {
                guard let node = plan.nodes.firstIndex(where: { $0.name == name }) else { continue }
                members.append([
                    Self.key("callmanagergroupmember", members.count), groupKeys[group.name],
                    Self.key("callmanager", node), "\(priority)",
                ])
            }
        }
        self.members = SQLDatabase.Table(
            columns: ["pkid", "fkcallmanagergroup", "fkcallmanager", "priority"], rows: members)

        var profileKeys: [String: String] = [:]
        var profiles: [[String?]] = []
        func profileKey(_ name: String, _ model: PhoneModel) -> String {
            if let key = profileKeys[name] { return key }
            let key = Self.key("securityprofile", profiles.count + 1)
            profileKeys[name] = key
            let isSecure = PhonePopulation.isSecure(profile: name)
            profiles.append([
                key, name, "\(model.number)", "\(model.deviceProtocol)", isSecure ? "3" : "1", isSecure ? "t" : "f",
            ])
            return key
        }
        let pool = population.pools.first.flatMap { poolKeys[$0.name] }
        var devices: [[String?]] = plan.phones.enumerated().map { index, phone in
            [
                Self.key("device", index + 1), phone.name, "Lab \(phone.model.rawValue)", "\(phone.model.number)", "1",
                "\(phone.model.deviceProtocol)", phone.pool.flatMap { poolKeys[$0] } ?? pool,
                profileKey(phone.profile ?? PhonePopulation.profile(phone.model, isSecure: true), phone.model), nil,
                hub,
                Self.owner(index),
            ]
        }
        devices.reserveCapacity(devices.count + population.count + 1)
        // Not a phone: class 8 is a media resource.
        devices.append([
            Self.key("device", 900), "MTP_2", "MTP_\(plan.publisher.name)", "110", "8", "0", pool, nil, nil, hub, nil,
        ])
        var index = 0
        for kind in population.kinds {
            let (number, type) = ("\(kind.model.number)", "\(kind.model.deviceProtocol)")
            let (pool, profile) = (poolKeys[kind.pool], profileKey(kind.profile, kind.model))
            let text = "\(kind.pool) \(kind.model.rawValue)"
            for _ in 0..<kind.count {
                devices.append([
                    Self.key("device", 1000 + index), population.name(index, isSoftware: kind.model.isSoftware), text,
                    number, "1", type, pool, profile, nil, sites[kind.pool] ?? hub, Self.owner(index),
                ])
                index += 1
            }
        }
        self.profiles = SQLDatabase.Table(
            columns: [
                "pkid", "name", "tkmodel", "tkdeviceprotocol", "tkdevicesecuritymode", "tftpencryptedconfig",
            ], rows: profiles)
        self.devices = SQLDatabase.Table(
            columns: [
                "pkid", "name", "description", "tkmodel", "tkclass", "tkdeviceprotocol", "fkdevicepool",
                "fksecurityprofile", "specialloadinformation", "fklocation", "fkenduser",
            ], rows: devices)
        let keys = (0..<plan.phones.count).map { $0 + 1 } + (0..<population.count).map { $0 + 1000 }
        lines = LazyTable {
            SQLDatabase.Table(
                columns: ["pkid", "fkdevice", "fknumplan", "numplanindex"],
                rows: keys.enumerated().flatMap { index, key -> [[String?]] in
                    // Every tenth phone has a second line, every seventh none.
                    (1...(index % 10 == 0 ? 2 : 1)).filter { _ in index % 7 != 6 }.map { line in
                        [
                            Self.key("devicenumplanmap", index * 2 + line), Self.key("device", key),
                            Self.key("numplan", index * 2 + line), "\(line)",
                        ]
                    }
                })
        }
        numbers = LazyTable {
            SQLDatabase.Table(
                columns: ["pkid", "dnorpattern"],
                rows: keys.indices.flatMap { index in
                    (1...2).map { line in
                        [Self.key("numplan", index * 2 + line), line == 1 ? "\(10000 + index)" : "\(90000 + index)"]
                    }
                })
        }
    }

    private static let userCount = 200

    /// Every third phone belongs to nobody.
    private static func owner(_ index: Int) -> String? {
        index % 3 == 2 ? nil : key("enduser", index % userCount + 1)
    }

    /// A key that is the same in every response.
    static func key(_ table: String, _ number: Int) -> String {
        let mark = table.utf8.reduce(UInt32(5381)) { ($0 &* 33) ^ UInt32($1) }
        let head = String(mark, radix: 16)
        let tail = String(number, radix: 16)
        return String(repeating: "0", count: 8 - head.count) + head + "-0000-4000-8000-"
            + String(repeating: "0", count: 12 - tail.count) + tail
    }
}

/// The tables about phones. They do not change while a lab runs, so they are built once.
struct PhoneTables: Sendable {
    let devices: SQLDatabase.Table
    let models: SQLDatabase.Table
    let pools: SQLDatabase.Table
    let groups: SQLDatabase.Table
    let members: SQLDatabase.Table
    let profiles: SQLDatabase.Table

    init(_ plan: LabPlan) {
        let population = plan.population
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
            ]
        }
        devices.reserveCapacity(devices.count + population.count + 1)
        // Not a phone: class 8 is a media resource.
        devices.append([
            Self.key("device", 900), "MTP_2", "MTP_\(plan.publisher.name)", "110", "8", "0", pool, nil, nil,
        ])
        var index = 0
        for kind in population.kinds {
            let (number, type) = ("\(kind.model.number)", "\(kind.model.deviceProtocol)")
            let (pool, profile) = (poolKeys[kind.pool], profileKey(kind.profile, kind.model))
            let text = "\(kind.pool) \(kind.model.rawValue)"
            for _ in 0..<kind.count {
                devices.append([
                    Self.key("device", 1000 + index), population.name(index, isSoftware: kind.model.isSoftware), text,
                    number, "1", type, pool, profile, nil,
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
                "fksecurityprofile", "specialloadinformation",
            ], rows: devices)
    }

    /// A key that is the same in every answer.
    static func key(_ table: String, _ number: Int) -> String {
        let mark = table.utf8.reduce(UInt32(5381)) { ($0 &* 33) ^ UInt32($1) }
        let head = String(mark, radix: 16)
        let tail = String(number, radix: 16)
        return String(repeating: "0", count: 8 - head.count) + head + "-0000-4000-8000-"
            + String(repeating: "0", count: 12 - tail.count) + tail
    }
}

/// The many phones of a lab as planned: not one by one, but as kinds with a number of phones each, and the device pools
/// and CallManager groups that they are in.
struct PhonePopulation: Codable, Sendable {
    struct Group: Codable, Sendable {
        let name: String
        /// Node names in the order in which phones use them.
        let members: [String]
    }

    struct Pool: Codable, Sendable {
        let name: String
        /// A group's name.
        let group: String
    }

    /// Which CTL file a phone holds when the lab is new.
    enum Held: String, Codable, Sendable {
        /// The cluster's current one.
        case present
        /// One from before the publisher's CallManager certificate was regenerated.
        case former
        case none
    }

    /// A number of phones that differ only in their names.
    struct Kind: Codable, Sendable {
        let model: PhoneModel
        let pool: String
        let profile: String
        let isRegistered: Bool
        let held: Held
        let count: Int
    }

    /// Makes the device names of this lab differ from another's.
    let seed: UInt16
    let groups: [Group]
    let pools: [Pool]
    let kinds: [Kind]

    var count: Int { kinds.reduce(0) { $0 + $1.count } }

    func group(ofPool name: String) -> Group? {
        pools.first { $0.name == name }.flatMap { pool in groups.first { $0.name == pool.group } }
    }

    // MARK: Names

    /// Odd, so that multiplying by it only permutes the numbers of three bytes.
    private static let scatter: UInt32 = 0x9e3779
    private static let mask: UInt32 = 0xffffff

    /// The name of the phone with this number: `SEP` or `CSF` and something that looks like a MAC address.
    func name(_ index: Int, isSoftware: Bool) -> String {
        let tail = (UInt32(index) &* Self.scatter) & Self.mask
        let digits = String(UInt64(Self.vendor) << 40 | UInt64(seed) << 24 | UInt64(tail), radix: 16, uppercase: true)
        return (isSoftware ? "CSF" : "SEP") + String(repeating: "0", count: 12 - digits.count) + digits
    }

    /// The number in a name; nil if no phone of this population can have it.
    func index(inName name: String) -> Int? {
        guard name.count == 15, let number = UInt64(name.dropFirst(3), radix: 16),
            number >> 24 == UInt64(Self.vendor) << 16 | UInt64(seed)
        else { return nil }
        // Newton's method for the inverse modulo a power of two.
        var inverse = Self.scatter
        for _ in 0..<4 { inverse = inverse &* (2 &- Self.scatter &* inverse) }
        let index = Int((UInt32(number & UInt64(Self.mask)) &* inverse) & Self.mask)
        return index < count && self.name(index, isSoftware: name.hasPrefix("CSF")) == name ? index : nil
    }

    /// The first byte of the MAC addresses; the lab's other phones have 00 there.
    private static let vendor: UInt8 = 0x0c
}

extension PhonePopulation {
    /// The mix of a company that has grown over the years: mostly models that support Security by Default, some that do
    /// not, Jabber, TelePresence; pools at several places, so that not all ask the same TVS servers; some phones that
    /// are in a drawer and never got the last file.
    ///
    /// - Parameters:
    ///   - count: of all phones together.
    ///   - nodes: the publisher first.
    ///   - wanted: how many groups, which share no node; nil for three groups that do share nodes.
    static func usual(_ count: Int, nodes: [String], groups wanted: Int? = nil, seed: UInt16) -> PhonePopulation {
        let groups = wanted.map { separateGroups(nodes, $0) } ?? groups(nodes)
        var shares: [(pool: String, group: Int, weight: Int)] = [
            ("Default", 0, 10), ("HQ-Floor1", 0, 25), ("HQ-Floor2", 0, 25), ("Warszawa", 1, 20), ("Gdansk", 2, 15),
            ("Remote", 2, 5),
        ]
        if let wanted { for index in shares.indices { shares[index].group = index % wanted } }
        let models: [(name: String, weight: Int)] = [
            ("CP-7841", 22), ("CP-8841", 20), ("CP-7965", 12), ("CP-8861", 10), ("CP-7945", 8), ("CP-7821", 6),
            ("CP-8845", 5), ("CP-7975", 4), (PhoneModel.jabber.rawValue, 4), ("CP-7960", 2), ("CP-6901", 2),
            ("CP-7961G-GE", 1), ("CP-7940", 1), ("CP-9971", 1), ("Cisco TelePresence EX90", 1),
            ("Cisco TelePresence SX20", 1),
        ]
        // Of a hundred phones.
        let states: [(isRegistered: Bool, held: Held, weight: Int)] = [
            (true, .present, 95), (false, .former, 3), (false, .none, 1), (false, .present, 1),
        ]
        let places = shares.flatMap { share in
            models.map { (model: PhoneModel(named: $0.name), pool: share.pool, weight: share.weight * $0.weight) }
        }
        var kinds: [Kind] = []
        for (state, part) in zip(states, split(count, by: states.map(\.weight))) {
            for (place, count) in zip(places, split(part, by: places.map(\.weight))) where count > 0 {
                kinds.append(
                    Kind(
                        model: place.model, pool: place.pool,
                        profile: profile(place.model, isSecure: place.pool != "Remote"),
                        isRegistered: state.isRegistered, held: state.held, count: count))
            }
        }
        return PhonePopulation(
            seed: seed, groups: groups, pools: shares.map { Pool(name: $0.pool, group: groups[$0.group].name) },
            kinds: kinds)
    }

    /// What a lab of three phones has.
    static func none(nodes: [String]) -> PhonePopulation {
        PhonePopulation(
            seed: 0, groups: [Group(name: "Default", members: nodes)], pools: [Pool(name: "Default", group: "Default")],
            kinds: [])
    }

    /// Up to three nodes in a group, as in CUCM, and each group starts with a different node. With two nodes the last
    /// group has the subscriber alone.
    private static func groups(_ nodes: [String]) -> [Group] {
        ["Default", "CMG-East", "CMG-West"].enumerated().map { index, name in
            let start = min(index, nodes.count - 1)
            let turned = nodes[start...] + (index == 2 && nodes.count < 3 ? [] : nodes[..<start])
            return Group(name: name, members: Array(turned.prefix(3)))
        }
    }

    /// Nodes in turn, up to three in a group.
    private static func separateGroups(_ nodes: [String], _ count: Int) -> [Group] {
        (0..<count).map { number in
            let members = nodes.indices.filter { $0 % count == number }.map { nodes[$0] }
            return Group(name: number == 0 ? "Default" : "CMG-\(number + 1)", members: Array(members.prefix(3)))
        }
    }

    static func profile(_ model: PhoneModel, isSecure: Bool) -> String {
        "\(model.product) - Standard SIP \(isSecure ? "Secure" : "Non-Secure") Profile"
    }

    static func isSecure(profile: String) -> Bool { !profile.contains("Non-Secure") }

    /// Distributes a number by weights: the largest remainders get what is left over.
    static func split(_ count: Int, by weights: [Int]) -> [Int] {
        let total = max(weights.reduce(0, +), 1)
        var shares = weights.map { $0 * count / total }
        let left = count - shares.reduce(0, +)
        let order = weights.indices.sorted { first, second in
            let (one, other) = (weights[first] * count % total, weights[second] * count % total)
            return one != other ? one > other : first < second
        }
        for index in order.prefix(left) { shares[index] += 1 }
        return shares
    }
}

import Messages
import Phones

/// Phones, counted by model and by device pool.
struct PhonesReport: Encodable {
    struct Model: Encodable {
        let model: String
        let securityByDefault: PhoneModel.SecurityByDefault
        /// Which checksum of a trust list they display.
        let shows: PhoneModel.Checksum
        let phones: Int
        /// Nil if it was not asked for.
        let registered: Int?
    }

    struct Pool: Encodable {
        let pool, group: String
        let servers: [String]
        let phones: Int
        let registered: Int?
    }

    struct Item: Encodable {
        let name, model: String
        let pool, profile, firmware, address: String?
        let registered: Bool?
    }

    /// Where the phones come from: one of the two.
    let cluster, file: String?
    let phones: Int
    let registered: Int?
    /// The most numerous first.
    let models: [Model]
    let pools: [Pool]
    let list: [Item]?

    init(_ all: [Phone], cluster: String?, file: String?, withList: Bool) {
        (self.cluster, self.file) = (file == nil ? cluster : nil, file)
        phones = all.count
        registered = Counter(all).registered
        models = Self.counted(all, by: \.model.name).map { first, counter in
            Model(
                model: first.model.name, securityByDefault: first.model.securityByDefault,
                shows: first.model.displayedChecksum, phones: counter.phones, registered: counter.registered
            )
        }
        pools = Self.counted(all) { $0.place.map { [$0.devicePool, $0.callManagerGroup] + $0.servers } ?? [] }
            .map { first, counter in
                Pool(
                    pool: first.place?.devicePool ?? "", group: first.place?.callManagerGroup ?? "",
                    servers: first.place?.servers ?? [], phones: counter.phones, registered: counter.registered)
            }
        list =
            !withList
            ? nil
            : all.map {
                Item(
                    name: $0.name, model: $0.model.name, pool: $0.place?.devicePool, profile: $0.place?.securityProfile,
                    firmware: $0.place?.firmware, address: $0.address, registered: $0.isRegistered)
            }
    }

    private struct Counter {
        var phones = 0
        private var known = 0
        private var isRegistered = 0

        init(_ phones: [Phone] = []) { for phone in phones { add(phone) } }

        mutating func add(_ phone: Phone) {
            phones += 1
            guard let state = phone.isRegistered else { return }
            known += 1
            if state { isRegistered += 1 }
        }

        var registered: Int? { known > 0 || phones == 0 ? isRegistered : nil }
    }

    private static func counted<Key: Hashable>(_ phones: [Phone], by key: (Phone) -> Key) -> [(Phone, Counter)] {
        var counted: [Key: (Phone, Counter)] = [:]
        for phone in phones { counted[key(phone), default: (phone, Counter())].1.add(phone) }
        return counted.values.sorted { one, other in
            one.1.phones != other.1.phones ? one.1.phones > other.1.phones : one.0.name < other.0.name
        }
    }

    // MARK: Text

    var text: String {
        var parts = [
            (registered.map { localized("\(phones) phones, \($0) registered") } ?? localized("\(phones) phones"))
                .localized
        ]
        if phones > 0 { parts += [modelTable.text, poolTable.text] }
        let groups = groupTable
        if !groups.rows.isEmpty { parts.append(groups.text) }
        if let list { parts.append(Self.table(list).text) }
        return parts.joined(separator: "\n\n")
    }

    private var modelTable: Table {
        var table = Table(
            localized("MODEL"), localized("SECURITY BY DEFAULT"), localized("PHONES"), localized("REGISTERED"))
        for item in models {
            table.add(
                Self.cut(item.model, 40), item.securityByDefault.text, "\(item.phones)", Self.text(item.registered))
        }
        return table
    }

    private var poolTable: Table {
        var table = Table(localized("DEVICE POOL"), localized("GROUP"), localized("PHONES"), localized("REGISTERED"))
        for item in pools {
            table.add(
                item.pool.isEmpty ? "-" : Self.cut(item.pool, 30), Self.cut(item.group, 24), "\(item.phones)",
                Self.text(item.registered))
        }
        return table
    }

    private var groupTable: Table {
        var table = Table(localized("GROUP"), localized("TVS SERVERS, IN ORDER"))
        var seen: Set<String> = []
        for item in pools where !item.servers.isEmpty && seen.insert(item.group).inserted {
            table.add(Self.cut(item.group, 24), Self.cut(item.servers.joined(separator: " "), 54))
        }
        return table
    }

    private static func table(_ items: [Item]) -> Table {
        var table = Table(
            localized("PHONE"), localized("MODEL"), localized("DEVICE POOL"), localized("REGISTERED"),
            localized("ADDRESS"))
        for item in items {
            table.add(
                item.name, cut(item.model, 22), cut(item.pool ?? "", 16),
                item.registered.map { localized($0 ? "yes" : "no") } ?? "?",
                item.address ?? "")
        }
        return table
    }

    private static func text(_ count: Int?) -> String { count.map { "\($0)" } ?? "?" }

    /// Without a terminal, nothing is too long.
    private static func cut(_ text: String, _ width: Int) -> String {
        Terminal.width != nil && text.count > width ? text.prefix(width - 3) + "..." : text
    }
}

import Cluster
import Messages

/// The phones of a cluster.
public struct Inventory: Sendable {
    /// By name.
    public let phones: [Phone]
    /// What could not be determined, one sentence each.
    public let notes: [LocalizableText]
    /// All device pools by name, including those without phones; none if a file was read.
    public let pools: [DevicePool]

    public init(phones: [Phone], notes: [LocalizableText] = [], pools: [DevicePool] = []) {
        self.phones = phones
        self.notes = notes
        self.pools = pools
    }
}

/// A device pool, and where its phones register.
public struct DevicePool: Sendable, Hashable {
    public let name: String
    /// Its CallManager group; empty if it has none.
    public let group: String
    /// The nodes of the group by priority.
    public let servers: [String]
}

/// How the list of phones is read from a cluster's database.
public enum InventorySource: String, Sendable, CaseIterable {
    /// The Administrative XML interface of the publisher, with the application account.
    case axl
    /// `run sql` on the publisher's command line, with the platform account.
    case sql
}

/// Builds phones from text, each model and place once: 40,000 phones have a few dozen of them.
struct PhoneMaker {
    private let table: PhoneModelTable
    private var models: [String: (model: PhoneModel, isPhone: Bool)] = [:]
    private var places: [PlaceKey: PhonePlace] = [:]

    private struct PlaceKey: Hashable {
        let pool, profile, firmware: String
        let group: String
        let servers: [String]

        /// A pool has one group of servers: they need not be hashed as well.
        func hash(into hasher: inout Hasher) {
            hasher.combine(pool)
            hasher.combine(profile)
            hasher.combine(firmware)
        }
    }

    init(_ table: PhoneModelTable) { self.table = table }

    mutating func model(_ name: String) -> PhoneModel { entry(name).model }

    /// Whether a device of CUCM's class "Phone" is one that holds trust lists: by its name, and by the table of models,
    /// which also knows gateway ports.
    mutating func isPhone(name: String, model: String) -> Bool {
        DeviceName.canBePhone(name) && entry(model).isPhone
    }

    mutating func place(
        pool: String, group: String, servers: [String], profile: String, firmware: String?
    ) -> PhonePlace {
        let key = PlaceKey(pool: pool, profile: profile, firmware: firmware ?? "", group: group, servers: servers)
        if let known = places[key] { return known }
        let place = PhonePlace(
            devicePool: pool, callManagerGroup: group, servers: servers, securityProfile: profile, firmware: firmware)
        places[key] = place
        return place
    }

    private mutating func entry(_ name: String) -> (model: PhoneModel, isPhone: Bool) {
        if let known = models[name] { return known }
        let entry = (table.model(named: name), table.isPhone(name))
        models[name] = entry
        return entry
    }
}

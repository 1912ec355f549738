import Basics
import Cluster
import Configuration
import Messages

/// What someone needs to find a phone, and its user. What is not known is empty.
public struct PhoneDetails: Sendable, Equatable {
    public var description = ""
    /// CUCM's location.
    public var location = ""
    /// User ID of the owner.
    public var owner = ""
    /// The directory number of the first line.
    public var number = ""
    /// Where the cluster saw it last; nil if that is not known.
    public var address: String?
    /// Whether it is registered now; nil if that is not known.
    public var isRegistered: Bool?

    public init() {}

    /// Reads the details of some phones. They are in tables that nothing else needs, so they are only read for a list of
    /// work.
    ///
    /// - Parameters:
    ///   - names: of the phones. Those that the database does not have are left out.
    ///   - way: nil for AXL, or `run sql` if the configuration has no application account.
    ///   - progress: how many of them were read.
    /// - Throws: ``ClusterError``; ``InventoryError`` if the database's response is not understood.
    public static func read(
        _ names: [String], from cluster: ClusterClient, by way: InventorySource? = nil,
        progress: @escaping (Inventory.Progress) -> Void = { _ in }
    ) throws -> [String: PhoneDetails] {
        guard !names.isEmpty else { return [:] }
        let hasApplication = cluster.configuration.application != nil
        let way = way ?? (hasApplication ? .axl : .sql)
        let database = try InventoryDatabase(cluster, way, wait: { progress(.waiting($0, $1)) })
        var details = try read(names, from: database, at: way == .axl ? 500 : 100) {
            progress(.read($0, of: names.count))
        }
        guard hasApplication else { return details }
        let ris = try cluster.ris()
        for part in names.chunks(of: 1000) {
            let states = try BusyServer.ask(note: { progress(.waiting($0, $1)) }) { () throws(ClusterError) in
                try ris.phones(named: Array(part))
            }
            for state in states {
                // A phone is listed by each node that knew it; where it is registered counts.
                guard var entry = details[state.name], entry.isRegistered != true else { continue }
                entry.isRegistered = state.isRegistered
                entry.address = state.address ?? entry.address
                details[state.name] = entry
            }
        }
        for name in details.keys where details[name]?.isRegistered == nil { details[name]?.isRegistered = false }
        return details
    }

    /// - Parameter count: of names in one query. A command line is no longer than 4,096 characters on a terminal.
    static func read(
        _ names: [String], from database: InventoryDatabase, at count: Int, progress: (Int) -> Void = { _ in }
    ) throws -> [String: PhoneDetails] {
        // They come from journals and files, too, and nothing but a name may get into a query.
        let names = names.filter(DeviceName.canBePhone)
        let phoneClass = try database.number("select enum from typeclass where name = 'Phone'")
        var details: [String: PhoneDetails] = [:]
        for part in names.chunks(of: count) {
            try database.read(query(part, phoneClass), columns: columns) { rows in
                for row in rows {
                    var entry = PhoneDetails()
                    (entry.description, entry.location, entry.owner, entry.number) = (row[1], row[2], row[3], row[4])
                    // Another line with the same index would be a surprise; the first one counts.
                    if details[row[0]] == nil { details[row[0]] = entry }
                }
            }
            progress(details.count)
        }
        return details
    }

    /// Those besides the name may be NULL, and AXL may then leave them out.
    static let columns = ["name", "description", "location", "userid", "dnorpattern"]

    /// *Unconfirmed*: the columns `device.fklocation` and `fkenduser`, and that the first line has the index 1.
    private static func query(_ names: ArraySlice<String>, _ phoneClass: Int) -> String {
        "select d.name, d.description, l.name as location, u.userid, n.dnorpattern from device d "
            + "left outer join location l on d.fklocation = l.pkid "
            + "left outer join enduser u on d.fkenduser = u.pkid "
            + "left outer join devicenumplanmap m on m.fkdevice = d.pkid and m.numplanindex = 1 "
            + "left outer join numplan n on m.fknumplan = n.pkid "
            + "where d.tkclass = \(phoneClass) and d.name in (\(names.map { "'\($0)'" }.joined(separator: ", "))) "
            + "order by d.name"
    }
}

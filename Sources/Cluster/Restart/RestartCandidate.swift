import Messages

/// A phone that can be told to restart, with what it is chosen by.
public struct RestartCandidate: Sendable, Hashable {
    /// `SEPB000B4BA0AEE`
    public let name: String
    /// `Cisco 7975`
    public let model: String
    /// The device pool; empty where it has none.
    public let pool: String

    public init(name: String, model: String, pool: String) {
        self.name = name
        self.model = model
        self.pool = pool
    }
}

extension AXLClient {
    static let candidatesQuery =
        "select d.name, tm.name as model, dp.name as pool from device d inner join typemodel tm on d.tkmodel=tm.enum "
        + "left join devicepool dp on d.fkdevicepool=dp.pkid where d.tkclass=1 order by d.name"

    /// What a device's name begins with that is a phone, a soft phone or a mobile client, and no template or port.
    static let phonePrefixes = ["SEP", "CSF", "TCT", "BOT", "TAB"]

    /// All phones that can be restarted, by name.
    public func restartCandidates() throws(ClusterError) -> [RestartCandidate] {
        let table = try executeSQLQuery(Self.candidatesQuery)
        guard let names = table["name"], let models = table["model"] else {
            if table.rows.isEmpty { return [] }
            throw ClusterError(
                .unexpectedAnswer, operation: localized("list the phones"),
                message: localized("the answer has other columns"),
                found: table.columns.joined(separator: ", "))
        }
        let pools = table["pool"] ?? names.map { _ in "" }
        return names.indices.compactMap { index in
            guard Self.phonePrefixes.contains(where: names[index].hasPrefix) else { return nil }
            return RestartCandidate(name: names[index], model: models[index], pool: pools[index])
        }
    }
}

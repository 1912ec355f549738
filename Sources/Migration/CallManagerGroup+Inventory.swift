import Operations
import Phones

extension CallManagerGroup {
    /// The groups of a cluster's device pools; nil if one of them names a server that is not configured, or if a pool
    /// with phones has no servers: then it is not known which phones depend on which nodes.
    ///
    /// - Parameter nodes: the names of the configuration.
    static func all(of inventory: Inventory, nodes: Set<String>) -> [CallManagerGroup]? {
        var phones: [String: Int] = [:]
        for phone in inventory.phones { phones[phone.place?.devicePool ?? "", default: 0] += 1 }
        var known: [String: (servers: [String], phones: Int)] = [:]
        for pool in inventory.pools {
            let count = phones.removeValue(forKey: pool.name) ?? 0
            if pool.servers.isEmpty, count == 0 { continue }
            guard !pool.servers.isEmpty, nodes.isSuperset(of: pool.servers) else { return nil }
            known[pool.group, default: (pool.servers, 0)].phones += count
        }
        guard !known.isEmpty, phones.isEmpty else { return nil }
        return known.map { CallManagerGroup(name: $0, servers: $1.servers, phones: $1.phones) }
            .sorted { $0.name < $1.name }
    }
}

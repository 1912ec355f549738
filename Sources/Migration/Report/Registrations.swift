import Messages
import Phones

/// Which phones were registered before a change, and which are after it, as the cluster sees them (RIS).
///
/// What the cluster itself says about phones' ITL files from 12.5 on ("ITL File Status") is not used: the name of that column
/// is not known (docs/proven.md).
public struct Registrations: Codable, Sendable {
    /// The phones of a pool, of a model, or at a node.
    public struct Count: Codable, Sendable, Equatable {
        public let name: String
        public let before: Int
        /// Nil as long as this was not queried.
        public let after: Int?
    }

    /// A phone that was registered before the change, and is not after it.
    public struct Missing: Codable, Sendable, Equatable {
        public let phone, model: String
        /// Device pool, if known.
        public let pool: String?
        /// Where it was registered.
        public let node: String?
    }

    public let before: Int
    /// How many of them are registered after the change; nil as long as this was not queried.
    public let after: Int?
    /// Sorted by name. Phones whose pool is not known are left out; so are they below.
    public let pools, models: [Count]
    /// A phone may register with another node than before.
    public let nodes: [Count]
    /// Sorted by name.
    public let missing: [Missing]

    /// The registered ones of a cluster's phones.
    static func groups(of phones: [Phone]) -> [JournalRecord.RegisteredGroup] {
        struct Kind: Hashable {
            let pool: String?
            let model: String
            let node: String?
        }
        let registered = phones.filter { $0.isRegistered == true }
        let kinds = Dictionary(grouping: registered) {
            Kind(pool: $0.place?.devicePool, model: $0.model.name, node: $0.node)
        }
        return kinds.map { kind, phones in
            JournalRecord.RegisteredGroup(
                pool: kind.pool, model: kind.model, node: kind.node, phones: phones.map(\.name).sorted())
        }.sorted { ($0.pool ?? "", $0.model, $0.node ?? "") < ($1.pool ?? "", $1.model, $1.node ?? "") }
    }

    /// Nil if nothing is known.
    init?(_ known: JournalState) {
        guard !known.registered.isEmpty else { return nil }
        let gone = known.registeredAfter.map { Set($0.missing) }
        var (pools, models, nodes) = ([String: (Int, Int)](), [String: (Int, Int)](), [String: (Int, Int)]())
        var missing: [Missing] = []
        func count(_ name: String?, _ phones: Int, _ back: Int, in counts: inout [String: (Int, Int)]) {
            guard let name else { return }
            let old = counts[name] ?? (0, 0)
            counts[name] = (old.0 + phones, old.1 + back)
        }
        for group in known.registered {
            let away = gone.map { gone in group.phones.filter(gone.contains) } ?? []
            missing += away.map { Missing(phone: $0, model: group.model, pool: group.pool, node: group.node) }
            let back = group.phones.count - away.count
            count(group.pool, group.phones.count, back, in: &pools)
            count(group.model, group.phones.count, back, in: &models)
            count(group.node, group.phones.count, 0, in: &nodes)
        }
        for (node, phones) in known.registeredAfter?.nodes ?? [:] { count(node, 0, phones, in: &nodes) }
        func list(_ counts: [String: (Int, Int)]) -> [Count] {
            counts.map { Count(name: $0, before: $1.0, after: gone == nil ? nil : $1.1) }.sorted { $0.name < $1.name }
        }
        before = known.registered.reduce(0) { $0 + $1.phones.count }
        after = gone == nil ? nil : before - missing.count
        (self.pools, self.models, self.nodes) = (list(pools), list(models), list(nodes))
        self.missing = missing.sorted { $0.phone < $1.phone }
    }

    /// "3 of the 3 phones that were registered before are registered again"; nil as long as this was not queried.
    public var summary: LocalizableText? {
        guard let after else { return nil }
        let start = localized(
            "\(after) of the \(before) phones that were registered before the change are registered after it")
        guard !missing.isEmpty else { return start }
        let names = missing.prefix(5).map { "\($0.phone) (\($0.model))" }.joined(separator: ", ")
        return missing.count > 5
            ? localized("\(start); missing: \(names) and \(missing.count - 5) more")
            : localized("\(start); missing: \(names)")
    }
}

import Phones

/// A forecast as the journal keeps it: phones of one model that hold and do the same are one group.
public struct StoredForecast: Codable, Sendable, Equatable {
    public struct Group: Codable, Sendable, Equatable {
        public let model: String
        /// What they hold before, for tables.
        public let before: String
        public let outcome: Verdict.Outcome
        public let rule: Verdict.Rule
        public let reason: String
        /// Device names, sorted.
        public let phones: [String]
    }

    public let groups: [Group]

    init(_ forecast: Forecast) {
        struct Key: Hashable {
            let model, before, reason: String
            let outcome: Verdict.Outcome
            let rule: Verdict.Rule
        }
        var members: [Key: [String]] = [:]
        for entry in forecast.entries {
            let key = Key(
                model: entry.phone.model.name, before: entry.before, reason: entry.verdict.reason,
                outcome: entry.verdict.outcome, rule: entry.verdict.rule)
            members[key, default: []].append(entry.phone.name)
        }
        groups =
            members.map { key, names in
                Group(
                    model: key.model, before: key.before, outcome: key.outcome, rule: key.rule, reason: key.reason,
                    phones: names.sorted())
            }.sorted { ($0.model, $0.outcome.rawValue, $0.reason) < ($1.model, $1.outcome.rawValue, $1.reason) }
    }

    public var count: Int { groups.reduce(0) { $0 + $1.phones.count } }

    public func count(_ outcome: Verdict.Outcome) -> Int {
        groups.reduce(0) { $0 + ($1.outcome == outcome ? $1.phones.count : 0) }
    }

    /// The phones that will not, or may not, take the file: somebody must visit them.
    public var stranded: [Group] { groups.filter { $0.outcome != .accepted } }
}

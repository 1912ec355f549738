import Messages
import Phones

/// A forecast as stored in the journal: phones of one model and pool that hold and do the same are one group.
public struct StoredForecast: Codable, Sendable, Equatable {
    public struct Group: Codable, Sendable, Equatable {
        public let model: String
        /// Device pool, if known.
        public let pool: String?
        /// What they held before, for tables.
        public let before: LocalizableText
        public let holds: HeldFile.Code
        /// What they display, if they hold an older or another file.
        public let heldChecksum: String?
        /// Whether they could not be asked, and are assumed to hold it.
        public let assumed: Bool
        public let outcome: Verdict.Outcome
        public let rule: Verdict.Rule
        public let reason: LocalizableText
        /// Device names, sorted.
        public let phones: [String]
    }

    public let groups: [Group]

    init(groups: [Group]) { self.groups = groups }

    public init(_ forecast: Forecast) {
        groups = forecast.groups.map { group in
            Group(
                model: group.model, pool: group.pool, before: group.before, holds: group.holding.code,
                heldChecksum: group.holding.checksum, assumed: group.holding.isAssumed, outcome: group.verdict.outcome,
                rule: group.verdict.rule, reason: group.verdict.reason, phones: group.phones.map(\.name))
        }
    }

    public var count: Int { groups.reduce(0) { $0 + $1.phones.count } }

    public func count(_ outcome: Verdict.Outcome) -> Int {
        groups.reduce(0) { $0 + ($1.outcome == outcome ? $1.phones.count : 0) }
    }

    /// Groups that only differ in their pool are merged; those that need a visit come first, then the large ones.
    public var alike: [Group] {
        let same = Dictionary(grouping: groups) {
            [.verbatim($0.model), $0.before, .verbatim($0.outcome.rawValue), $0.reason] as [LocalizableText]
        }
        return same.values.compactMap { groups in
            guard let first = groups.first else { return nil }
            return Group(
                model: first.model, pool: groups.count == 1 ? first.pool : nil, before: first.before,
                holds: first.holds, heldChecksum: first.heldChecksum, assumed: first.assumed, outcome: first.outcome,
                rule: first.rule, reason: first.reason, phones: groups.flatMap(\.phones).sorted())
        }.sorted { left, right in
            func key(_ group: Group) -> (Int, Int, String, String, String) {
                (
                    group.outcome == .accepted ? 1 : 0, -group.phones.count, group.model, group.before.localized,
                    group.reason.localized
                )
            }
            return key(left) < key(right)
        }
    }

    /// The phones that will not, or may not, accept the file: someone must visit them.
    public var stranded: [Group] { groups.filter { $0.outcome != .accepted } }

    /// How many they are, by model, device pool and outcome: the largest groups first.
    var visits: [PlanSummary.Visit] {
        struct Key: Hashable {
            let model: String
            let pool: String?
            let outcome: Verdict.Outcome
        }
        let alike = Dictionary(grouping: stranded) { Key(model: $0.model, pool: $0.pool, outcome: $0.outcome) }
        return alike.map { key, groups in
            .init(
                model: key.model, pool: key.pool, outcome: key.outcome,
                phones: groups.reduce(0) { $0 + $1.phones.count })
        }.sorted {
            ($1.phones, $0.outcome.rawValue, $0.model, $0.pool ?? "")
                < ($0.phones, $1.outcome.rawValue, $1.model, $1.pool ?? "")
        }
    }
}

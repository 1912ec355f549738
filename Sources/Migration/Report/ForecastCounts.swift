import Messages
import Phones

/// How many phones of a model, or of a device pool, will do what.
struct ForecastCounts {
    let name: String
    private(set) var accepted = 0, refused = 0, unknown = 0

    var all: Int { accepted + refused + unknown }
    var left: Int { refused + unknown }

    var counts: [(outcome: Verdict.Outcome, phones: Int)] {
        [(.accepted, accepted), (.refused, refused), (.unknown, unknown)]
    }

    /// Those with most phones left behind first, then the largest.
    ///
    /// - Parameter name: of a group's row.
    static func all(_ forecast: StoredForecast, by name: (StoredForecast.Group) -> String) -> [ForecastCounts] {
        var counts: [String: ForecastCounts] = [:]
        for group in forecast.groups {
            let name = name(group)
            var row = counts[name] ?? ForecastCounts(name: name)
            switch group.outcome {
            case .accepted: row.accepted += group.phones.count
            case .refused: row.refused += group.phones.count
            case .unknown: row.unknown += group.phones.count
            }
            counts[name] = row
        }
        return counts.values.sorted { ($1.left, $1.all, $0.name) < ($0.left, $0.all, $1.name) }
    }
}

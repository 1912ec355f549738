import Cluster
import Messages
import Phones

/// What somebody has to know who answers the question of a plan, in figures.
public struct PlanSummary: Codable, Sendable, Equatable {
    /// Phones of a model and device pool that will not, or may not, follow.
    public struct Visit: Codable, Sendable, Equatable {
        public let model: String
        /// Device pool, if known.
        public let pool: String?
        public let outcome: Verdict.Outcome
        public let phones: Int
    }

    public struct Restart: Codable, Sendable, Equatable {
        public let service: String
        public let nodes: [String]
    }

    public let phones, follow, needVisit, unknown: Int
    /// Of those that do not follow: how many an earlier change left behind already.
    public let leftBehindBefore: Int
    /// The largest first.
    public let visits: [Visit]
    /// In the order in which they restart.
    public let restarts: [Restart]
    /// How many phones are told to restart.
    public let phonesRestarted: Int
    /// How long all steps take together, estimated.
    public let seconds: Double
    /// Whether that comes from this cluster's own earlier changes.
    public let isMeasured: Bool

    init(_ change: Change) {
        struct Key: Hashable {
            let model: String
            let pool: String?
            let outcome: Verdict.Outcome
        }
        let entries = change.forecast.entries
        phones = entries.count
        follow = entries.count { $0.verdict.outcome == .accepted }
        needVisit = entries.count { $0.verdict.outcome == .refused }
        unknown = entries.count { $0.verdict.outcome == .unknown }
        leftBehindBefore = change.forecast.stranded.count - change.newlyStranded.count
        var counts: [Key: Int] = [:]
        for entry in change.forecast.stranded {
            counts[
                Key(
                    model: entry.phone.model.name, pool: entry.phone.place?.devicePool, outcome: entry.verdict.outcome),
                default: 0] += 1
        }
        visits = counts.map { Visit(model: $0.model, pool: $0.pool, outcome: $0.outcome, phones: $1) }.sorted {
            ($1.phones, $0.outcome.rawValue, $0.model, $0.pool ?? "")
                < ($0.phones, $1.outcome.rawValue, $1.model, $1.pool ?? "")
        }
        var restarts: [Restart] = []
        for (service, node) in change.survey.services {
            if let last = restarts.last, last.service == service {
                restarts[restarts.count - 1] = Restart(service: service, nodes: last.nodes + [node])
            } else {
                restarts.append(Restart(service: service, nodes: [node]))
            }
        }
        self.restarts = restarts
        let isRestarting = change.plan.steps.contains { $0.id == .restartPhones }
        phonesRestarted = isRestarting ? entries.count : 0
        (seconds, isMeasured) = StepEstimates(change).total(of: change.plan.steps.map(\.id))
    }

    // MARK: Sentences

    public var phoneText: LocalizableText {
        let visit = localized(needVisit, one: "1 needs a visit", other: "\(needVisit) need a visit")
        let text = localized("Phones: \(follow) of \(phones) follow, \(visit), \(unknown) unknown.")
        return leftBehindBefore == 0
            ? text : localized("\(text) Earlier changes had left \(leftBehindBefore) of them behind already.")
    }

    public var restartText: LocalizableText {
        let services = restarts.map { restart -> LocalizableText in
            let nodes =
                restart.nodes.count > 4
                ? localized("\(restart.nodes.count) nodes") : .verbatim(restart.nodes.joined(separator: ", "))
            return localized("\(restart.service) on \(nodes)")
        }
        let all =
            services
            + (phonesRestarted > 0
                ? [localized(phonesRestarted, one: "1 phone", other: "\(phonesRestarted) phones")] : [])
        return localized("Restarts: \(all.joined(separator: "; ")).")
    }

    public var timeText: LocalizableText {
        let time = ProgressEstimate.text(seconds)
        return isMeasured
            ? localized("Takes about \(time), as this cluster's earlier changes did.")
            : localized("Takes about \(time) on a lab of this size; a real cluster takes longer.")
    }
}

import Cluster
import Messages
import Operations
import Phones

/// What someone who answers a plan's question has to know, in figures.
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
        /// The nodes that restart at the same time, in their order; nil if all restart one after another.
        public let rounds: [[String]]?
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
    /// How long the services' restart usually takes on a real cluster, in seconds, as planned and one after another. See
    /// `RestartWave.usualSeconds`.
    public let serviceSeconds, serviceSecondsOneByOne: Double

    init(_ change: Change) {
        let entries = change.forecast.entries
        phones = entries.count
        follow = entries.count { $0.verdict.outcome == .accepted }
        needVisit = entries.count { $0.verdict.outcome == .refused }
        unknown = entries.count { $0.verdict.outcome == .unknown }
        leftBehindBefore = change.forecast.stranded.count - change.newlyStranded.count
        visits = StoredForecast(change.forecast).visits
        let waves = change.survey.waves(change.plan.restartOrder)
        restarts = change.survey.services.map { service, nodes in
            let rounds = waves.filter { $0.service == service }.map(\.nodes)
            return Restart(
                service: service, nodes: nodes, rounds: rounds.contains { $0.count > 1 } ? rounds : nil)
        }
        serviceSeconds = waves.reduce(0) { $0 + $1.usualSeconds }
        serviceSecondsOneByOne = change.survey.waves(.oneByOne).reduce(0) { $0 + $1.usualSeconds }
        let isRestarting = change.plan.steps.contains { $0.id == .restartPhones }
        phonesRestarted = isRestarting ? change.survey.phones(in: change.plan.phonePools).count : 0
        (seconds, isMeasured) = change.estimates.total(of: change.plan.steps.map(\.id))
    }

    // MARK: Sentences

    public var phoneText: LocalizableText { localized("Phones: \(phoneCounts)") }

    /// The same without its heading, for a table that has one.
    var phoneCounts: LocalizableText {
        let visit = localized(needVisit, one: "1 needs a visit", other: "\(needVisit) need a visit")
        let text = localized("\(follow) of \(phones) follow, \(visit), \(unknown) unknown.")
        return leftBehindBefore == 0
            ? text : localized("\(text) Earlier changes had left \(leftBehindBefore) of them behind already.")
    }

    public var restartText: LocalizableText { localized("Restarts: \(restartList).") }

    /// The same without its heading.
    var restartList: LocalizableText {
        let services = restarts.map { restart -> LocalizableText in
            let nodes =
                restart.nodes.count > 4
                ? localized("\(restart.nodes.count) nodes") : .verbatim(restart.nodes.joined(separator: ", "))
            guard let rounds = restart.rounds else { return localized("\(restart.service) on \(nodes)") }
            return rounds.count == 1
                ? localized("\(restart.service) on \(nodes) at once")
                : localized("\(restart.service) on \(nodes) in \(rounds.count) rounds")
        }
        let all =
            services
            + (phonesRestarted > 0
                ? [localized(phonesRestarted, one: "1 phone", other: "\(phonesRestarted) phones")] : [])
        return all.joined(separator: "; ")
    }

    /// Phones that are not shown, in groups of their own.
    public static func more(_ phones: Int, in groups: Int) -> LocalizableText {
        localized(groups, one: "and \(phones) more, in 1 group", other: "and \(phones) more, in \(groups) groups")
    }

    public var timeText: LocalizableText { Self.timeText(seconds, isMeasured: isMeasured) }

    static func timeText(_ seconds: Double, isMeasured: Bool) -> LocalizableText {
        let time = ProgressEstimate.text(seconds)
        return isMeasured
            ? localized("Takes about \(time), as this cluster's earlier changes did.")
            : localized("Takes about \(time) on a lab of this size; a real cluster takes longer.")
    }

    /// How long services take to restart, if nothing was measured; nil if none restarts.
    public var serviceText: LocalizableText? {
        guard !isMeasured, serviceSeconds > 0 else { return nil }
        let time = ProgressEstimate.text(serviceSeconds)
        return serviceSeconds < serviceSecondsOneByOne
            ? localized(
                "The services of a real cluster usually take about \(time) to restart like this, and \(ProgressEstimate.text(serviceSecondsOneByOne)) one after another."
            ) : localized("The services of a real cluster usually take about \(time) to restart.")
    }
}

import Basics
import Messages

/// How long the rest of a long step takes, estimated from what it took so far.
struct ProgressEstimate {
    private let start = ContinuousClock.now
    let total: Int
    /// A pause of this many seconds after each batch.
    var batch = Int.max, pause = 0.0

    /// "about 30 s left", once something is done; nil before.
    func left(_ done: Int) -> LocalizableText? {
        guard done > 0, done < total else { return nil }
        return localized(
            "about \(Self.text(seconds(left: done, after: (ContinuousClock.now - start) / .seconds(1)))) left")
    }

    /// - Parameters:
    ///   - done: how many are done; the pause after them, if any, is still to come.
    ///   - passed: seconds, including the pauses so far.
    func seconds(left done: Int, after passed: Double) -> Double {
        guard done > 0 else { return 0 }
        let made = Double((done - 1) / max(batch, 1)) * pause
        let work = max(0, passed - made) / Double(done) * Double(total - done)
        return work + Self.pauses(total, batch, pause) - made
    }

    /// Seconds that the pauses between batches take together.
    static func pauses(_ total: Int, _ batch: Int, _ pause: Double) -> Double {
        Double(max(0, total - 1) / max(batch, 1)) * pause
    }

    /// "a second", "40 s", "3 min", "2 h 5 min"
    static func text(_ seconds: Double) -> LocalizableText {
        // Estimates divide, and their inputs may come from a file: none of these numbers is certain to be finite.
        let seconds = seconds.isFinite ? min(max(seconds, 0), JournalRecord.longest) : 0
        return switch seconds {
        case ..<1: localized("a second")
        case ..<100: .verbatim("\(Int(clamped: seconds.rounded(.up))) s")
        case ..<5400: localized("\(Int(clamped: (seconds / 60).rounded(.up))) min")
        default: localized("\(Int(clamped: seconds) / 3600) h \(Int(clamped: seconds) % 3600 / 60) min")
        }
    }
}

/// How long a step may take, before it starts.
struct StepEstimates {
    /// Seconds by step, from this cluster's own journals.
    private let measured: [StepID: Double]
    private let phones, nodes: Int
    /// How many waves of services restart.
    private let waves: Int
    /// Seconds that the pauses between phones take together.
    private let pauses: Double

    /// What a step took on the lab, in seconds per unit (November 2026, two processors). A real cluster's services take
    /// a minute or more each; its own journals say so from the second change on.
    private static let lab = (service: 0.5, phone: 0.006, node: 0.02)

    init(_ change: Change) {
        var measured: [StepID: Double] = [:]
        // A journal that cannot be read has already prevented the change from starting.
        for record in ((try? change.state.changes(of: change.plan.cluster)) ?? []).flatMap(\.records)
        where record.event == .proved {
            if let step = record.step, let seconds = record.seconds { measured[step] = seconds }
        }
        self.measured = measured
        phones = change.survey.phones(in: change.plan.phonePools).count
        nodes = change.survey.world.nodes.count
        // A change that is resumed has not asked where they run: one node after the other, at most.
        let services = change.plan.steps.lazy.compactMap { step -> [String]? in
            if case .restartServices(let names, _) = step { names } else { nil }
        }.first
        waves =
            change.isContinued
            ? (services?.count ?? 0) * nodes : change.survey.waves(change.plan.restartOrder).count
        var pauses = 0.0
        for case .restartPhones(let batch, let pause, _) in change.plan.steps {
            pauses = ProgressEstimate.pauses(phones, batch, pause)
        }
        self.pauses = pauses
    }

    /// How long a step may take, in seconds, as far as that is known.
    func seconds(_ step: StepID) -> Double { measured[step] ?? onLab(step) }

    private func onLab(_ step: StepID) -> Double {
        switch step {
        case .restartServices: Double(waves) * Self.lab.service
        case .restartPhones: Double(phones) * Self.lab.phone + pauses
        case .deploy, .introduceByCluster, .updateTrustList: Double(nodes) * Self.lab.node
        default: 0
        }
    }

    /// Seconds of all these steps together, and whether those that take longest come from this cluster's own journals.
    func total(of steps: [StepID]) -> (seconds: Double, isMeasured: Bool) { total(of: steps.map { ($0, 1) }) }

    /// - Parameter steps: with how much of each is left, from 0 to 1.
    func total(of steps: [(id: StepID, share: Double)]) -> (seconds: Double, isMeasured: Bool) {
        let long = steps.map(\.id).filter { onLab($0) >= 1 || (measured[$0] ?? 0) >= 1 }
        let seconds = steps.reduce(0) { $0 + self.seconds($1.id) * $1.share }
        return (min(seconds, JournalRecord.longest).rounded(), !long.isEmpty && long.allSatisfy { measured[$0] != nil })
    }

    /// "took 95 s last time", "about 2 s on a lab of this size"; nil if it is not worth mentioning.
    func text(_ step: StepID) -> LocalizableText? {
        if let seconds = measured[step] {
            return seconds < 1 ? nil : localized("took \(ProgressEstimate.text(seconds)) last time")
        }
        let seconds = onLab(step)
        return seconds < 1
            ? nil
            : localized("about \(ProgressEstimate.text(seconds)) on a lab of this size; a real cluster takes longer")
    }
}

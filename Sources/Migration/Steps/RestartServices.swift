import Basics
import Cluster
import Configuration
import Messages
import Operations

/// Restarts the services that must pick up the new file.
final class RestartServices: ChangeStep, Step {
    let id: StepID
    let title: LocalizableText
    let effect = StepEffect.phones

    private let services: [String]
    private let order: RestartOrder
    private let file: ChangeFile

    /// - Parameter isRollback: after everything was restored, rather than after the new file was proven.
    init(
        _ change: Change, _ services: [String], _ order: RestartOrder, isRollback: Bool = false,
        for file: ChangeFile = .new
    ) {
        id = isRollback ? .restartServicesAfterRollback : file == .new ? .restartServices : .introductionRestartServices
        (self.services, self.order, self.file) = (services, order, file)
        title =
            isRollback
            ? localized("Restart \(services.list) on every node again")
            : file == .new
                ? localized("Restart \(services.list) on every node")
                : localized("Restart \(services.list) on every node, for the introduction")
        super.init(change)
    }

    /// Those that have restarted for this file.
    private var restarted: [(service: String, node: String)] {
        id == .restartServices && change.isBeforeNewFile ? [] : change.known.restarted
    }

    /// Even of an interrupted wave, only what is not known to have restarted.
    private func left() throws -> [RestartWave] {
        let done = restarted
        return RestartWave.all(
            of: try services.map { ($0, try cluster.nodes(running: $0)) }, order: order, groups: survey.groups
        ).map { wave in
            RestartWave(
                service: wave.service,
                nodes: wave.nodes.filter { node in
                    !done.contains { $0.service == wave.service && $0.node == node }
                })
        }.filter { !$0.nodes.isEmpty }
    }

    func check() throws -> StepState {
        if file == .introduction, let passed = change.passed(id) { return passed }
        if change.known.begun.contains(id) || change.known.done.contains(id), try left().isEmpty {
            return .done(localized("all have been restarted since the file changed"))
        }
        // One that is resumed restarts the rest, and has not looked where services run.
        let waves = change.isContinued || survey.services.isEmpty ? try left() : survey.waves(order)
        if waves.contains(where: { $0.nodes.count > 1 }) {
            let rounds = waves.map { localized("\($0.service) on \($0.nodes.joined(separator: ", "))") }
            return .pending(
                localized("in \(rounds.count) rounds, the nodes of a round at once: \(rounds.joined(separator: "; "))"))
        }
        let nodes = services.map { service in
            let activated = waves.filter { $0.service == service }.flatMap(\.nodes)
            return activated.isEmpty ? nil : localized("\(service) on \(activated.joined(separator: ", "))")
        }.compactMap(\.self)
        return .pending(
            localized(
                nodes.isEmpty ? "one after the other" : "one after the other: \(nodes.joined(separator: "; "))"))
    }

    func shareLeft() throws -> Double {
        let left = try left().reduce(0) { $0 + $1.nodes.count }
        return Double(left) / Double(max(1, left + restarted.count))
    }

    func act(_ context: RunContext) throws {
        if id == .restartServicesAfterRollback { try change.forecastBack(context) }
        let left = try left()
        let count = left.reduce(0) { $0 + $1.nodes.count }
        let pace = ProgressEstimate(total: left.count)
        var done = 0
        for (index, wave) in left.enumerated() {
            let next = localized(
                "\(done) of \(count) services; \(wave.service) on \(wave.nodes.joined(separator: ", ")) is next")
            context.progress([next, pace.left(index)].compactMap(\.self).joined(separator: ", "))
            do {
                if context.isInterrupted() { throw interrupted(done, count) }
                // What an earlier run began may still be on its way: a phone could lose both of its servers.
                if change.isContinued, wave.service == ClusterService.callManager,
                    left.first(where: { $0.service == wave.service }) == wave
                {
                    cluster.awaitRest(of: wave.service, isInterrupted: context.isInterrupted)
                }
                try cluster.restart(
                    service: wave.service, on: wave.nodes, isInterrupted: context.isInterrupted,
                    meanwhile: phonesMeanwhile(left[index...], context)
                ) { node in
                    try change.record(.restarted(service: wave.service, node: node))
                    done += 1
                }
            } catch let error as ClusterError where error.code == .interrupted {
                throw interrupted(done, count)
            }
        }
    }

    /// Tells phones to restart while services of others still do: those of CallManager groups all of whose nodes have
    /// finished. Nil if there are none.
    ///
    /// - Parameter waves: this one, and those after it.
    private func phonesMeanwhile(_ waves: ArraySlice<RestartWave>, _ context: RunContext)
        -> SimultaneousRestart.Meanwhile?
    {
        // Phones start with what Cisco Tftp serves; of Cisco CTIManager they need nothing.
        let rest: Set = [ClusterService.callManager, ClusterService.ctiManager]
        guard order == .byGroups, waves.allSatisfy({ rest.contains($0.service) }), let phones = phonesAfterwards else {
            return nil
        }
        let down = Set(waves.filter { $0.service == ClusterService.callManager }.flatMap(\.nodes))
        let ready = Set((survey.groups ?? []).filter { down.isDisjoint(with: $0.servers) }.map(\.name))
        guard phones.hasLeft(inGroups: ready) else { return nil }
        return { isOver in try phones.tell(inGroups: ready, context, until: isOver) }
    }

    /// The step that restarts the phones.
    private var phonesAfterwards: RestartPhones? {
        let steps: [StepID: StepID] = [
            .restartServices: .restartPhones, .introductionRestartServices: .introductionRestartPhones,
            .restartServicesAfterRollback: .restartPhonesAfterRollback,
        ]
        return (change.steps + change.stepsAfterRollback).first { $0.id == steps[id] } as? RestartPhones
    }

    private func interrupted(_ done: Int, _ count: Int) -> MigrationError {
        change.interrupted(localized("\"\(title)\" was interrupted: \(done) of \(count) services were restarted."))
    }

    func prove() -> [LocalizableText] {
        change.known.restarted.map { localized("\($0.service) on \($0.node) has restarted") }
    }
}

import ArgumentParser
import Cluster
import Configuration
import Messages
import Migration
import Operations

extension TrustListService: ExpressibleByArgument {}

struct ClusterRestartServices: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart-services",
        abstract: localized("Restart the services that must pick up a new trust list, one after another."),
        discussion: localized(
            """
            First the Trust Verification Service on every node, then Cisco Tftp, then Cisco CallManager, and from \
            release 11.6 on Cisco CTIManager, each only where it is activated. A node's service must be up again before the next one is restarted. Every node is \
            checked before the first restart; the first failure stops the command. While CallManager restarts, its \
            phones register elsewhere.

            Example:
              etoken-bridge cluster restart-services --cluster office
              etoken-bridge cluster restart-services --cluster office \\
                --service tftp --node cucm-sub1
            """))

    @OptionGroup var cluster: ClusterOptions

    @Option(help: .localized("Only this service: tvs, tftp, callmanager or ctimanager. May be repeated."))
    var service: [TrustListService] = []

    @Option(help: .localized("Only this node. May be repeated.", valueName: "name"))
    var node: [String] = []

    @Option(help: .localized("How long a service may take to come up, in seconds.", valueName: "seconds"))
    var timeout = 600

    @Flag(help: .localized("Only show what would be restarted, in which order."))
    var dryRun = false

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var common: CommonOptions

    private struct Report: Encodable {
        struct Step: Encodable {
            let node, service: String
            let state: State
        }

        enum State: String, Encodable {
            case restarted, failed
            case notTried = "not-tried"
            case planned

            var text: String {
                switch self {
                case .restarted: localized("restarted").localized
                case .failed: localized("failed").localized
                case .notTried: localized("not tried").localized
                case .planned: localized("planned").localized
                }
            }
        }

        let steps: [Step]
    }

    func validate() throws {
        if timeout < 1 { throw ValidationError(localized("--timeout must be at least 1 second.")) }
    }

    func run() throws {
        let lock = try ClusterLock.forCommand(self.cluster.name)
        defer { withExtendedLifetime(lock) {} }
        let cluster = try cluster.configured()
        defer { cluster.close() }
        let all = cluster.configuration.nodes
        let nodes =
            try node.isEmpty
            ? all.filter(\.isPublisher) + all.filter { !$0.isPublisher } : cluster.nodes(named: node)
        // The safe order, whatever order they were specified in.
        let version = cluster.configuration.version
        let services = TrustListService.allCases
            .filter { service.isEmpty ? $0.isAffected(in: version) : service.contains($0) }.map(\.name)
        let restart = try ServiceRestart(of: services, on: nodes, in: cluster)
        if !service.isEmpty, let name = restart.notFound.first {
            throw Failure(
                Status.notThere, localized("\(name) is not activated on \(nodes.map(\.name).joined(separator: ", "))."),
                next: localized(
                    "See where it runs: etoken-bridge cluster status --cluster \(word: cluster.configuration.name)"))
        }
        if dryRun {
            return try tell(
                Report(steps: restart.steps.map { .init(node: $0.node, service: $0.service, state: .planned) }))
        }
        if !confirmation.yes {
            for step in restart.steps { Terminal.note("  " + localized("\(step.service) on \(step.node)").localized) }
        }
        try confirmation.ask(
            localized(
                restart.steps.count, one: "Restart this service of cluster \(cluster.configuration.name)?",
                other: "Restart these \(restart.steps.count) services of cluster \(cluster.configuration.name)?"))
        Interruption.watch()
        var number = 0
        let outcome = restart.run(
            on: cluster, timeout: Double(timeout), isInterrupted: { Interruption.hasCome },
            observe: { step in
                number += 1
                Terminal.note(localized("[\(number)/\(restart.steps.count)] \(step.service) on \(step.node) ..."))
            })
        let report = Report(
            steps: outcome.done.map { .init(node: $0.node, service: $0.service, state: .restarted) }
                + outcome.left.enumerated().map { index, step in
                    .init(
                        node: step.node, service: step.service,
                        state: index == 0 && outcome.failure != nil ? .failed : .notTried)
                })
        try tell(report)
        try check(outcome)
    }

    private func tell(_ report: Report) throws {
        if common.json {
            try Terminal.json(report)
        } else {
            var table = Table(localized("SERVICE"), localized("NODE"), localized("STATE"))
            for step in report.steps { table.add(step.service, step.node, step.state.text) }
            Terminal.out(table.text)
        }
    }

    private func check(_ outcome: ServiceRestart.Outcome) throws {
        func list(_ steps: [ServiceRestart.Step]) -> String {
            steps.map { localized("\($0.service) on \($0.node)").localized }.joined(separator: ", ")
        }
        guard let first = outcome.left.first else { return }
        guard let failure = outcome.failure else {
            throw Failure(
                Status.interrupted, localized("Interrupted at \(first.service) on \(first.node)."),
                next: localized("Run the command again for the rest: \(list(outcome.left))."))
        }
        let cause = Failure(describing: failure)
        throw Failure(
            outcome.done.isEmpty && cause.status != Status.failed ? cause.status : Status.partlyDone,
            localized("\(first.service) on \(first.node) did not come up again. \(cause.what)"),
            code: cause.code,
            next:
                localized("Look at that node first; then run the command again for the rest: \(list(outcome.left))."),
            causes: cause.causes)
    }
}

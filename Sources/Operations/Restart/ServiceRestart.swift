import Basics
import Cluster
import Configuration
import Messages
import Transfers

/// Restarts services on several nodes: one after another, each one up again before the next.
///
/// The order is that of the given services, and for each service that of the nodes: what answers phones is only down on
/// one node at a time.
public struct ServiceRestart: Sendable {
    public struct Step: Sendable, Hashable {
        public let node: String
        public let service: String
    }

    public let steps: [Step]
    /// Requested services that are not activated on any of the nodes.
    public let notFound: [String]

    /// Asks every node which of the services are activated there. Changes nothing.
    ///
    /// - Throws: the error of a node. The first node is logged in to before the others.
    public init(of services: [String], on nodes: [NodeConfiguration], in cluster: ClusterClient) throws(ClusterError) {
        if let first = nodes.first { _ = try cluster.commandLine(of: first) }
        let answers = Concurrently.map(nodes) { node in
            Result { () throws(ClusterError) in try cluster.commandLine(of: node).services() }
        }
        var activated: [[ServiceStatus]] = []
        for answer in answers { activated.append(try answer.get()) }
        steps = services.flatMap { service in
            zip(nodes, activated).compactMap { node, services in
                services.contains { $0.name == service && $0.isActivated }
                    ? Step(node: node.name, service: service) : nil
            }
        }
        let found = Set(steps.map(\.service))
        notFound = services.filter { !found.contains($0) }
    }

    /// The progress so far.
    public struct Outcome: Sendable {
        public let done: [Step]
        public let left: [Step]
        /// What stopped it, at the first of `left`; nil if all is done or it was asked to stop.
        public let failure: ClusterError?
    }

    /// Restarts, step by step; the first failure stops it, so that no further service goes down.
    ///
    /// - Parameters:
    ///   - timeout: seconds for each service to come up again.
    ///   - isInterrupted: checked before each step and while waiting for one.
    ///   - observe: called before each step.
    public func run(
        on cluster: ClusterClient, timeout: Double = 600, isInterrupted: () -> Bool = { false },
        observe: (Step) -> Void = { _ in }
    ) -> Outcome {
        for (index, step) in steps.enumerated() {
            let left = Array(steps[index...])
            guard !isInterrupted() else { return Outcome(done: Array(steps[..<index]), left: left, failure: nil) }
            observe(step)
            do throws(ClusterError) {
                try cluster.restart(
                    step.service, on: cluster.node(step.node), timeout: timeout, isInterrupted: isInterrupted)
            } catch {
                let failure = error.code == .interrupted ? nil : error
                return Outcome(done: Array(steps[..<index]), left: left, failure: failure)
            }
        }
        return Outcome(done: steps, left: [], failure: nil)
    }
}

extension ClusterClient {
    /// Restarts a service on a node, and waits until the node reports it as up and, if that can be checked, until it
    /// answers.
    ///
    /// - Parameters:
    ///   - timeout: seconds.
    ///   - isInterrupted: asked once the command has returned; yes ends the wait, and the node continues by itself.
    /// - Throws: `timedOut` if it is not up by then; `refused` if the node cannot restart it; `interrupted`.
    public func restart(
        _ service: String, on node: NodeConfiguration, timeout: Double = 600, isInterrupted: () -> Bool = { false }
    ) throws(ClusterError) {
        let deadline = ContinuousClock.now + .seconds(timeout)
        // A port that is closed to us says nothing about the service.
        let isChecked = service != ClusterService.trustVerification || answers(service, on: node)
        try commandLine(of: node).restart(service, until: deadline, isInterrupted: isInterrupted)
        while isChecked, !answers(service, on: node) {
            guard ContinuousClock.now < deadline else {
                throw ClusterError(
                    .timedOut, operation: localized("restart \(service)"), node: node.name,
                    message: localized("it is started, but does not answer after \(Int(clamped: timeout)) s"))
            }
            guard interruptibleSleep(0.5, isInterrupted: isInterrupted) else {
                throw ClusterError(
                    .interrupted, operation: localized("restart \(service)"), node: node.name,
                    message: localized("interrupted before it was up again"))
            }
        }
    }

    /// Whether a service answers; true for those that cannot be checked from outside.
    private func answers(_ service: String, on node: NodeConfiguration) -> Bool {
        switch service {
        case ClusterService.tftp where node.servesTFTP:
            do throws(ClusterError) {
                // That there is no such file is an answer, too.
                _ = try trustListHost(node).fetch(.ctl, over: .tftp, timeout: 5)
                return true
            } catch {
                return false
            }
        case ClusterService.trustVerification:
            guard let port = node.tvsPort, let pin = node.tvsPin else { return true }
            let tls = TLSOptions(trust: .pinned(publicKey: pin), legacyTLS: node.legacyTLS)
            guard let stream = try? TLSStream(host: node.address, port: port, tls: tls, timeout: 5) else {
                return false
            }
            stream.close()
            return true
        default: return true
        }
    }
}

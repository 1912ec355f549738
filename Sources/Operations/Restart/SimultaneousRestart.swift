import Basics
import Cluster
import Configuration
import Messages
import Synchronization

/// Restarts of a service on several nodes at once, each on its own thread.
public struct SimultaneousRestart: Sendable {
    /// What is done while services restart. It should return soon after the closure that it is given says that they
    /// have finished.
    public typealias Meanwhile = (_ isOver: () -> Bool) throws -> Void

    private struct State {
        /// In the order in which they ended; taken out by the one who waits.
        var ended: [(node: String, error: ClusterError?)] = []
        var isInterrupted = false
    }

    private let state = Monitor(State())
    private let nodes: [NodeConfiguration]
    private let service: String
    private let cluster: ClusterClient

    public init(of service: String, on nodes: [NodeConfiguration], in cluster: ClusterClient) {
        (self.service, self.nodes, self.cluster) = (service, nodes, cluster)
    }

    /// How often the caller is asked whether to continue, in seconds.
    private static let pause = 0.2

    /// Restarts them, and returns when each is up again or has failed.
    ///
    /// - Parameters:
    ///   - isInterrupted: asked while waiting, on this thread; yes ends the wait, and the nodes continue by themselves.
    ///   - meanwhile: done on this thread first; nil for nothing. If it throws, the nodes are still waited for.
    ///   - restarted: called on this thread for each node, as soon as the service has started there.
    /// - Throws: what `meanwhile` and `restarted` throw; the first node's error.
    public func wait(
        isInterrupted: () -> Bool, meanwhile: Meanwhile? = nil, restarted: (String) throws -> Void
    ) throws {
        for node in nodes {
            let work = { @Sendable [self] in
                let result = Result { () throws(ClusterError) in
                    try cluster.restart(service, on: node) { state.read { $0.isInterrupted } }
                }
                var error: ClusterError?
                if case .failure(let failure) = result { error = failure }
                state.change { $0.ended.append((node.name, error)) }
            }
            // Without another thread it takes longer, but is done.
            if !OwnThread.start(work) { work() }
        }
        var (left, failure) = (nodes.count, (any Error)?.none)
        do { try meanwhile? { [count = nodes.count] in state.read { $0.ended.count == count } } } catch {
            failure = error
        }
        while left > 0 {
            let hasNews = state.wait(until: Deadline(seconds: Self.pause)) { $0.ended.isEmpty ? nil : true } ?? false
            var ended: [(node: String, error: ClusterError?)] = []
            if hasNews { state.change { swap(&ended, &$0.ended) } }
            left -= ended.count
            for (node, error) in ended {
                if let error {
                    // An actual failure says more than that the others were not waited for.
                    if failure == nil || (failure as? ClusterError)?.code == .interrupted { failure = error }
                    continue
                }
                // One that has restarted is recorded even after another one has failed.
                do { try restarted(node) } catch { failure = failure ?? error }
            }
            if isInterrupted() { state.change { $0.isInterrupted = true } }
        }
        if let failure { throw failure }
    }
}

import Basics
import Cluster
import Configuration
import Messages
import TrustList

/// One CTL file deployed to every node, or deleted there: on all of them, or on none.
///
/// Every node is read first, what it serves is compared with what it says itself, and saved. Then all are changed at once
/// and read back over every transport. If one fails, the others are restored to what they had, byte for byte.
public struct TrustListDeployment: Sendable {
    /// What to do when some nodes fail.
    public enum FailurePolicy: Sendable {
        /// Restore what every node had.
        case undo
        /// Leave the new file where it arrived.
        case keep
    }

    /// The outcome for a node.
    public enum NodeState: String, Sendable {
        /// Nothing was done to it.
        case untouched
        /// It already served the wanted file.
        case alreadySo = "already-so"
        /// It serves what was wanted, as read back.
        case done
        /// It does not, and was left as it is.
        case failed
        /// It serves what it did before, as read back.
        case restored
        /// It could not be restored to what it had, or could not be read afterwards.
        case notRestored = "not-restored"
    }

    public struct Node: Sendable {
        public let name: String
        /// What it had before, proven; nil for no file, or if it could not be read.
        public let before: [UInt8]?
        /// Where that was saved.
        public let backup: String?
        public let state: NodeState
        /// Why it failed; or, if it should have been restored and could not be, why that failed.
        public let error: ClusterError?
    }

    public enum Outcome: String, Sendable {
        /// Every node serves what was wanted.
        case done
        /// Some nodes do, as requested.
        case partly
        /// A node failed, and every node serves what it did before.
        case undone
        /// A node failed, and at least one could not be restored.
        case notUndone = "not-undone"
        /// Nothing was changed, and nothing was meant to be: what would be done.
        case planned
        /// Nothing was changed: a node could not be read, or a login failed, or the program was asked to stop.
        case notStarted = "not-started"
    }

    /// What was to be served: a file, or nil for none.
    public let contents: [UInt8]?
    public let outcome: Outcome
    public let nodes: [Node]
    /// What stopped it; nil if everything is done.
    public let failure: ClusterError?
    /// Whether it was stopped from outside before the first change.
    public let isInterrupted: Bool

    /// Steps that take time, for a progress display.
    public enum Event: Sendable {
        case reading(nodes: Int)
        case backedUp(path: String)
        case changing(nodes: [String])
        case restoring(nodes: [String])
    }

    /// What a run needs from its caller.
    public struct Hooks {
        /// Called with what every node has, before anything else is done; throws to stop there.
        public var approve: (DistributedFile) throws -> Void = { _ in }
        /// Saves a file that is about to be replaced, and returns its location.
        public var backUp: ([UInt8]) throws -> String
        public var isInterrupted: () -> Bool
        public var observe: (Event) -> Void

        public init(
            backUp: @escaping ([UInt8]) throws -> String, isInterrupted: @escaping () -> Bool = { false },
            observe: @escaping (Event) -> Void = { _ in }
        ) {
            self.backUp = backUp
            self.isInterrupted = isInterrupted
            self.observe = observe
        }
    }
}

extension ClusterTrustLists {
    /// Deploys a CTL file to every node.
    ///
    /// - Parameters:
    ///   - policy: with `keep`, nodes that cannot be read are left out as well.
    ///   - restartsTFTP: whether Cisco Tftp is restarted on a node that keeps serving what it served before.
    ///   - allowingMissingServers: whether it may lack servers of the current file.
    ///   - acceptingUnproven: whether what TFTP and HTTP say is accepted from a node that has no way to say what it has.
    /// - Throws: ``DeploymentError`` (`missing-servers`), what `approve` and `backUp` throw, and ``EvidenceError``, before
    ///   anything was changed. Errors of nodes are part of the result.
    public func deploy(
        _ file: DeployableFile, policy: TrustListDeployment.FailurePolicy = .undo, restartsTFTP: Bool = false,
        allowingMissingServers: Bool = false, acceptingUnproven: Bool = false, hooks: TrustListDeployment.Hooks
    ) throws -> TrustListDeployment {
        var checked = hooks
        checked.approve = { present in
            if !allowingMissingServers { try file.checkServers(replacing: present) }
            try hooks.approve(present)
        }
        return try replace(
            with: file.bytes, policy: policy, restartsTFTP: restartsTFTP, acceptingUnproven: acceptingUnproven,
            hooks: checked)
    }

    /// Deletes the CTL file on every node; otherwise as ``deploy(_:policy:restartsTFTP:allowingMissingServers:acceptingUnproven:hooks:)``.
    public func delete(
        policy: TrustListDeployment.FailurePolicy = .undo, restartsTFTP: Bool = false, acceptingUnproven: Bool = false,
        hooks: TrustListDeployment.Hooks
    ) throws -> TrustListDeployment {
        try replace(
            with: nil, policy: policy, restartsTFTP: restartsTFTP, acceptingUnproven: acceptingUnproven, hooks: hooks)
    }

    /// - Parameter contents: any file; nil deletes it.
    func replace(
        with contents: [UInt8]?, policy: TrustListDeployment.FailurePolicy = .undo, restartsTFTP: Bool = false,
        acceptingUnproven: Bool = false, hooks: TrustListDeployment.Hooks
    ) throws -> TrustListDeployment {
        hooks.observe(.reading(nodes: hosts.count))
        let (file, login) = readAndLogIn(for: contents == nil ? .delete : .deploy)
        if let login {
            return DeploymentRecord(contents: contents, present: file.served).result(.notStarted, failure: login)
        }
        var run = try DeploymentRecord(
            contents: contents, file, acceptingUnproven: acceptingUnproven, restartsTFTP: restartsTFTP)
        let present = run.present
        if policy == .undo, let error = present.failures.first?.error {
            return run.result(.notStarted, failure: error)
        }
        guard !present.answers.isEmpty else { return run.result(.notStarted, failure: present.failures.first?.error) }
        try hooks.approve(present)
        for variant in present.variants where variant != contents {
            let path = try hooks.backUp(variant)
            run.backups[variant] = path
            hooks.observe(.backedUp(path: path))
        }
        guard !hooks.isInterrupted() else { return run.result(.notStarted, isInterrupted: true) }

        let wanted = run.nodesToChange
        hooks.observe(.changing(nodes: wanted))
        let failures = put(
            Dictionary(uniqueKeysWithValues: wanted.map { ($0, contents) }), restartsTFTP: restartsTFTP)
        run.noteChange(of: wanted, failures: failures)
        let first = failures.first?.error ?? present.failures.first?.error
        guard let first else { return run.result(.done) }
        guard policy == .undo else { return run.result(.partly, failure: first) }

        hooks.observe(.restoring(nodes: wanted))
        let left = restore(
            run.proven.filter { wanted.contains($0.key) },
            refusing: Set(failures.filter { !$0.mayBeStored }.map(\.node)), restartsTFTP: restartsTFTP
        ).failures
        run.noteRestoration(of: wanted, failures: left)
        return run.result(left.isEmpty ? .undone : .notUndone, failure: first)
    }

    /// What deploying or deleting would find and do, without a login and without a change.
    ///
    /// - Parameter contents: the file; nil for none.
    /// - Returns: with `untouched` for a node that would be changed; and what every node serves.
    public func rehearse(_ contents: [UInt8]?) -> (deployment: TrustListDeployment, present: DistributedFile) {
        let present = read(.ctl)
        let run = DeploymentRecord(contents: contents, present: present)
        return (run.result(.planned, failure: present.failures.first?.error), present)
    }

    /// Restores what nodes had.
    ///
    /// - Parameters:
    ///   - before: by the node's name, a file, or nil for none: only what is proven to have been theirs.
    ///   - refusing: nodes that certainly stored nothing; they are written to only where they have something else.
    ///   - restartsTFTP: whether Cisco Tftp is restarted on a node that serves something else afterwards.
    /// - Returns: the nodes that were written to, and in their order those that do not serve it in the end.
    public func restore(
        _ before: [String: Authenticated<[UInt8]?>], refusing: Set<String> = [], restartsTFTP: Bool = false
    ) -> (written: [String], failures: [PutFailure]) {
        let before = before.mapValues(\.value)
        let affected = ClusterTrustLists(
            hosts.filter { before.keys.contains($0.node) }, of: cluster, isParallel: isParallel)
        let now = affected.readWitnessed(.ctl)
        let serving = Set(
            before.filter { node, contents in
                now.statement(of: node)?.fits(contents) != false
                    && now.served.readings.allSatisfy {
                        $0.node != node || ($0.error == nil && $0.bytes == contents)
                    }
            }.keys)
        let changed = before.filter { node, _ in !refusing.contains(node) || !serving.contains(node) }
        return (
            affected.nodes.filter { changed.keys.contains($0) },
            affected.put(changed, restartsTFTP: restartsTFTP, serving: serving)
        )
    }

    /// Reads every node, and meanwhile logs in to the first one: a wrong password is tried there and nowhere else. On
    /// the others only the login pages are opened. As soon as the first one has accepted the password, the others are
    /// logged in to, and every node is asked what it has, all at once.
    private func readAndLogIn(for change: TrustListChange) -> (WitnessedFile, ClusterError?) {
        enum Task: Sendable {
            case read
            case logIn(any TrustListHost)
            case approach(any TrustListHost)
        }
        enum Part: Sendable {
            case file(DistributedFile)
            case login(ClusterError?, [String: Result<TrustListStatement, ClusterError>])
            case nothing
        }
        let tasks =
            [.read] + hosts.prefix(1).map { Task.logIn($0) } + hosts.dropFirst().map { Task.approach($0) }
        let parts = forEach(tasks) { task -> Part in
            switch task {
            case .read: return .file(read(.ctl))
            case .approach(let host):
                // An error shows when the node is written to.
                try? host.approach(for: change)
                return .nothing
            case .logIn(let host):
                do throws(ClusterError) {
                    try host.prepare(for: change)
                } catch {
                    // An unreachable node is noticed when it is read, and may be tolerated. Whether the password is the
                    // right one is then not known yet.
                    return error.isRefusal ? .login(error, [:]) : .login(nil, statements(of: .ctl))
                }
                return .login(nil, askAll(whilePreparing: change))
            }
        }
        var served = DistributedFile(kind: .ctl, readings: [])
        var login: ClusterError?
        var said: [String: Result<TrustListStatement, ClusterError>] = [:]
        for part in parts {
            switch part {
            case .file(let file): served = file
            case .login(let error, let words): (login, said) = (error, words)
            case .nothing: break
            }
        }
        if login == nil, let first = hosts.first, case .failure(let error)? = said[first.node], error.isRefusal {
            login = error
        }
        return (WitnessedFile(served: served, statements: said, cluster: cluster), login)
    }

    /// Asks every node what it has, and meanwhile logs in for a change to all but the first, which has accepted the
    /// password.
    private func askAll(whilePreparing change: TrustListChange) -> [String: Result<TrustListStatement, ClusterError>] {
        let answers = forEach(Array(hosts.enumerated())) { [isParallel] number, host in
            // An error shows when the node is written to: the host does not try a refused password again.
            func prepare() { if number > 0 { try? host.prepare(for: change) } }
            guard isParallel else {
                prepare()
                return Self.statement(of: .ctl, host)
            }
            return Concurrently.both {
                Self.statement(of: .ctl, host)
            } _: {
                prepare()
            }.0
        }
        return Dictionary(zip(hosts.map(\.node), answers), uniquingKeysWith: { first, _ in first })
    }
}

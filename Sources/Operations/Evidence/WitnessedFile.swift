import Basics
import Cluster
import Configuration
import Messages

/// A trust list file as every node serves it, next to what each node says itself that it has.
public struct WitnessedFile: Sendable {
    public let served: DistributedFile
    /// By node.
    let statements: [String: Result<TrustListStatement, ClusterError>]
    /// The cluster's name in the configuration, for advice.
    let cluster: String?

    public var kind: TrustListKind { served.kind }

    /// What a node says; nil if it could not be asked, or has no way to say it.
    public func statement(of node: String) -> TrustListStatement? {
        if case .success(let statement)? = statements[node] { return statement }
        return nil
    }

    /// Why a node says nothing.
    public func failure(of node: String) -> ClusterError? {
        if case .failure(let error)? = statements[node] { return error }
        return nil
    }

    /// Answers that are not what the node says itself.
    public var contradictions: [(reading: TrustListReading, statement: TrustListStatement)] {
        served.answers.compactMap { reading in
            guard let statement = statement(of: reading.node), !statement.fits(reading.bytes) else { return nil }
            return (reading, statement)
        }
    }

    /// Makes sure that nobody answers in a node's place.
    ///
    /// - Parameter known: files that a node may serve from memory although it has another one.
    /// - Throws: ``EvidenceError`` (`contradicted`).
    public func checkContradictions(except known: [[UInt8]?] = []) throws(EvidenceError) {
        guard let first = contradictions.first(where: { !known.contains($0.reading.bytes) }) else { return }
        throw EvidenceError.contradicted(first.reading, first.statement, kind, cluster: cluster)
    }

    /// What a node has.
    ///
    /// - Parameters:
    ///   - known: files that are known otherwise: a node that states one of these and serves something else still has
    ///     it, and nothing that it serves is needed.
    ///   - acceptingUnproven: whether what TFTP and HTTP say is accepted where the node has no way to say what it has.
    /// - Throws: ``EvidenceError`` (`contradicted`, `unproven`), or why the node could not be asked.
    public func contents(
        of node: String, knowing known: [[UInt8]?] = [], acceptingUnproven: Bool = false
    ) throws -> Authenticated<[UInt8]?> {
        let readings = served.answers.filter { $0.node == node }
        switch statements[node] {
        case .success(let statement):
            let proof = Proof.statement(kind.command, of: [node])
            if let file = known.first(where: statement.fits) { return .init(file, proof) }
            if let other = readings.first(where: { !statement.fits($0.bytes) }) {
                throw EvidenceError.contradicted(other, statement, kind, cluster: cluster)
            }
            guard let reading = readings.first else { throw unread(node) }
            return .init(reading.bytes, proof)
        case .failure(let error):
            guard error.isWithoutAWay else { throw error }
            guard acceptingUnproven else { throw EvidenceError.unproven(kind, error, node: node) }
            guard let reading = readings.first else { throw unread(node) }
            if let other = readings.first(where: { !$0.agrees(with: reading) }) { throw differing(reading, other) }
            return .init(reading.bytes, EvidenceError.accepted(kind, node: node))
        case nil: throw unread(node)
        }
    }

    /// What every node has: the same file, or none.
    ///
    /// - Throws: as ``contents(of:knowing:acceptingUnproven:)``; ``EvidenceError`` (`inconsistent`) if nodes differ.
    public func contents(
        knowing known: [[UInt8]?] = [], acceptingUnproven: Bool = false
    ) throws -> Authenticated<[UInt8]?> {
        if let failure = served.failures.first { throw failure.error }
        let all = try served.nodes.map {
            ($0, try contents(of: $0, knowing: known, acceptingUnproven: acceptingUnproven))
        }
        guard let first = all.first else {
            throw EvidenceError(
                .inconsistent, localized("No node of the cluster was asked for \(kind.fileName)."), next: nil)
        }
        if let other = all.first(where: { $0.1.value != first.1.value }) {
            throw differing(
                served.answer(of: first.0) ?? .init(node: first.0, transport: .tftp, outcome: .absent),
                served.answer(of: other.0) ?? .init(node: other.0, transport: .tftp, outcome: .absent))
        }
        // An unproven file is not proven by the others.
        if let accepted = all.first(where: { $0.1.proof.way == .accepted }) { return accepted.1 }
        return .init(first.1.value, .statement(kind.command, of: all.map(\.0)))
    }

    private func unread(_ node: String) -> any Error {
        served.failures.first { $0.node == node }?.error
            ?? ClusterError(
                .notFound, operation: localized("read \(kind.fileName)"), node: node, message: localized("no answer"))
    }

    private func differing(_ one: TrustListReading, _ other: TrustListReading) -> EvidenceError {
        EvidenceError(
            .inconsistent, node: other.node,
            localized(
                "Nodes serve different CTL files: \(one.node) over \(one.transport.text) has \(one.summary), \(other.node) over \(other.transport.text) has \(other.summary)."
            ),
            next: localized(
                "If a restart does not help, check database replication. Restart Cisco Tftp there, then run this command again: etoken-bridge cluster restart-services --cluster \(word: cluster ?? "NAME") --service tftp --node \(word: other.node)"
            ))
    }
}

extension ClusterTrustLists {
    /// Reads a file from every node as phones do, and asks each node what it has. Failures are part of the result.
    public func readWitnessed(_ kind: TrustListKind) -> WitnessedFile {
        guard isParallel else {
            return WitnessedFile(served: read(kind), statements: statements(of: kind), cluster: cluster)
        }
        let (file, words) = Concurrently.both {
            read(kind)
        } _: {
            statements(of: kind)
        }
        return WitnessedFile(served: file, statements: words, cluster: cluster)
    }

    /// What each node says about a file, by node. A password that the first one refuses is not tried on the others.
    func statements(of kind: TrustListKind) -> [String: Result<TrustListStatement, ClusterError>] {
        guard let first = hosts.first else { return [:] }
        let one = Self.statement(of: kind, first)
        var all = [first.node: one]
        let others = Array(hosts.dropFirst())
        if case .failure(let error) = one, error.isRefusal {
            for host in others { all[host.node] = one }
            return all
        }
        for (host, statement) in zip(others, forEach(others) { Self.statement(of: kind, $0) }) {
            all[host.node] = statement
        }
        return all
    }

    static func statement(
        of kind: TrustListKind, _ host: any TrustListHost
    ) -> Result<TrustListStatement, ClusterError> {
        do throws(ClusterError) { return .success(try host.statement(of: kind)) } catch { return .failure(error) }
    }
}

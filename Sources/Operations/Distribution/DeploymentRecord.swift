import Cluster
import Configuration
import Messages
import TrustList

/// What is known about every node during a deployment.
struct DeploymentRecord {
    let contents: [UInt8]?
    let present: DistributedFile
    /// What each node had, where that is proven.
    let proven: [String: Authenticated<[UInt8]?>]
    var backups: [[UInt8]: String] = [:]
    private var states: [String: TrustListDeployment.NodeState] = [:]
    private var errors: [String: ClusterError] = [:]

    /// Before a change: what every node has is proven, and is a trust list.
    ///
    /// - Throws: ``EvidenceError``.
    ///
    /// - Parameter restartsTFTP: then a node may serve something else from memory, as long as it states that it already
    ///   has what is wanted: nothing that it serves is needed then.
    init(contents: [UInt8]?, _ file: WitnessedFile, acceptingUnproven: Bool, restartsTFTP: Bool) throws {
        let isForgiven = { (statement: TrustListStatement) in restartsTFTP && statement.fits(contents) }
        if let first = file.contradictions.first(where: { !isForgiven($0.statement) }) {
            throw EvidenceError.contradicted(first.reading, first.statement, .ctl, cluster: file.cluster)
        }
        var proven: [String: Authenticated<[UInt8]?>] = [:]
        var readings: [TrustListReading] = []
        for node in file.served.nodes {
            let served = file.served.readings.filter { $0.node == node }
            if served.contains(where: { $0.error != nil }) {
                readings += served
                continue
            }
            do {
                let had = try file.contents(of: node, knowing: [contents], acceptingUnproven: acceptingUnproven)
                try had.value.map { try Self.checkIsTrustList($0, of: node, proof: had.proof) }
                proven[node] = had
                readings += served.map {
                    TrustListReading(
                        node: node, transport: $0.transport, outcome: had.value.map { .file($0) } ?? .absent)
                }
            } catch let error as ClusterError {
                readings += served.map {
                    TrustListReading(node: node, transport: $0.transport, outcome: .failed(error))
                }
            }
        }
        self.init(
            contents: contents, present: DistributedFile(kind: .ctl, readings: readings), proven: proven,
            serves: { node in file.served.readings.allSatisfy { $0.node != node || $0.bytes == contents } })
    }

    /// What is restored on a node must be of use to it.
    private static func checkIsTrustList(_ bytes: [UInt8], of node: String, proof: Proof) throws {
        do { _ = try TrustListFile(decoding: bytes) } catch {
            throw EvidenceError(
                .unusable, node: node,
                localized(
                    "The CTLFile.tlv of \(node) (\(TrustListStatement(of: bytes).summary)) is not a trust list: \(error). It could not be restored, so nothing was changed."
                ),
                next: localized(
                    "Look at show ctl on \(node). On the publisher, utils ctl update CTLFile writes it again; file delete tftp CTLFile.tlv removes it."
                ), cause: error)
        }
    }

    /// For a plan, or where nothing will be changed.
    init(contents: [UInt8]?, present: DistributedFile) {
        self.init(
            contents: contents, present: present, proven: [:],
            serves: { node in present.readings.allSatisfy { $0.node != node || $0.bytes == contents } })
    }

    private init(
        contents: [UInt8]?, present: DistributedFile, proven: [String: Authenticated<[UInt8]?>],
        serves: (String) -> Bool
    ) {
        self.contents = contents
        self.present = present
        self.proven = proven
        for (node, error) in present.failures {
            errors[node] = error
            states[node] = .failed
        }
        for node in present.nodes where states[node] == nil {
            states[node] = serves(node) ? .alreadySo : .untouched
        }
    }

    var nodesToChange: [String] { present.nodes.filter { states[$0] == .untouched } }

    func before(_ node: String) -> [UInt8]? { present.answer(of: node)?.bytes }

    mutating func noteChange(of nodes: [String], failures: [ClusterTrustLists.PutFailure]) {
        for node in nodes { states[node] = .done }
        for failure in failures {
            states[failure.node] = .failed
            errors[failure.node] = failure.error
        }
    }

    mutating func noteRestoration(of nodes: [String], failures: [ClusterTrustLists.PutFailure]) {
        for node in nodes { states[node] = .restored }
        for failure in failures {
            states[failure.node] = .notRestored
            errors[failure.node] = failure.error
        }
    }

    func result(
        _ outcome: TrustListDeployment.Outcome, failure: ClusterError? = nil, isInterrupted: Bool = false
    ) -> TrustListDeployment {
        TrustListDeployment(
            contents: contents, outcome: outcome,
            nodes: present.nodes.map { name in
                TrustListDeployment.Node(
                    name: name, before: before(name), backup: before(name).flatMap { backups[$0] },
                    state: states[name] ?? .untouched, error: errors[name])
            },
            failure: failure, isInterrupted: isInterrupted)
    }
}

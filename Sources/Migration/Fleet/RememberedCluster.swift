import Basics
import Messages
import Operations
import X509

/// What this machine remembers about a cluster that the cluster itself does not know: from the journals of its changes.
public struct RememberedCluster: Sendable, Hashable {
    /// A change that is to be resumed or rolled back.
    public var unfinished: String?
    /// Phones that did not follow a change, without those that were visited since.
    public var stranded: Int
    /// The last change after which the cluster was left alone; nil if none was ever finished, or its copy is gone.
    public var last: Last?

    public struct Last: Sendable, Hashable {
        public let change: String
        /// SHA-1 of the CTL file that it left, lower-case hexadecimal.
        public let sha1: String
    }

    public init(unfinished: String? = nil, stranded: Int = 0) {
        (self.unfinished, self.stranded) = (unfinished, stranded)
    }

    /// Reads what is known about a cluster.
    ///
    /// - Throws: `FileError`; ``MigrationError`` (`journal-unusable`).
    public init(_ cluster: String, in state: StateFolder) throws {
        let journals = try state.changes(of: cluster).map(\.records)
        self.init(stranded: try StrandedRegister(of: cluster, journals, in: state).count)
        let changes = journals.compactMap { records in
            records.first?.plan.map { (plan: $0, state: JournalState(records)) }
        }
        unfinished = changes.last { !$0.state.outcome.isClosed }?.plan.id
        guard let (plan, state: end) = changes.last, end.outcome.isClosed else { return }
        // An abandoned change leaves open which file is served.
        let sha256 =
            switch end.outcome {
            case .finished: end.newFile
            case .rolledBack: plan.world.ctl
            case .abandoned, .unfinished, .rollingBack: nil as String?
            }
        guard let sha256, let copy = try? state.backup(sha256: sha256) else { return }
        last = Last(change: plan.id, sha1: Digest.sha1(copy).hex)
    }

    /// What of that should be reported along with the cluster's status.
    public func findings(on status: ClusterStatus) -> [StatusFinding] {
        leftBehind(status) + open(status) + drift(status)
    }

    private func leftBehind(_ status: ClusterStatus) -> [StatusFinding] {
        guard stranded > 0 else { return [] }
        return [
            StatusFinding(
                code: .phonesLeftBehind, severity: .warning,
                text: localized(
                    stranded, one: "1 phone did not follow an earlier change, and nobody has reported a visit since.",
                    other: "\(stranded) phones did not follow an earlier change, and nobody has reported a visit since."
                ),
                next: [localized("See which: etoken-bridge phones stranded --cluster \(word: status.cluster)")])
        ]
    }

    private func open(_ status: ClusterStatus) -> [StatusFinding] {
        guard let unfinished else { return [] }
        return [
            StatusFinding(
                code: .changeUnfinished, severity: .warning, text: localized("Change \(unfinished) is not finished."),
                next: [localized("How far it got: etoken-bridge migrate status --cluster \(word: status.cluster)")])
        ]
    }

    private func drift(_ status: ClusterStatus) -> [StatusFinding] {
        guard let last, let served = drifted(status) else { return [] }
        return [
            StatusFinding(
                code: .fileReplaced, severity: .warning,
                text: localized(
                    "The CTL file is not the one that change \(last.change) left: SHA-1 \(served), not \(last.sha1)."),
                next: [
                    localized(
                        "If nobody here replaced it, find out who did, and restore the saved one: etoken-bridge migrate status --cluster \(word: status.cluster)"
                    )
                ])
        ]
    }

    /// SHA-1 of the first CTL file that is served in place of the one that the last change left; nil if there is none, or
    /// if a change is open.
    func drifted(_ status: ClusterStatus) -> String? {
        guard unfinished == nil, let last else { return nil }
        return status.trustLists.first { $0.kind == "CTLFile.tlv" && $0.sha1 != last.sha1 }?.sha1
    }
}

import Operations
import Configuration
import Basics
import Cluster
import Messages
import Phones
import TrustList
import X509

extension Change {
    /// The steps that follow once everything is restored, if phones were told about the new file.
    var stepsAfterRollback: [any Step] { plan.steps.compactMap { $0.stepAfterRollback(of: self) } }

    /// Those that a rollback still has to do.
    var stepsLeftAfterRollback: [any Step] {
        known.toldPhones ? stepsAfterRollback.filter { !known.done.contains($0.id) } : []
    }

    /// What a rollback would do now. This changes nothing.
    ///
    /// - Parameter forecast: that of ``forecastOfRollback()``.
    func planRollback(_ forecast: Forecast?) throws -> RollbackPlan {
        let begun = known.begun
        return RollbackPlan(
            steps: try steps.reversed().filter { begun.contains($0.id) && $0.isUndoable }.map {
                .init(id: $0.id, title: localized("Undo: \($0.title)"), texts: try $0.plannedUndo())
            } + stepsLeftAfterRollback.map { .init(id: $0.id, title: $0.title, texts: []) },
            forecast: forecast.map(StoredForecast.init))
    }

    // MARK: What several steps do

    /// Whether a file that a node serves can come from this change, or is the previous one.
    private func isOurs(_ bytes: [UInt8]?, _ newFile: [UInt8]?) -> Bool {
        if bytes == survey.presentBytes || (bytes != nil && bytes == newFile) { return true }
        // The cluster's own command writes a file that nobody knows beforehand.
        guard plan.steps.contains(where: \.isCommand), let bytes, let list = try? TrustListFile(decoding: bytes) else {
            return false
        }
        return (try? isSignedByCluster(list)) == true
    }

    /// Whether the cluster itself signed a list: a signer without a token's record, whose key verifies it.
    func isSignedByCluster(_ list: TrustListFile) throws -> Bool {
        guard let record = list.signerRecord, !record.isToken, let certificate = record.x509 else { return false }
        return try list.isSigned(by: certificate)
    }

    /// Makes sure that the cluster has not changed otherwise since the change began: every node serves the previous
    /// file or the new one.
    ///
    /// - Throws: ``MigrationError`` (`world-changed`) naming the node; or the error of a node.
    func checkWorld() throws {
        let version = try cluster.version().description
        guard version == plan.world.version else {
            throw Self.worldChanged(localized("it now runs \(version); before, it ran \(plan.world.version)"), plan)
        }
        let newFile = try newFile()
        let file = try cluster.trustLists.read(.ctl)
        if let failure = file.failures.first { throw failure.error }
        for reading in file.answers where !isOurs(reading.bytes, newFile) {
            throw Self.worldChanged(
                localized(
                    "node \(reading.node) serves a CTL file (\(reading.summary)) that is neither the previous one nor the new one"
                ),
                plan)
        }
    }

    private static func worldChanged(_ what: LocalizableText, _ plan: ChangePlan) -> MigrationError {
        MigrationError(
            .worldChanged, localized("Cluster \(plan.cluster) has changed since \(plan.id) started: \(what)."),
            next:
                localized(
                    "Find out why. To leave everything as it is and abandon this change: etoken-bridge migrate rollback --abandon --cluster \(word: plan.cluster)"
                )
        )
    }

    /// Reads every node's CTL file over every transport and compares; Cisco Tftp is restarted where it serves a
    /// different one.
    func compare(_ expected: [UInt8]?) throws -> [LocalizableText] {
        if let (node, error) = try cluster.trustLists.check(serves: expected, restartsTFTP: true).first {
            guard error.code == .mismatch else { throw error }
            throw MigrationError(
                .readBackDiffers,
                localized(
                    "Node \(node) serves a different CTL file than was deployed: \(error.message); expected \(error.expected ?? .verbatim("?")), found \(error.found ?? .verbatim("?"))."
                ),
                next: localized("Restart Cisco Tftp on \(node), and run the command again."))
        }
        let ways = TrustListTransport.allCases.map { $0.rawValue.uppercased() }.list
        let what = expected.map { localized("the same \($0.count) bytes") } ?? localized("no file")
        return cluster.nodes.map { localized("\($0): \(what) over \(ways)") }
    }

    /// What ``putBack(refusing:)`` would do now.
    func plannedPutBack() throws -> [LocalizableText] {
        let before = survey.presentBytes
        let nodes = Set(try cluster.trustLists.check(serves: before).map(\.node))
        let list = cluster.nodes.filter(nodes.contains).list
        if nodes.isEmpty { return [localized("no node has the new file")] }
        return [
            before.map {
                localized("restore the previous file on \(list) (\($0.count) bytes, SHA-1 \(Digest.sha1($0).hex))")
            }
                ?? localized("delete CTLFile.tlv on \(list)")
        ]
    }

    /// Restores what every node served before the change, and verifies it.
    ///
    /// - Parameter refusing: nodes that certainly stored nothing.
    func putBack(refusing: Set<String> = []) throws -> [LocalizableText] {
        let before = survey.presentBytes
        let lists = try cluster.trustLists
        var (written, failures) = lists.restore(
            Dictionary(uniqueKeysWithValues: cluster.nodes.map { ($0, before) }), refusing: refusing,
            restartsTFTP: true)
        // A node that refuses but has the file is as it should be; Cisco Tftp, when restarted, serves what is on disk.
        failures.removeAll { failure in
            !failure.mayBeStored && (try? cluster.restart(service: ClusterService.tftp, on: failure.node)) != nil
                && !lists.check(serves: before).contains { $0.node == failure.node }
        }
        guard failures.isEmpty else {
            let nodes = failures.map { "\($0.node): \($0.error)" }.joined(separator: "; ")
            throw MigrationError(
                .readBackDiffers, localized("The previous CTL file could not be restored on \(nodes)."),
                next: before.map {
                    localized(
                        "Upload \(state.backupPath(of: $0)) there as CTLFile.tlv (OS Administration, Software Upgrades > TFTP File Management)."
                    )
                } ?? localized("On each, run file delete tftp CTLFile.tlv."))
        }
        return written.isEmpty
            ? [localized("no node had the new file")]
            : [localized("restored the previous file on \(written.list)")] + (try compare(before))
    }

    /// Waits for the cluster's own new file: the same on every node, signed by the cluster; and saves it.
    func adoptClusterFile() throws -> [LocalizableText] {
        let lists = try cluster.trustLists
        var file = lists.read(.ctl)
        for node in Set((file.differing + file.answers.filter { $0.bytes == survey.presentBytes }).map(\.node)).sorted()
        {
            // Cisco Tftp may still serve the previous file from memory.
            try cluster.restart(service: ClusterService.tftp, on: node)
        }
        file = lists.read(.ctl)
        if let failure = file.failures.first { throw failure.error }
        guard let first = file.reference, file.differing.isEmpty, let bytes = first.bytes, bytes != survey.presentBytes
        else {
            let nodes = file.answers.map { "\($0.node) \($0.summary)" }.joined(separator: ", ")
            throw MigrationError(
                .readBackDiffers,
                localized("Not every node serves the new CTL file that the publisher created: \(nodes)."),
                next: localized("Check database replication and the disks of the nodes, and run the command again."))
        }
        let list = try TrustListFile(decoding: bytes)
        guard try isSignedByCluster(list), let signer = list.signerRecord?.certificate else {
            throw MigrationError(
                .readBackDiffers,
                localized(
                    "The CTL file that the publisher created is not signed by the cluster: it names \(list.header.signerName)."
                ),
                next: localized("Look at show ctl on the publisher."))
        }
        _ = try state.backUp(bytes)
        try record(.newFile(sha256: Digest.sha256(bytes).hex))
        let isForecast = signer == offered.certificate.der
        return [
            localized("every node serves the same \(bytes.count) bytes, SHA-1 \(Digest.sha1(bytes).hex)"),
            localized(
                isForecast
                    ? "the signature verifies with \(list.header.signerName)"
                    : "the signature verifies with \(list.header.signerName), a different certificate of the cluster than was forecast"
            ),
        ]
    }
}

/// A step of a ``Change``.
class ChangeStep {
    unowned let change: Change
    init(_ change: Change) { self.change = change }

    var cluster: any ClusterAccess { change.cluster }
    var survey: Survey { change.survey }
    var output: String { change.plan.settings.output }
}

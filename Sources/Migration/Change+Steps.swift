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

    /// What a run that resumes the change would still do. This changes nothing.
    ///
    /// - Throws: what the cluster's transports throw.
    public func remaining() throws -> RemainingWork {
        let left = try steps.compactMap { step -> (step: any Step, text: LocalizableText)? in
            guard !needsNoCheck(step) else { return nil }
            guard case .pending(let text) = try step.check() else { return nil }
            return (step, text)
        }
        let time = estimates.total(of: try left.map { ($0.step.id, try $0.step.shareLeft()) })
        return RemainingWork(
            steps: left.map { .init(id: $0.step.id, title: $0.step.title, texts: [$0.text]) },
            seconds: time.seconds, isMeasured: time.isMeasured)
    }

    /// Whether a step is done for good: one that only checked something before the commit needs no second check after it.
    func needsNoCheck(_ step: any Step) -> Bool {
        known.done.contains(step.id) && isCommitted && !step.effect.isOnCluster
    }

    /// Whether services and phones were only told about the file that introduces the new signer so far.
    var isBeforeNewFile: Bool {
        guard known.introduction != nil, let commit = plan.commitStep else { return false }
        return !known.begun.contains(commit) && !known.done.contains(commit)
    }

    // MARK: Files for the user

    /// Where a token's certificate is written: DER and PEM.
    func certificatePaths(_ label: String) -> (der: String, pem: String) {
        let name = label.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }
        return ("\(plan.settings.output)/\(String(name)).cer", "\(plan.settings.output)/\(String(name)).pem")
    }

    /// The previous file and the new one.
    var filePaths: (before: String, new: String) {
        ("\(plan.settings.output)/CTLFile.before.tlv", "\(plan.settings.output)/CTLFile.tlv")
    }

    /// Where a file that a token signs is written.
    func path(of file: ChangeFile) -> String {
        file == .new ? filePaths.new : "\(plan.settings.output)/CTLFile.introduction.tlv"
    }

    /// Writes a file into the folder of the change, readable by its owner only.
    ///
    /// - Throws: ``MigrationError`` (`output-exists`), `FileError`.
    func writeOutput(_ bytes: [UInt8], to path: String) throws {
        if try Files.exists(path) && !isReplaceable(path, with: bytes) { return }
        try Files.makeFolder(plan.settings.output)
        try Files.write(bytes, to: path, permissions: 0o600, replacing: Files.exists(path))
    }

    /// Refuses to start if a file of someone else is in the way.
    ///
    /// - Throws: ``MigrationError`` (`output-exists`).
    func checkOutputs() throws {
        for step in plan.steps {
            switch step {
            case .backUp:
                if let before = survey.presentBytes { _ = try isReplaceable(filePaths.before, with: before) }
            case .exportCertificates(let wanted):
                for (label, certificate) in tokens(wanted) {
                    _ = try isReplaceable(certificatePaths(label).der, with: certificate.der)
                    _ = try isReplaceable(certificatePaths(label).pem, with: Array(certificate.pem.utf8))
                }
            case .buildAndSign: _ = try isReplaceable(filePaths.new, with: nil)
            case .introducing(.buildAndSign): _ = try isReplaceable(path(of: .introduction), with: nil)
            default: break
            }
        }
    }

    /// Whether a file must be written: false if it already contains these bytes. A trust list of which there is a backup
    /// comes from an earlier change, so nothing is lost by replacing it.
    private func isReplaceable(_ path: String, with bytes: [UInt8]?) throws -> Bool {
        guard Files.exists(path) else { return true }
        let found = try? Files.read(path)
        if let found, found == bytes { return false }
        if plan.settings.replacesFiles == true { return true }
        if let found, Files.exists(state.backupPath(of: found)) { return true }
        throw MigrationError(
            .outputExists, localized("\(path) already exists and is not overwritten."),
            next: localized("Specify another folder with --output, or use --force."))
    }

    // MARK: What several steps do

    /// Whether a file that a node has can come from this change, or is the previous one.
    private func isOurs(_ bytes: [UInt8]?, _ known: [[UInt8]?]) -> Bool {
        if known.contains(bytes) { return true }
        // The cluster's own command writes a file that is not known beforehand.
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

    /// Makes sure that the cluster has not changed in any other way since the change started: every node states that it
    /// has the previous file or the new one. Cisco Tftp may serve the other of these two from memory, but no third file.
    ///
    /// - Parameter acceptingUnproven: whether to continue although nothing proves the previous file, or what a node has.
    /// - Throws: ``MigrationError`` (`world-changed`) naming the node; `EvidenceError`; or the error of a node.
    func checkWorld(acceptingUnproven: Bool = false) throws {
        let version = try cluster.version().description
        guard version == plan.world.version else {
            throw Self.worldChanged(localized("it now runs \(version); before, it ran \(plan.world.version)"), plan)
        }
        let accepts = acceptingUnproven || plan.settings.acceptsUnproven
        let ours = try [newFile(), file(.introduction)].compactMap(\.self)
        let file = try cluster.trustLists.readWitnessed(.ctl)
        if let failure = file.served.failures.first { throw failure.error }
        let known = [survey.presentBytes] + ours
        try file.checkContradictions(except: known)
        for node in file.served.nodes {
            let contents = try file.contents(of: node, knowing: known, acceptingUnproven: accepts).value
            for reading in file.served.answers where reading.node == node {
                // What a node serves from memory is also one of the two.
                guard isOurs(contents, known), reading.bytes == contents || known.contains(reading.bytes) else {
                    throw Self.worldChanged(
                        localized(
                            "node \(node) serves a CTL file (\(reading.summary)) that is neither the previous one nor the new one"
                        ),
                        plan)
                }
            }
        }
        try checkProof(file, accepts)
    }

    /// What earlier versions saved as the previous file was not compared with what the nodes state; a node may still
    /// state it.
    private func checkProof(_ file: WitnessedFile, _ accepts: Bool) throws {
        guard plan.world.proof == nil, !accepts else { return }
        guard !file.served.nodes.contains(where: { file.statement(of: $0)?.fits(survey.presentBytes) == true }) else {
            return
        }
        throw MigrationError(
            .unproven,
            localized(
                "\(plan.id) was begun by an earlier version, which did not compare the previous CTL file (\(TrustListStatement(of: survey.presentBytes).summary)) with what the nodes say themselves, and no node has it any more: nothing proves it."
            ),
            next: localized(
                "Compare it with a record of your own, for example a backup of the publisher. If it is right, add \(EvidenceError.option)."
            ))
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
        // A node that cannot state it was only read.
        let says = survey.before.proof.way == .accepted ? [] : [TrustListKind.ctl.command]
        let ways = (TrustListTransport.allCases.map { $0.rawValue.uppercased() } + says).list
        let what = expected.map { localized("the same \($0.count) bytes") } ?? localized("no file")
        return cluster.nodes.map { localized("\($0): \(what) over \(ways)") }
    }

    /// What each node serves now, in words: for a message about a change that ended half-way. Nil if that cannot be
    /// determined.
    func servedInWords() -> LocalizableText? {
        // The nodes may be what failed: they are asked once.
        guard let file = try? cluster.trustLists.readWitnessed(.ctl) else { return nil }
        let (new, introduction) = (try? newFile(), try? self.file(.introduction))
        let words = cluster.nodes.map { node -> LocalizableText in
            let readings = file.served.answers.filter { $0.node == node }
            guard !readings.isEmpty, !file.served.failures.contains(where: { $0.node == node }) else {
                return localized("\(node): no answer")
            }
            func has(_ bytes: [UInt8]?) -> Bool {
                readings.allSatisfy { $0.bytes == bytes } && file.statement(of: node)?.fits(bytes) != false
            }
            if has(survey.presentBytes) {
                return survey.presentBytes == nil
                    ? localized("\(node): no file, as before") : localized("\(node): previous file")
            }
            if let new, has(new) { return localized("\(node): new file") }
            if let introduction, has(introduction) { return localized("\(node): file that introduces the new signer") }
            let other = readings.first { $0.bytes != survey.presentBytes } ?? readings[0]
            return localized("\(node): another file (\(other.summary))")
        }
        return localized("Now: \(words.joined(separator: "; ")).")
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

    /// Restores what every node had before the change, and verifies it.
    ///
    /// - Parameter refusing: nodes that certainly stored nothing.
    func putBack(refusing: Set<String> = []) throws -> [LocalizableText] {
        let before = survey.presentBytes
        let lists = try cluster.trustLists
        var (written, failures) = lists.restore(
            Dictionary(uniqueKeysWithValues: cluster.nodes.map { ($0, survey.before) }), refusing: refusing,
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

    /// The file that every node has now, proven. Cisco Tftp is restarted where it serves another one from memory.
    ///
    /// - Throws: `EvidenceError` if what a node serves is still not what it says; or the error of a node.
    func settledFile() throws -> Authenticated<[UInt8]?> {
        let lists = try cluster.trustLists
        var file = lists.readWitnessed(.ctl)
        let former = [survey.presentBytes, try self.file(.introduction)].compactMap(\.self)
        let stale =
            file.served.differing.map(\.node) + file.contradictions.map(\.reading.node)
            + file.served.answers.filter { answer in former.contains { $0 == answer.bytes } }.map(\.node)
        for node in Set(stale).sorted() { try cluster.restart(service: ClusterService.tftp, on: node) }
        if !stale.isEmpty { file = lists.readWitnessed(.ctl) }
        return try file.contents(acceptingUnproven: plan.settings.acceptsUnproven)
    }

    /// Waits for the cluster's own new file: the same on every node, signed by the cluster; and saves it.
    func adoptClusterFile() throws -> [LocalizableText] {
        let file: Authenticated<[UInt8]?>
        do { file = try settledFile() } catch let error as EvidenceError where error.code == .inconsistent {
            throw Self.notTheNewFile(error.text)
        }
        guard let bytes = file.value, bytes != survey.presentBytes, bytes != (try self.file(.introduction)) else {
            throw Self.notTheNewFile(TrustListStatement(of: file.value).summary)
        }
        let list = try TrustListFile(decoding: bytes)
        guard try isSignedByCluster(list), let signer = list.candidateSigner else {
            throw MigrationError(
                .readBackDiffers,
                localized(
                    "The CTL file that the publisher created is not signed by the cluster: it names \(list.header.signerName)."
                ),
                next: localized("Look at show ctl on the publisher."))
        }
        try checkDropped(list)
        try forecastWritten(by: signer)
        _ = try state.backUp(bytes)
        try record(.newFile(sha256: Digest.sha256(bytes).hex))
        let isForecast = signer.certificate == offered.certificate
        return [
            localized("every node serves the same \(bytes.count) bytes, SHA-1 \(Digest.sha1(bytes).hex)"),
            file.proof.text,
            localized(
                isForecast
                    ? "the signature verifies with \(list.header.signerName)"
                    : "the signature verifies with \(list.header.signerName), a different certificate of the cluster than was forecast"
            ),
        ]
    }
}

extension Change {
    fileprivate static func notTheNewFile(_ what: LocalizableText) -> MigrationError {
        MigrationError(
            .readBackDiffers,
            localized("Not every node serves the new CTL file that the publisher created: \(what)."),
            next: localized("Check database replication and the disks of the nodes, and run the command again."))
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

import Operations
import Basics
import Cluster
import Messages
import Phones
import TrustList
import X509

/// Sets the cluster's security mode, which makes the cluster write a CTL file of its own.
final class SetSecurityMode: ChangeStep, Step {
    let id = StepID.setSecurityMode
    var title: LocalizableText { localized("Set the cluster to \(mode.name) mode") }
    let effect = StepEffect.phones
    private let mode: SecurityMode
    private let keepsFile: Bool

    init(_ change: Change, _ mode: SecurityMode, keepsFile: Bool) {
        self.mode = mode
        self.keepsFile = keepsFile
        super.init(change)
    }

    /// Whether every node serves a file that the cluster created for its new mode.
    private func hasOwnFile() throws -> Bool {
        let file = try cluster.trustLists.read(.ctl)
        guard file.failures.isEmpty, file.differing.isEmpty, let bytes = file.reference?.bytes,
            bytes != survey.presentBytes
        else { return false }
        return try change.isSignedByCluster(TrustListFile(decoding: bytes))
    }

    func check() throws -> StepState {
        let present = try cluster.securityMode()
        guard present == mode else {
            return .pending(
                localized("run utils ctl set-cluster on the publisher; the cluster is in \(present.name) mode"))
        }
        if try change.newFile() != nil || (!keepsFile && (survey.mode == mode || hasOwnFile())) {
            return .done(localized("the cluster is in \(mode.name) mode"))
        }
        return .pending(localized("the cluster is in \(mode.name) mode; have it create its CTL file"))
    }

    func act(_ context: RunContext) throws {
        if try cluster.securityMode() == mode {
            if try survey.mode == mode || hasOwnFile() { return }
            // The command was interrupted between the mode and the file. It does nothing for a mode that is already
            // set.
            try cluster.setSecurityMode(survey.mode)
        }
        try cluster.setSecurityMode(mode)
    }

    func prove() throws -> [LocalizableText] {
        let now = try cluster.securityMode()
        guard now == mode else {
            throw MigrationError(
                .readBackDiffers,
                localized(
                    "The publisher reported success, but the cluster is in \(now.name) mode; expected \(mode.name)."),
                next: localized("For details: etoken-bridge cluster status --cluster \(word: change.plan.cluster)"))
        }
        let seen = [localized("ClusterSecurityMode is \(mode.name)")]
        return keepsFile ? seen + (try change.adoptClusterFile()) : seen
    }

    let isUndoable = true

    func plannedUndo() throws -> [LocalizableText] {
        let now = try cluster.securityMode()
        let mode = now == survey.mode ? [] : [localized("set the cluster back to \(survey.mode.name) mode")]
        return mode + (try change.plannedPutBack())
    }

    func undo() throws -> [LocalizableText] {
        let before = survey.mode
        var sentences: [LocalizableText] = []
        if try cluster.securityMode() != before {
            try cluster.setSecurityMode(before)
            sentences.append(localized("set the cluster back to \(before.name) mode"))
        }
        return sentences + (try change.putBack())
    }
}

/// Has the cluster create and sign its own CTL file.
final class UpdateTrustList: ChangeStep, Step {
    let id = StepID.updateTrustList
    let title = localized("Have the cluster create and sign its CTL file, and read it back")
    let effect = StepEffect.phones

    func check() throws -> StepState {
        if let newFile = try change.newFile(), try cluster.trustLists.check(serves: newFile).isEmpty {
            return .done(
                localized("every node serves the file that the cluster created (SHA-1 \(Digest.sha1(newFile).hex))"))
        }
        return .pending(localized("run utils ctl update CTLFile on the publisher"))
    }

    func act(_ context: RunContext) throws { try cluster.updateTrustList() }

    func prove() throws -> [LocalizableText] { try change.adoptClusterFile() }

    let isUndoable = true

    func plannedUndo() throws -> [LocalizableText] { try change.plannedPutBack() }

    func undo() throws -> [LocalizableText] { try change.putBack() }
}

/// Builds the new file and has the token sign it.
final class BuildAndSign: ChangeStep, Step {
    let id = StepID.buildAndSign
    let title = localized("Build the new CTL file and sign it")
    let effect = StepEffect.local
    /// SHA-1 of the certificate of the token that signs.
    private let signing: String
    private let base: PlannedStep.BaseFile
    private let servers: PlannedStep.ServerRecords

    init(_ change: Change, certificate: String, base: PlannedStep.BaseFile, servers: PlannedStep.ServerRecords) {
        (signing, self.base, self.servers) = (certificate, base, servers)
        super.init(change)
    }

    private var token: (label: String, certificate: Certificate)? { change.tokens([signing]).first }

    private var path: String { "\(output)/CTLFile.tlv" }

    func check() throws -> StepState {
        if let bytes = try? change.newFile(), (try? Files.read(path)) == bytes {
            return .done(localized("\(path) is signed (SHA-1 \(Digest.sha1(bytes).hex))"))
        }
        let token = token?.label ?? ""
        let digest = TrustListDraft.digest(replacing: survey.present?.header)
        return .pending(
            localized(
                survey.present == nil
                    ? "with the digest \(digest.name), signed by \(token)"
                    : "with the digest \(digest.name), as in the current file, and signed by \(token)"))
    }

    /// The file from which the server records come: the previous one, or the one that the cluster created for its new
    /// mode.
    private func baseFile() throws -> TrustListFile {
        switch base {
        case .before: return try survey.requirePresent().list
        case .served:
            let file = try cluster.trustLists.read(.ctl)
            if let failure = file.failures.first { throw failure.error }
            guard let bytes = file.reference?.bytes, file.differing.isEmpty else {
                throw MigrationError(
                    .inconsistentFiles,
                    localized("Not every node serves the CTL file that the publisher created for its new mode."),
                    next: localized("Check database replication, and run the command again."))
            }
            return try TrustListFile(decoding: bytes)
        }
    }

    /// The records of the new file, in the CTL Client's order and profile: the other tokens first, then the servers, then
    /// the signing token.
    private func records(from base: TrustListFile, signing certificate: Certificate) throws -> [Record] {
        var servers = try base.records.filter { $0.role != .sast }.map { try $0.inCTLClientProfile() }
        switch self.servers {
        case .kept: break
        case .emptied: servers = try servers.map { $0.role == .ccmTFTP ? try $0.emptied() : $0 }
        case .renewed: servers = try servers.map { try survey.renewed($0)?.record ?? $0 }
        }
        let named = change.certificates
        let others = survey.present?.records.filter { record in
            record.isToken && !named.contains { $0.der == record.certificate }
        }
        return try (others ?? []) + named.filter { $0 != certificate }.map(survey.record(ofToken:)) + servers
            + [survey.record(ofToken: certificate)]
    }

    func act(_ context: RunContext) throws {
        // An earlier run may have signed it; then this one did not ask for the token.
        var bytes = try? change.newFile()
        if bytes == nil {
            guard let (_, certificate) = token, let signer = context.signer else {
                throw MigrationError(
                    .planUnusable, localized("The file has to be signed, but there is no login to a token."),
                    next: localized("Make the plan again: the same command with --plan FILE."))
            }
            let base = try baseFile()
            let draft = TrustListDraft(
                replacing: base.header, at: UInt32(clamping: change.plan.created.seconds),
                records: try records(from: base, signing: certificate))
            let file = try draft.signed(by: signer)
            _ = try change.state.backUp(file.encoded())
            try change.record(.newFile(sha256: Digest.sha256(file.encoded()).hex))
            bytes = file.encoded()
        }
        guard let bytes else { return }
        try Files.makeFolder(output, permissions: 0o755)
        try Files.write(bytes, to: path, permissions: 0o644, replacing: true)
    }

    func prove() throws -> [LocalizableText] {
        let bytes = try Files.read(path)
        let file = try TrustListFile(decoding: bytes)
        guard let (label, certificate) = token, bytes == (try change.newFile()),
            try file.isSigned(by: certificate), file.signerRecord != nil
        else {
            throw MigrationError(
                .readBackDiffers, localized("\(path) does not contain the file that was signed."),
                next: localized("Check the disk that holds \(output), and run the command again."))
        }
        return [
            localized(
                "\(file.records.count) records, \(bytes.count) bytes, MD5 \(Digest.md5(bytes).hex), SHA-1 \(Digest.sha1(bytes).hex)"
            ),
            localized("the signature verifies with the certificate of \(label)"),
        ]
    }
}

/// Deploys the new file to every node, and reads it back as phones would.
final class Deploy: ChangeStep, Step {
    let id = StepID.deploy
    let title = localized("Deploy the file to every TFTP node and read it back")
    let effect = StepEffect.phones

    /// Nodes that refused: they certainly stored nothing.
    private var refusing: Set<String> = []

    private func newFile() throws -> [UInt8] {
        guard let bytes = try change.newFile() else {
            throw MigrationError(
                .planUnusable, localized("There is no new file to deploy: it is not signed yet."),
                next: localized("Make the plan again: the same command with --plan FILE."))
        }
        return bytes
    }

    func check() throws -> StepState {
        // Only checked if an earlier run wrote the file: what a node serves may come from its memory.
        if change.known.begun.contains(id), let bytes = try change.newFile(),
            try cluster.trustLists.check(serves: bytes).isEmpty
        {
            return .done(localized("every node serves it (SHA-1 \(Digest.sha1(bytes).hex))"))
        }
        return .pending(localized("replace CTLFile.tlv on \(cluster.nodes.list)"))
    }

    func act(_ context: RunContext) throws {
        let newFile = try newFile()
        // A wrong password is detected on the first node, before it is tried on the others.
        try cluster.trustLists.hosts.first?.prepare(for: .deploy)
        let failures = try cluster.trustLists.put(
            Dictionary(uniqueKeysWithValues: cluster.nodes.map { ($0, newFile) }), readsBack: false)
        refusing = Set(failures.filter { !$0.mayBeStored }.map(\.node))
        if let failure = failures.first { throw failure.error }
    }

    func prove() throws -> [LocalizableText] { try change.compare(try newFile()) }

    let isUndoable = true

    func plannedUndo() throws -> [LocalizableText] { try change.plannedPutBack() }

    func undo() throws -> [LocalizableText] { try change.putBack(refusing: refusing) }
}

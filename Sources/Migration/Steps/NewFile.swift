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
    private func hasOwnFile() throws -> Bool { try change.fileOfCluster() != nil }

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
        if try cluster.securityMode() != mode {
            try cluster.setSecurityMode(mode)
        } else if try survey.mode != mode && !hasOwnFile() {
            // The command was interrupted between the mode and the file. It does nothing for a mode that is already
            // set.
            try cluster.setSecurityMode(survey.mode)
            try cluster.setSecurityMode(mode)
        }
        // An earlier run may have been interrupted while it waited.
        if keepsFile { try change.awaitTVS(context) }
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

    func act(_ context: RunContext) throws {
        try cluster.updateTrustList()
        try change.awaitTVS(context)
    }

    func prove() throws -> [LocalizableText] { try change.adoptClusterFile() }

    let isUndoable = true

    func plannedUndo() throws -> [LocalizableText] { try change.plannedPutBack() }

    func undo() throws -> [LocalizableText] { try change.putBack() }
}

/// Builds the new file and has the token sign it.
final class BuildAndSign: ChangeStep, Step {
    let id: StepID
    let title: LocalizableText
    let effect = StepEffect.local
    /// SHA-1 of the certificate of the token that signs.
    private let signing: String
    private let file: ChangeFile

    init(_ change: Change, certificate: String, of file: ChangeFile = .new) {
        (signing, self.file) = (certificate, file)
        id = file == .new ? .buildAndSign : .introductionBuildAndSign
        title =
            file == .new
            ? localized("Build the new CTL file and sign it")
            : localized("Introduce the cluster's signer: build a CTL file that names it, and sign it")
        super.init(change)
    }

    private var token: (label: String, certificate: Certificate)? { change.tokens([signing]).first }

    private var path: String { change.path(of: file) }

    private var newRecords: NewRecords? { change.newRecords(of: file) }

    func check() throws -> StepState {
        if let bytes = try? change.file(file), (try? Files.read(path)) == bytes {
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

    func act(_ context: RunContext) throws {
        // An earlier run may have signed it; then this one did not ask for the token.
        var bytes = try? change.file(file)
        if bytes == nil {
            guard let signer = context.signer else {
                throw MigrationError(
                    .planUnusable, localized("The file has to be signed, but there is no login to a token."),
                    next: localized("Create the plan again: the same command with --plan FILE."))
            }
            try change.checkSigned()
            let signed = try change.draft(of: file).signed(by: signer).encoded()
            _ = try change.state.backUp(signed)
            let sha256 = Digest.sha256(signed).hex
            try change.record(file == .new ? .newFile(sha256: sha256) : .introduction(sha256: sha256))
            bytes = signed
        }
        guard let bytes else { return }
        try change.writeOutput(bytes, to: path)
    }

    func prove() throws -> [LocalizableText] {
        let bytes = try Files.read(path)
        let list = try TrustListFile(decoding: bytes)
        guard let (label, certificate) = token, bytes == (try change.file(file)),
            try list.isSigned(by: certificate), list.signerRecord != nil
        else {
            throw MigrationError(
                .readBackDiffers, localized("\(path) does not contain the file that was signed."),
                next: localized("Check the disk that holds \(output), and run the command again."))
        }
        return [
            localized(
                "\(list.records.count) records, \(bytes.count) bytes, MD5 \(Digest.md5(bytes).hex), SHA-1 \(Digest.sha1(bytes).hex)"
            ),
            localized("the signature verifies with the certificate of \(label)"),
        ] + (try currentServers(list))
    }

    /// Makes sure that no server's certificate was regenerated since the records were made.
    private func currentServers(_ list: TrustListFile) throws -> [LocalizableText] {
        guard let new = newRecords, new.servers != .kept else {
            return []
        }
        survey.servers.forgetCertificates()
        var compared = 0
        for record in list.records where record.role.map(Role.servers.contains) == true {
            switch try survey.servers.standing(of: record) {
            case .current: compared += 1
            case .empty, .foreign, .unproven: break
            case .outdated(let own):
                throw MigrationError(
                    .readBackDiffers,
                    localized(
                        "\(record.dnsName ?? "?") has another \(record.role?.text ?? "?") certificate (SHA-1 \(own.value.sha1.hex)) than the new file (SHA-1 \(Digest.sha1(record.certificate ?? []).hex))."
                    ),
                    next: localized("Run the change again, so that the file gets the current certificate."))
            }
        }
        guard compared > 0 else { return [] }
        return [
            localized(
                compared, one: "1 server record contains the certificate that its node shows now (show cert own)",
                other: "\(compared) server records hold the certificates that their nodes show now (show cert own)")
        ]
    }
}

/// Deploys the new file to every node, and reads it back as phones would.
final class Deploy: ChangeStep, Step {
    let id: StepID
    let title: LocalizableText
    let effect = StepEffect.phones
    private let file: ChangeFile

    init(_ change: Change, _ file: ChangeFile = .new) {
        self.file = file
        id = file == .new ? .deploy : .introductionDeploy
        title =
            file == .new
            ? localized("Deploy the file to every TFTP node and read it back")
            : localized("Deploy the file that introduces the signer to every TFTP node and read it back")
        super.init(change)
    }

    /// Nodes that refused: they certainly stored nothing.
    private var refusing: Set<String> = []

    private func newFile() throws -> [UInt8] {
        guard let bytes = try change.file(file) else {
            throw MigrationError(
                .planUnusable, localized("There is no new file to deploy: it is not signed yet."),
                next: localized("Create the plan again: the same command with --plan FILE."))
        }
        return bytes
    }

    func check() throws -> StepState {
        if file == .introduction, let passed = change.passed(id) { return passed }
        // Only checked if an earlier run wrote the file: what a node serves may come from its memory.
        if change.known.begun.contains(id), let bytes = try change.file(file),
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

import Basics
import Cluster
import Configuration
import Messages
import Operations
import Phones
import TrustList
import X509

/// Has the publisher write a CTL file that names the new signer, and that phones accept because they know who signs it. If
/// the release does not do that, the previous file is restored before any service or phone is told.
final class IntroduceByCluster: ChangeStep, Step {
    let id = StepID.introduceByCluster
    let title = localized(
        "Introduce the new signer: have the cluster create a CTL file that names it, and read it back")
    let effect = StepEffect.phones
    private let command: PlannedStep.SignerCommand
    private let tokens: [(label: String, certificate: Certificate)]
    private let isRequired: Bool

    init(
        _ change: Change, _ command: PlannedStep.SignerCommand, _ certificates: [String], isRequired: Bool
    ) {
        (self.command, self.isRequired) = (command, isRequired)
        tokens = change.tokens(certificates)
        super.init(change)
    }

    func check() throws -> StepState {
        if let passed = change.passed(id) { return passed }
        if let file = try change.file(.introduction), try cluster.trustLists.check(serves: file).isEmpty {
            return .done(
                localized("every node serves the file that introduces the signer (SHA-1 \(Digest.sha1(file).hex))"))
        }
        return .pending(localized("run \(command.rawValue) on the publisher"))
    }

    func act(_ context: RunContext) throws {
        do {
            switch command {
            case .updateTrustList: try cluster.updateTrustList()
            case .resetLocalKey: try cluster.resetLocalKey()
            }
        } catch let error as ClusterError where [.refused, .notSupported].contains(error.code) {
            return try change.goOnDirectly(
                localized("the publisher does not do it: \(error.clause)"), isRequired: isRequired)
        }
        try change.awaitTVS(context)
        let file = try change.settledFile()
        guard let bytes = file.value, bytes != survey.presentBytes else {
            return try change.goOnDirectly(
                localized("the publisher did not create another CTL file"), isRequired: isRequired)
        }
        let list = try TrustListFile(decoding: bytes)
        if let why = try objection(to: list) { return try change.goOnDirectly(why, isRequired: isRequired) }
        // No phone has been told yet: a file that the signed one could not follow is not worth a restart.
        try change.checkSigned()
        proof = file.proof
        _ = try change.state.backUp(bytes)
        try change.record(.introduction(sha256: Digest.sha256(bytes).hex))
    }

    /// How the file was read in this run.
    private var proof: Proof?

    /// Why a file that the publisher created does not introduce the signer; nil if it does. As part of a sentence.
    private func objection(to list: TrustListFile) throws -> LocalizableText? {
        guard try change.isSignedByCluster(list) else {
            return localized("the cluster did not sign the file that the publisher created")
        }
        let named = Set(list.records.filter { $0.role == .sast }.compactMap(\.certificate))
        let missing = tokens.filter { !named.contains($0.certificate.der) }
        guard missing.isEmpty else {
            return localized(
                "this release does not put \(missing.map(\.label).list) into the file that \(command.rawValue) creates")
        }
        if tokens.isEmpty, !named.contains(change.offered.certificate.der) {
            return localized("the file that \(command.rawValue) creates does not name the signer of the next one")
        }
        // What was planned is what the cluster was expected to write.
        change.askAgain(introducer: list)
        change.forecastAgain(introduction: list)
        let stranded = change.newlyStranded.filter { $0.phone.isRegistered != false }
        guard stranded.isEmpty || change.plan.settings.acceptsStranded else {
            return localized(
                stranded.count,
                one:
                    "1 phone would not follow: the file that \(command.rawValue) creates is signed by \(list.header.signerName)",
                other:
                    "\(stranded.count) phones would not follow: the file that \(command.rawValue) creates is signed by \(list.header.signerName)"
            )
        }
        return nil
    }

    func prove() throws -> [LocalizableText] {
        if let why = change.known.notIntroduced {
            return [
                localized("no signer is introduced: \(why)"),
                localized("the previous file is on every node, and no phone was restarted"),
            ]
        }
        guard let bytes = try change.file(.introduction) else { return [] }
        let list = try TrustListFile(decoding: bytes)
        let names: LocalizableText = tokens.isEmpty ? .verbatim(change.offered.name) : tokens.map(\.label).list
        return [
            localized("every node serves the same \(bytes.count) bytes, SHA-1 \(Digest.sha1(bytes).hex)"),
            localized("it names \(names) as SAST, and the signature verifies with \(list.header.signerName)"),
        ] + [proof?.text].compactMap(\.self)
    }

    let isUndoable = true

    func plannedUndo() throws -> [LocalizableText] { try change.plannedPutBack() }

    func undo() throws -> [LocalizableText] { try change.putBack() }
}

import Basics
import Cluster
import Messages
import Phones
import TrustList
import X509

/// Saves the cluster's current CTL file where the user can find it. (What a later run needs was saved before the first
/// step.)
final class BackUp: ChangeStep, Step {
    let id = StepID.backUp
    let title = localized("Back up the cluster's CTL file")
    let effect = StepEffect.local

    func check() -> StepState {
        guard let bytes = survey.presentBytes else { return .done(localized("the cluster has no CTL file")) }
        return .pending(
            localized(
                "save the current file (\(bytes.count) bytes, SHA-1 \(Digest.sha1(bytes).hex)) as \(change.state.backupPath(of: bytes))"
            )
        )
    }

    func act(_ context: RunContext) throws {
        guard let bytes = survey.presentBytes else { return }
        _ = try change.state.backUp(bytes)
        try change.writeOutput(bytes, to: change.filePaths.before)
    }

    func prove() throws -> [LocalizableText] {
        guard let bytes = survey.presentBytes else { return [] }
        return [localized("the backup holds the same \(bytes.count) bytes: \(try change.state.backUp(bytes))")]
    }
}

/// Writes the tokens' certificates as files, as SafeNet's client would export them.
final class ExportCertificates: ChangeStep, Step {
    let id = StepID.exportCertificates
    let title = localized("Export the tokens' certificates")
    let effect = StepEffect.local

    private let tokens: [(label: String, certificate: Certificate)]

    init(_ change: Change, _ certificates: [String]) {
        tokens = change.tokens(certificates)
        super.init(change)
    }

    private func paths(_ label: String) -> (der: String, pem: String) { change.certificatePaths(label) }

    func check() -> StepState {
        .pending(localized("as \(tokens.map { paths($0.label).der }.list)"))
    }

    func act(_ context: RunContext) throws {
        for (label, certificate) in tokens {
            let (der, pem) = paths(label)
            try change.writeOutput(certificate.der, to: der)
            try change.writeOutput(Array(certificate.pem.utf8), to: pem)
        }
    }

    func prove() throws -> [LocalizableText] {
        try tokens.map { label, certificate in
            let back = try Certificate(der: try Files.read(paths(label).der))
            guard back == certificate else {
                throw MigrationError(
                    .readBackDiffers,
                    localized("\(paths(label).der) does not contain the certificate of token \(label)."),
                    next: localized("Check the disk that holds \(output), and run the command again."))
            }
            return localized("\(label): \(back.der.count) bytes, SHA-1 \(back.sha1.hex)")
        }
    }
}

/// Makes TVS vouch for the tokens.
final class UploadCertificates: ChangeStep, Step {
    let id = StepID.uploadCertificates
    var title: LocalizableText { localized("Upload the certificates as \(store)") }
    let effect = StepEffect.cluster
    private let tokens: [(label: String, certificate: Certificate)]
    private let store: String

    init(_ change: Change, _ certificates: [String], to store: String) {
        tokens = change.tokens(certificates)
        self.store = store
        super.init(change)
    }

    private func missing() throws -> [(label: String, certificate: Certificate)] {
        let present = try cluster.certificates(in: store)
        return tokens.filter { token in !present.contains { $0.isSame(as: token.certificate) } }
    }

    func check() throws -> StepState {
        let missing = try missing()
        if missing.isEmpty { return .done(localized("\(store) already contains all of them")) }
        return .pending(
            localized("upload \(missing.map(\.label).list) to \(store) on the publisher"))
    }

    func act(_ context: RunContext) throws {
        for (_, certificate) in try missing() {
            // Before, not after: a crash in between must not leave one behind that nobody knows about.
            try change.record(.uploading(certificate: Digest.sha256(certificate.der).hex))
            try cluster.upload(certificate, to: store)
        }
    }

    func prove() throws -> [LocalizableText] {
        let missing = try missing()
        guard missing.isEmpty else {
            throw MigrationError(
                .readBackDiffers,
                localized(
                    "\(store) does not contain the certificate of \(missing.map(\.label).list) after the upload."
                ),
                next: localized("Look at Security > Certificate Management in OS Administration of the publisher."))
        }
        // Some interfaces only describe certificates.
        let whole = Set(try cluster.certificates(in: store).compactMap(\.certificate))
        let described = tokens.filter { !whole.contains($0.certificate) }
        guard described.isEmpty else {
            return [
                localized(
                    "read back from \(store), by issuer and serial number: \(described.map(\.label).list)")
            ]
        }
        return [
            localized(
                "read back from \(store), byte for byte: \(tokens.map(\.label).list)")
        ]
    }

    let isUndoable = true

    /// What is in the store because of this change.
    private func ours() throws -> [(label: String, certificate: Certificate)] {
        let present = try cluster.certificates(in: store)
        let ours = Set(change.known.uploaded)
        let before = Set(change.plan.world.trusted)
        return tokens.filter { _, certificate in
            ours.contains(Digest.sha256(certificate.der).hex)
                && before.isDisjoint(with: TrustedCertificate.fingerprints(of: certificate))
                && present.contains { $0.isSame(as: certificate) }
        }
    }

    func plannedUndo() throws -> [LocalizableText] {
        try ours().map { localized("remove the certificate of \($0.label) from \(store)") }
    }

    func undo() throws -> [LocalizableText] {
        try ours().map { label, certificate in
            try cluster.remove(certificate, from: store)
            return localized("removed the certificate of \(label) from \(store)")
        }
    }
}

/// Asks TVS about the signers, as a phone that is offered a file signed by them would.
final class AskTVS: ChangeStep, Step {
    let id = StepID.askTVS
    let effect = StepEffect.none
    var title: LocalizableText {
        localized(
            tokens.isEmpty
                ? "Ask TVS about the cluster's own certificate, as a phone would"
                : "Ask TVS about every token, as a phone would")
    }

    /// Empty if the cluster signs.
    private let tokens: [(label: String, certificate: Certificate)]

    init(_ change: Change, _ certificates: [String]) {
        tokens = change.tokens(certificates)
        super.init(change)
    }

    private struct Question {
        let label: String
        let signer: CandidateSigner
    }

    private func questions() throws -> [Question] {
        guard !tokens.isEmpty else { return [Question(label: change.offered.name, signer: change.offered)] }
        return try tokens.compactMap { label, certificate in
            CandidateSigner(record: try survey.record(ofToken: certificate)).map { Question(label: label, signer: $0) }
        }
    }

    func check() throws -> StepState {
        .pending(localized("send QUERY_CERT for \(try questions().map(\.label).list)"))
    }

    private var seen: [(label: String, certificate: [UInt8], replies: [TVSReply])] = []

    func act(_ context: RunContext) throws {
        seen = []
        change.introducerReplies = []
        for question in try questions() {
            let replies = change.askTVS(about: question.signer)
            seen.append((question.label, question.signer.certificate.der, replies))
            guard question.signer.certificate == change.offered.certificate else { continue }
            change.tvsReplies = replies
            try change.record(.tvs(replies.map { .init($0, for: question.signer) }))
        }
        if let introduction = change.introduction {
            change.introducerReplies = change.askTVS(about: introduction.signer)
        }
    }

    func prove() throws -> [LocalizableText] {
        try seen.flatMap { label, certificate, replies -> [LocalizableText] in
            guard !tokens.isEmpty, change.introduction == nil else {
                // The cluster's certificate is in the phones' ITL; TVS is a second way.
                return replies.map { localized("TVS on \($0.server), asked about \(label): \(Self.text($0.answer))") }
            }
            guard !replies.isEmpty else {
                throw MigrationError(
                    .notVouched, localized("The cluster has no TVS server that could be asked about \(label)."),
                    next: localized("Activate the Trust Verification Service, and add its address with cluster add."))
            }
            return try replies.map { reply in
                guard case .vouches(certificate, let roles) = reply.answer, roles.contains(.sast) else {
                    throw MigrationError(
                        .notVouched,
                        localized(
                            "TVS on \(reply.server) does not vouch for token \(label) with the role SAST; it says: \(Self.text(reply.answer))."
                        ),
                        next:
                            localized(
                                "Check that the certificate is listed under \(TrustStores.phoneSAST) on \(reply.server), restart Cisco Trust Verification Service there, and run the command again."
                            )
                    )
                }
                return localized("TVS on \(reply.server) returns the certificate of \(label) with the role SAST")
            }
        }
    }

    private static func text(_ answer: TVSStatement) -> LocalizableText {
        switch answer {
        case .vouches(_, let roles): localized("known with the roles \(roles.map(\.name).joined(separator: ", "))")
        case .doesNotKnow, .expectedToVouch, .expectedToRead, .notAsked: localized("unknown certificate")
        case .unreachable(let why): localized("no answer (\(why))")
        }
    }
}

/// Forecasts what every phone will do, with the answers that TVS actually gave.
final class ForecastPhones: ChangeStep, Step {
    let id = StepID.forecast
    let title = localized("Forecast what every phone will do")
    let effect = StepEffect.none

    func check() -> StepState {
        let count = survey.phones.count
        return .pending(
            localized(
                count, one: "apply the acceptance model to 1 phone",
                other: "apply the acceptance model to \(count) phones"))
    }

    func act(_ context: RunContext) throws {
        change.forecastAgain()
        if let both = change.introductionForecast { try change.record(.introductionForecast(both)) }
        try change.record(.forecast(StoredForecast(change.forecast)))
        // A later run comes here when phones may be restarting already.
        let groups = Registrations.groups(of: survey.phones.map(\.phone))
        if change.known.registered.isEmpty, !groups.isEmpty { try change.record(.registered(groups)) }
        if let backOut = try change.priceOfBackOut() { try change.record(.backOut(backOut)) }
    }

    func prove() throws -> [LocalizableText] {
        try change.checkForecast()
        return StoredForecast(change.forecast).alike.map { group in
            let who = group.phones.count == 1 ? .verbatim(group.phones[0]) : localized("\(group.phones.count) phones")
            return localized("\(who) (\(group.model)): \(group.outcome.text), \(group.reason)")
        }
    }
}

import Basics
import Cluster
import Messages
import Phones
import TrustList
import X509

/// Keeps the cluster's present CTL file where the user finds it. (What a later run needs was kept before the first step.)
final class BackUp: ChangeStep, Step {
    let id = "back-up"
    let title = localized("Back up the cluster's CTL file")
    let effect = StepEffect.local

    func check() -> StepState {
        guard let bytes = survey.presentBytes else { return .done(localized("the cluster has no CTL file")) }
        return .pending(
            localized(
                "keep the present file (\(bytes.count) bytes, SHA-1 \(Digest.sha1(bytes).hex)) as \(change.state.backupPath(of: bytes))"
            )
        )
    }

    func act() throws {
        guard let bytes = survey.presentBytes else { return }
        _ = try change.state.backUp(bytes)
        try Files.makeFolder(output, permissions: 0o755)
        try Files.write(bytes, to: "\(output)/CTLFile.before.tlv", permissions: 0o644, replacing: true)
    }

    func prove() throws -> [String] {
        guard let bytes = survey.presentBytes else { return [] }
        return [localized("the backup holds the same \(bytes.count) bytes: \(try change.state.backUp(bytes))")]
    }
}

/// Writes the tokens' certificates as files, as SafeNet's client would export them.
final class ExportCertificates: ChangeStep, Step {
    let id = "export-certificates"
    let title = localized("Export the tokens' certificates")
    let effect = StepEffect.local

    private func paths(_ token: ChangePlan.Token) -> (der: String, pem: String) {
        let name = token.label.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }
        return ("\(output)/\(String(name)).cer", "\(output)/\(String(name)).pem")
    }

    func check() -> StepState {
        .pending(localized("as \(change.plan.tokens.map { paths($0).der }.list)"))
    }

    func act() throws {
        try Files.makeFolder(output, permissions: 0o755)
        for (token, certificate) in zip(change.plan.tokens, change.certificates) {
            let (der, pem) = paths(token)
            try Files.write(certificate.der, to: der, permissions: 0o644, replacing: true)
            try Files.write(Array(certificate.pem.utf8), to: pem, permissions: 0o644, replacing: true)
        }
    }

    func prove() throws -> [String] {
        try zip(change.plan.tokens, change.certificates).map { token, certificate in
            let back = try Certificate(der: try Files.read(paths(token).der))
            guard back == certificate else {
                throw MigrationError(
                    .readBackDiffers,
                    localized("\(paths(token).der) does not hold the certificate of token \(token.label)."),
                    next: localized("Check the disk that holds \(output), and run the command again."))
            }
            return localized("\(token.label): \(back.der.count) bytes, SHA-1 \(back.sha1.hex)")
        }
    }
}

/// Makes TVS vouch for the tokens.
final class UploadCertificates: ChangeStep, Step {
    let id = "upload-certificates"
    let title = localized("Upload the certificates as \(TrustStores.phoneSAST)")
    let effect = StepEffect.cluster

    private var store: String { TrustStores.phoneSAST }

    private func missing() throws -> [(label: String, certificate: Certificate)] {
        let present = Set(try cluster.certificates(in: store))
        return zip(change.plan.tokens, change.certificates).filter { !present.contains($0.1) }.map {
            ($0.0.label, $0.1)
        }
    }

    func check() throws -> StepState {
        let missing = try missing()
        if missing.isEmpty { return .done(localized("\(store) holds all of them already")) }
        return .pending(
            localized("upload \(missing.map(\.label).list) to \(store) on the publisher"))
    }

    func act() throws {
        for (_, certificate) in try missing() {
            // Before, not after: a crash in between must not leave one behind that nobody knows of.
            try change.record(.uploading(certificate: Digest.sha256(certificate.der).hex))
            try cluster.upload(certificate, to: store)
        }
    }

    func prove() throws -> [String] {
        let missing = try missing()
        guard missing.isEmpty else {
            throw MigrationError(
                .readBackDiffers,
                localized(
                    "\(store) does not hold the certificate of \(missing.map(\.label).list) after the upload."
                ),
                next: localized("Look at Security > Certificate Management in OS Administration of the publisher."))
        }
        return [
            localized(
                "read back from \(store), byte for byte: \(change.plan.tokens.map(\.label).list)")
        ]
    }

    let isUndoable = true

    /// What is in the store because of this change.
    private func ours() throws -> [(label: String, certificate: Certificate)] {
        let present = Set(try cluster.certificates(in: store))
        let ours = Set(change.known.uploaded).subtracting(change.plan.world.trusted)
        return zip(change.plan.tokens, change.certificates).filter { _, certificate in
            present.contains(certificate) && ours.contains(Digest.sha256(certificate.der).hex)
        }.map { ($0.0.label, $0.1) }
    }

    func plannedUndo() throws -> [String] {
        try ours().map { localized("remove the certificate of \($0.label) from \(store)") }
    }

    func undo() throws -> [String] {
        try ours().map { label, certificate in
            try cluster.remove(certificate, from: store)
            return localized("removed the certificate of \(label) from \(store)")
        }
    }
}

/// Asks TVS for the signers, as a phone that is offered a file signed by them would.
final class AskTVS: ChangeStep, Step {
    let id = "ask-tvs"
    let effect = StepEffect.none
    var title: String {
        localized(
            change.isSignedByToken
                ? "Ask TVS for every token, as a phone would"
                : "Ask TVS for the cluster's own certificate, as a phone would")
    }

    private struct Question {
        let label: String
        let signer: CandidateSigner
    }

    private func questions() throws -> [Question] {
        guard change.isSignedByToken else { return [Question(label: change.offered.name, signer: change.offered)] }
        return try zip(change.plan.tokens, change.certificates).compactMap { token, certificate in
            let present = survey.present?.records.first { $0.isToken && $0.certificate == certificate.der }
            return CandidateSigner(record: try present ?? .token(certificate)).map {
                Question(label: token.label, signer: $0)
            }
        }
    }

    func check() throws -> StepState {
        .pending(localized("send QUERY_CERT for \(try questions().map(\.label).list)"))
    }

    private var seen: [(label: String, certificate: [UInt8], replies: [TVSReply])] = []

    func act() throws {
        seen = []
        let phone = survey.phones.first { $0.phone.model.securityByDefault == .supported }?.phone
        for question in try questions() {
            let replies = cluster.askTVS(for: question.signer, as: phone, trusting: survey.itl)
            seen.append((question.label, question.signer.certificate.der, replies))
            guard question.signer.certificate == change.offered.certificate else { continue }
            change.tvsReplies = replies
            try change.record(.tvs(replies.map { .init($0, for: question.signer) }))
        }
    }

    func prove() throws -> [String] {
        try seen.flatMap { label, certificate, replies -> [String] in
            guard change.isSignedByToken else {
                // The cluster's certificate stands in the ITL of the phones; TVS is a second way.
                return replies.map { localized("TVS on \($0.server), asked for \(label): \(Self.text($0.answer))") }
            }
            guard !replies.isEmpty else {
                throw MigrationError(
                    .notVouched, localized("The cluster has no TVS server that could be asked for \(label)."),
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
                return localized("TVS on \(reply.server) gives the certificate of \(label) with the role SAST")
            }
        }
    }

    private static func text(_ answer: TVSStatement) -> String {
        switch answer {
        case .vouches(_, let roles): localized("known with the roles \(roles.map(\.name).joined(separator: ", "))")
        case .doesNotKnow, .expectedToVouch, .notAsked: localized("unknown certificate")
        case .unreachable(let why): localized("no answer (\(why))")
        }
    }
}

/// Forecasts what every phone will do, with the answers that TVS really gave.
final class ForecastPhones: ChangeStep, Step {
    let id = "forecast"
    let title = localized("Forecast what every phone will do")
    let effect = StepEffect.none

    func check() -> StepState { .pending(localized("apply the acceptance model to \(survey.phones.count) phones")) }

    func act() throws {
        change.forecast = Change.forecast(
            for: change.offered, survey: survey, tvs: TVSAnswers(change.tvsReplies))
        try change.record(.forecast(StoredForecast(change.forecast)))
    }

    func prove() throws -> [String] {
        try change.checkForecast()
        return StoredForecast(change.forecast).alike.map { group in
            let who = group.phones.count == 1 ? group.phones[0] : localized("\(group.phones.count) phones")
            return "\(who) (\(group.model)): \(group.outcome.text), \(group.reason)"
        }
    }
}

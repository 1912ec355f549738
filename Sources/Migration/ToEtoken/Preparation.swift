import Certificates
import Cluster
import Files
import Phones
import TrustList

/// A step of ``ToEtoken``.
class ToEtokenStep<World: ClusterWorld> {
    let plan: ToEtoken<World>
    init(_ plan: ToEtoken<World>) { self.plan = plan }

    var cluster: World { plan.cluster }
    var options: ToEtoken<World>.Options { plan.options }
}

/// Keeps the cluster's present CTL file.
final class BackUp<World: ClusterWorld>: ToEtokenStep<World>, Step {
    let id = "back-up"
    let title = "Back up the cluster's CTL file"
    let effect = StepEffect.local

    func check() -> StepState {
        let bytes = plan.survey.presentBytes
        return .pending(
            "keep the present file (\(bytes.count) bytes, SHA-1 \(Digest.sha1(bytes).hex)) as \(options.state.backupPath(of: bytes))"
        )
    }

    func act() throws {
        _ = try options.state.backUp(plan.survey.presentBytes)
        try Files.makeFolder(options.output, permissions: 0o755)
        try Files.write(
            plan.survey.presentBytes, to: "\(options.output)/CTLFile.before.tlv", permissions: 0o644, replacing: true)
    }

    func prove() throws -> [String] {
        let path = try options.state.backUp(plan.survey.presentBytes)
        return ["the backup holds the same \(plan.survey.presentBytes.count) bytes: \(path)"]
    }
}

/// Writes both tokens' certificates as files, as SafeNet's client would export them.
final class ExportCertificates<World: ClusterWorld>: ToEtokenStep<World>, Step {
    let id = "export-certificates"
    let title = "Export the tokens' certificates"
    let effect = StepEffect.local

    private func paths(_ token: MigrationToken) -> (der: String, pem: String) {
        let name = token.label.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }
        return ("\(options.output)/\(String(name)).cer", "\(options.output)/\(String(name)).pem")
    }

    func check() -> StepState {
        .pending("write \(options.tokens.map { paths($0).der }.joined(separator: " and "))")
    }

    func act() throws {
        try Files.makeFolder(options.output, permissions: 0o755)
        for token in options.tokens {
            let (der, pem) = paths(token)
            try Files.write(token.certificate.der, to: der, permissions: 0o644, replacing: true)
            try Files.write(Array(token.certificate.pem.utf8), to: pem, permissions: 0o644, replacing: true)
        }
    }

    func prove() throws -> [String] {
        try options.tokens.map { token in
            let back = try Certificate(der: try Files.read(paths(token).der))
            guard back == token.certificate else {
                throw MigrationError(
                    .readBackDiffers, "\(paths(token).der) does not hold the certificate of token \(token.label).",
                    next: "Check the disk that holds \(options.output), and run the command again.")
            }
            return "\(token.label): \(back.der.count) bytes, SHA-1 \(back.sha1.hex)"
        }
    }
}

/// Makes TVS vouch for the tokens.
final class UploadCertificates<World: ClusterWorld>: ToEtokenStep<World>, Step {
    let id = "upload-certificates"
    let title = "Upload the certificates as \(ToEtoken<World>.trustStore)"
    let effect = StepEffect.cluster

    private var store: String { ToEtoken<World>.trustStore }
    private var uploaded: [MigrationToken] = []

    private func missing() throws -> [MigrationToken] {
        let present = Set(try cluster.certificates(in: store))
        return options.tokens.filter { !present.contains($0.certificate) }
    }

    func check() throws -> StepState {
        let missing = try missing()
        if missing.isEmpty { return .done("\(store) holds all of them already") }
        return .pending("upload \(missing.map(\.label).joined(separator: " and ")) to \(store) on the publisher")
    }

    func act() throws {
        for token in try missing() {
            uploaded.append(token)
            try cluster.upload(token.certificate, to: store)
        }
    }

    func prove() throws -> [String] {
        let missing = try missing()
        guard missing.isEmpty else {
            throw MigrationError(
                .readBackDiffers,
                "\(store) does not hold the certificate of \(missing.map(\.label).joined(separator: " and ")) after the upload.",
                next: "Look at Security > Certificate Management in OS Administration of the publisher.")
        }
        return ["read back from \(store), byte for byte: \(options.tokens.map(\.label).joined(separator: " and "))"]
    }

    func undo() throws -> [String] {
        let present = Set(try cluster.certificates(in: store))
        return try uploaded.filter { present.contains($0.certificate) }.map { token in
            try cluster.remove(token.certificate, from: store)
            return "removed the certificate of \(token.label) from \(store)"
        }
    }
}

/// Asks TVS for both tokens, as a phone that is offered a file signed by them would.
final class AskTVS<World: ClusterWorld>: ToEtokenStep<World>, Step {
    let id = "ask-tvs"
    let title = "Ask TVS for both tokens, as a phone would"
    let effect = StepEffect.none

    func check() -> StepState {
        .pending("send QUERY_CERT for \(options.tokens.map(\.label).joined(separator: " and "))")
    }

    func act() throws {
        let phone = plan.survey.phones.first { $0.phone.model.securityByDefault == .supported }?.phone
        let itl = plan.survey.itl(publisherFirst: cluster.nodes)
        for token in options.tokens {
            guard
                let record = plan.records.first(where: { $0.role == .sast && $0.certificate == token.certificate.der }),
                let offered = OfferedSigner(record: record)
            else { continue }
            let replies = cluster.askTVS(for: offered, as: phone, trusting: itl)
            if record == plan.signerRecord { plan.tvsReplies = replies }
            seen.append((token, replies))
        }
    }

    private var seen: [(token: MigrationToken, replies: [TVSReply])] = []

    func prove() throws -> [String] {
        try seen.flatMap { token, replies -> [String] in
            guard !replies.isEmpty else {
                throw MigrationError(
                    .notVouched, "The cluster has no TVS server that could be asked for \(token.label).",
                    next: "Activate the Trust Verification Service, and add its address with cluster add.")
            }
            return try replies.map { reply in
                guard case .vouches(let certificate, let roles) = reply.answer, roles.contains(.sast),
                    certificate == token.certificate.der
                else {
                    throw MigrationError(
                        .notVouched,
                        "TVS on \(reply.server) does not vouch for token \(token.label) with the role SAST; it says: \(Self.text(reply.answer)).",
                        next:
                            "Check that the certificate is listed under \(ToEtoken<World>.trustStore) on \(reply.server), restart Cisco Trust Verification Service there, and run the command again."
                    )
                }
                return "TVS on \(reply.server) gives the certificate of \(token.label) with the role SAST"
            }
        }
    }

    private static func text(_ answer: TVSStatement) -> String {
        switch answer {
        case .vouches(_, let roles): "known with the roles \(roles.map(\.name).joined(separator: ", "))"
        case .doesNotKnow, .expectedToVouch, .notAsked: "unknown certificate"
        case .unreachable(let why): "no answer (\(why))"
        }
    }
}

/// Forecasts what every phone will do, with the answers that TVS really gave.
final class ForecastPhones<World: ClusterWorld>: ToEtokenStep<World>, Step {
    let id = "forecast"
    let title = "Forecast what every phone will do"
    let effect = StepEffect.none

    func check() -> StepState { .pending("apply the acceptance model to \(plan.survey.phones.count) phones") }

    func act() throws {
        plan.forecast = ToEtoken<World>.forecast(
            for: plan.offered, survey: plan.survey, itl: plan.survey.itl(publisherFirst: cluster.nodes),
            tvs: plan.tvsReplies.map(\.answer))
    }

    func prove() throws -> [String] {
        try plan.checkForecast()
        return plan.forecast.entries.map {
            "\($0.phone.name) (\($0.phone.model.name)): \($0.verdict.outcome.rawValue), \($0.verdict.reason)"
        }
    }
}

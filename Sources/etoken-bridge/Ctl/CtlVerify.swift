import ArgumentParser
import Basics
import Glibc
import Messages
import Phones
import TrustList
import X509

struct CtlVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: localized("Check a trust list file: signature, signer, and every certificate."),
        discussion: localized(
            """
            With --itl, a warning says if new phones could not verify that ITL file with FILE.
            Exit status 5 when a check fails.

            Example:
              etoken-bridge ctl verify CTLFile.tlv
              etoken-bridge ctl verify CTLFile.tlv --signer SAST-ADN008580ef.pem
              etoken-bridge ctl verify CTLFile.new.tlv \\
                --held CTLFile.tlv --itl ITLFile.tlv
            """))

    @Argument(help: .localized("The file, for example CTLFile.tlv."), completion: .file())
    var file: String

    @Option(
        help: .localized("The certificate (PEM or DER) that must have signed the file.", valueName: "certificate"),
        completion: .file())
    var signer: String?

    @Option(
        help: .localized("The CTL file that phones hold now: would they accept FILE?", valueName: "file"),
        completion: .file())
    var held: String?

    @Option(help: .localized("The ITL file that phones hold.", valueName: "file"), completion: .file())
    var itl: String?

    @OptionGroup var common: CommonOptions

    private struct Report: Encodable {
        struct Entry: Encodable {
            let severity, code: String
            let record: Int?
            let text: LocalizableText
        }
        let file: String
        let valid: Bool
        let checks: [Entry]
        let acceptance: [PhoneVerdict]
    }

    /// What a kind of phone would do.
    private struct PhoneVerdict: Encodable {
        let phones: LocalizableText
        let securityByDefault: Bool
        let outcome: Verdict.Outcome
        let rule: String
        let reason: LocalizableText
    }

    func run() throws {
        let file = try CtlFile(self.file)
        var verification = TrustListVerification(
            of: file.list, signer: try signer.map(readCertificate), at: Int64(time(nil)))
        if let itl { verification.check(file.list, against: try CtlFile(itl).list) }
        let verdicts = try acceptance(of: file, signer: verification.signer)
        if common.json {
            try Terminal.json(
                Report(
                    file: self.file, valid: verification.isValid,
                    checks: verification.checks.map {
                        .init(severity: $0.severity.rawValue, code: $0.code, record: $0.subject, text: $0.text)
                    },
                    acceptance: verdicts))
        } else {
            let lines =
                verification.checks.map { ($0.severity.mark.localized, $0.text) }
                + verdicts.map { ($0.outcome.text.localized, localized("\($0.phones): \($0.reason).")) }
            // As wide as any mark can be, so that the same checks look the same.
            let marks =
                FindingSeverity.allCases.map(\.mark.localized)
                + (verdicts.isEmpty ? [] : [Verdict.Outcome.accepted, .refused, .unknown].map(\.text.localized))
            let width = marks.map(\.count).max() ?? 0
            for (mark, text) in lines { Terminal.out(mark.padded(to: width + 1) + text.localized) }
        }
        guard verification.isValid else {
            let failed = verification.checks.filter { $0.severity == .error }
            throw Failure(
                Status.verificationFailed, localized("\(self.file) fails \(failed.count) of its checks."),
                next: localized("Do not deploy this file; use the backup, or build it again."),
                causes: failed.map(\.text))
        }
        if let refused = verdicts.first(where: { $0.outcome == .refused }) {
            throw Failure(
                Status.verificationFailed,
                localized("\(self.file) is valid, but \(refused.phones) would refuse it: \(refused.reason)."),
                next: localized(
                    "Have it signed by a certificate that the phones can verify; see docs/phone-acceptance.md."))
        }
    }

    /// What phones with and without Security by Default would do. Without `--held` and `--itl` nothing is reported.
    private func acceptance(of file: CtlFile, signer certificate: Certificate?) throws -> [PhoneVerdict] {
        guard held != nil || itl != nil, let certificate else { return [] }
        return Acceptance.ofKinds(
            file.list, signer: certificate, held: try held.map { try CtlFile($0).list },
            itl: try itl.map { try CtlFile($0).list }
        ).map { hasIt, verdict in
            PhoneVerdict(
                phones: hasIt
                    ? localized("phones with Security by Default") : localized("phones without Security by Default"),
                securityByDefault: hasIt, outcome: verdict.outcome, rule: verdict.rule.rawValue,
                reason: verdict.reason)
        }
    }
}

extension FindingSeverity {
    fileprivate var mark: LocalizableText {
        switch self {
        case .ok: localized("ok")
        case .warning: localized("warning")
        case .error: localized("FAILED")
        }
    }
}

/// A certificate file, PEM or DER.
func readCertificate(_ path: String) throws -> Certificate {
    do {
        let bytes = try Files.read(path, limit: 1 << 20)
        let isPEM = bytes.starts(with: Array("-----".utf8)) || bytes.first != 0x30
        return isPEM ? try Certificate(pem: String(decoding: bytes, as: UTF8.self)) : try Certificate(der: bytes)
    } catch let error as FileError {
        throw Failure(reading: error, next: localized("Specify a PEM or DER certificate."))
    } catch let error as CertificateError {
        throw Failure(
            Status.failed, localized("\(path) is not a certificate: \(error.reason)."), code: error.code.rawValue,
            next: localized("Specify a PEM or DER certificate."))
    }
}

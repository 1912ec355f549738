import ArgumentParser
import Certificates
import Files
import Glibc
import TrustList

struct CtlVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check a trust list file: signature, signer, and every certificate.",
        discussion: """
            Exit status 5 when a check fails.

            Example:
              etoken-bridge ctl verify CTLFile.tlv
              etoken-bridge ctl verify CTLFile.tlv --signer SAST-ADN008580ef.pem
            """)

    @Argument(help: "The file, for example CTLFile.tlv.", completion: .file())
    var file: String

    @Option(help: "The certificate (PEM or DER) that must have signed the file.", completion: .file())
    var signer: String?

    @OptionGroup var common: CommonOptions

    private struct Report: Encodable {
        struct Entry: Encodable { let outcome, text: String }
        let file: String
        let valid: Bool
        let checks: [Entry]
    }

    func run() throws {
        let file = try CtlFile(self.file)
        let verification = TrustListVerification(
            of: file.list, signer: try signer.map(readCertificate), at: Int64(time(nil)))
        if common.json {
            try Terminal.json(
                Report(
                    file: self.file, valid: verification.isValid,
                    checks: verification.checks.map { .init(outcome: $0.outcome.rawValue, text: $0.text) }))
        } else {
            let marks: [TrustListVerification.Check.Outcome: String] = [
                .passed: "ok      ", .warning: "warning ", .failed: "FAILED  ",
            ]
            for check in verification.checks { Terminal.out(marks[check.outcome, default: ""] + check.text) }
        }
        guard verification.isValid else {
            let failed = verification.checks.filter { $0.outcome == .failed }
            throw Failure(
                Status.verificationFailed, "\(self.file) fails \(failed.count) of its checks.",
                next: "Do not give this file to phones; take the one that was backed up, or build it again.",
                causes: failed.map(\.text))
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
        throw Failure(
            Status.notThere, "\(path) cannot be read: \(error.cause).", next: "Give a PEM or DER certificate.")
    } catch let error as CertificateError {
        throw Failure(
            Status.failed, "\(path) is not a certificate: \(error.reason).", next: "Give a PEM or DER certificate.")
    }
}

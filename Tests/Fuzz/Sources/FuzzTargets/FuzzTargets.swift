import Certificates
import TrustList

/// What the fuzzers run (tools/fuzz), and what the tests replay over the corpus: each takes any bytes, and traps where the
/// code breaks a promise.
public enum FuzzTargets {
    /// Decoding: whatever is accepted encodes to the same bytes, and everything that can be asked of it answers.
    public static func decode(_ bytes: [UInt8]) {
        guard let file = try? TrustListFile(decoding: bytes) else { return }
        precondition(file.encoded() == bytes, "decoding and encoding changed the file")
        precondition(file.signedMessage().count == bytes.count - 3 - file.header.signature.count)
        precondition(file.header.length + file.records.reduce(0) { $0 + $1.length } == bytes.count)
        for warning in file.warnings { precondition(!warning.text.isEmpty) }
        precondition(TrustListDiff(from: file, to: file).changes.isEmpty)
        for record in file.records { _ = (try? record.inCTLClientProfile(), try? record.emptied()) }
    }

    /// Verifying: certificates and keys of any shape go through libcrypto, and the report is never empty.
    public static func verify(_ bytes: [UInt8]) {
        guard let file = try? TrustListFile(decoding: bytes) else {
            // The same bytes as a certificate, so that this half of the inputs is of use too.
            if let certificate = try? Certificate(der: bytes) {
                precondition(certificate.der == bytes)
                precondition((try? Certificate(pem: certificate.pem)) == certificate)
            }
            return
        }
        let report = TrustListVerification(of: file, at: 1_500_000_000)
        precondition(!report.checks.isEmpty)
        // The text verifies once more, so only some inputs are worth it.
        if bytes.count % 16 == 0 { _ = try? ShowCTL.text(of: bytes, modified: 1_500_000_000) }
    }

    /// Names: whatever is taken apart has types, and spells a name made of its own parts.
    public static func names(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self), let parsed = ParsedName(text) else { return }
        precondition(!parsed.attributes.isEmpty)
        precondition(parsed.spells(DistinguishedName(parsed.attributes)))
        for style in [NameStyle.cucm, .token] { _ = DistinguishedName(parsed.attributes).rendered(style) }
    }
}

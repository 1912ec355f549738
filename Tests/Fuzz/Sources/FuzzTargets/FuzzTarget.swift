import Cluster
import Markup
import Messages
import Phones
import TOML
import TrustList
import X509

/// What the fuzzer runs (tools/deep fuzz), and what the tests replay over the corpus: each accepts any bytes, and traps
/// if the code breaks a promise.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// Trust lists.
    case decode
    /// Trust lists and certificates, through libcrypto.
    case verify
    /// Names as spelled in trust lists.
    case names
    /// Messages of a TVS server.
    case tvs
    /// Pages and SOAP answers of a node, pages of a phone, through libxml2.
    case pages
    /// The configuration, through toml++.
    case configuration
    /// Lists of phones.
    case phones
    /// Phones' logs.
    case logs

    public func run(_ bytes: [UInt8]) {
        switch self {
        case .decode: Self.decode(bytes)
        case .verify: Self.verify(bytes)
        case .names: Self.names(bytes)
        case .tvs: Self.tvs(bytes)
        case .pages: Self.pages(bytes)
        case .configuration: Self.configuration(bytes)
        case .phones: Self.phones(bytes)
        case .logs: Self.logs(bytes)
        }
    }

    /// Decoding: whatever is accepted encodes to the same bytes, and every property of it can be read.
    private static func decode(_ bytes: [UInt8]) {
        guard let file = try? TrustListFile(decoding: bytes) else { return }
        precondition(file.encoded() == bytes, "decoding and encoding changed the file")
        precondition(file.signedMessage().count == bytes.count - 3 - file.header.signature.count)
        precondition(file.header.length + file.records.reduce(0) { $0 + $1.length } == bytes.count)
        for warning in file.warnings { precondition(!warning.text.localized.isEmpty) }
        precondition(TrustListDiff(from: file, to: file).changes.isEmpty)
        for record in file.records { _ = (try? record.inCTLClientProfile(), try? record.emptied()) }
    }

    /// Verifying: certificates and keys of any shape go through libcrypto, and the report is never empty.
    private static func verify(_ bytes: [UInt8]) {
        guard let file = try? TrustListFile(decoding: bytes) else {
            // The same bytes as a certificate, so that this half of the inputs is useful, too.
            if let certificate = try? Certificate(der: bytes) {
                precondition(certificate.der == bytes)
                precondition((try? Certificate(pem: certificate.pem)) == certificate)
            }
            return
        }
        let report = TrustListVerification(of: file, at: 1_500_000_000)
        precondition(!report.checks.isEmpty)
        // Verifying the text is slow, so only some inputs are worth it.
        if bytes.count % 16 == 0 { _ = try? ShowCTL.text(of: bytes, modified: 1_500_000_000) }
    }

    /// Names: whatever is parsed has types, and is a spelling of a name built from its own parts.
    private static func names(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self), let parsed = ParsedName(text) else { return }
        precondition(!parsed.attributes.isEmpty)
        precondition(parsed.spells(DistinguishedName(parsed.attributes)))
        for style in [NameStyle.cucm, .token] { _ = DistinguishedName(parsed.attributes).rendered(style) }
    }

    /// A message that is accepted encodes to the same bytes, except for the reserved one.
    private static func tvs(_ bytes: [UInt8]) {
        guard let message = try? TVSMessage(decoding: bytes) else { return }
        var encoded = message.encode()
        encoded[3] = bytes[3]
        precondition(encoded == bytes, "decoding and encoding changed the message")
    }

    /// Pages and responses are parsed or refused; what is parsed can be traversed.
    private static func pages(_ bytes: [UInt8]) {
        if let page = try? HTMLDocument(bytes) { _ = (page.title, page.text, page.forms, page.tables) }
        if let root = try? XMLDocument.parse(bytes) {
            precondition(root.text.split { $0.isWhitespace }.joined(separator: " ") == root.text)
        }
    }

    /// A configuration is a table, or it is refused at a line.
    private static func configuration(_ bytes: [UInt8]) {
        do throws(TOMLError) {
            let value = try TOMLValue(parsing: String(decoding: bytes, as: UTF8.self))
            precondition(value.table != nil)
        } catch {
            precondition(!error.reason.localized.isEmpty)
        }
    }

    /// A list of phones that is accepted is the same after it was written and read again.
    private static func phones(_ bytes: [UInt8]) {
        guard let inventory = try? Inventory(csv: bytes, file: "phones.csv") else { return }
        let again = try? Inventory(csv: inventory.csv, file: "phones.csv")
        precondition(again?.phones == inventory.phones, "writing and reading changed the phones")
    }

    /// Every conclusion is based on lines of the log.
    private static func logs(_ bytes: [UInt8]) {
        let explanation = LogExplanation(String(decoding: bytes, as: UTF8.self))
        precondition(explanation.events <= explanation.entries)
        for conclusion in explanation.conclusions { precondition(!conclusion.quotes.isEmpty) }
    }
}

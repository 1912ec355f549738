import ArgumentParser
import Certificates
import Tokens

struct TokenList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tokens that are there.",
        discussion: """
            Example:
              etoken-bridge token list
            """)

    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    private struct List: Encodable { let tokens: [TokenDocument] }

    func run() throws {
        let (tokens, failures) = try module.finder().scan()
        // A broken reader must not hide the other tokens, nor be hidden by them.
        for failure in failures where Terminal.isVerbose || tokens.isEmpty { Terminal.note("Passed over: \(failure)") }
        if common.json {
            try Terminal.json(List(tokens: try tokens.map { TokenDocument($0, try $0.certificates()) }))
            return
        }
        guard !tokens.isEmpty else {
            Terminal.note("No token is there. Insert one, or name its module with --module.")
            return
        }
        var table = Table("LABEL", "SERIAL", "MODEL", "PIN", "CERTIFICATES")
        for token in tokens {
            let names = try token.certificates().map { $0.certificate.subject.value(of: "CN") ?? "?" }
            table.add(
                token.info.label, token.info.serialNumber, token.info.model, token.info.pin.rawValue,
                names.isEmpty ? "none" : names.map { $0.trimmed }.joined(separator: ", "))
        }
        Terminal.out(table.text)
    }
}

extension String {
    /// Without spaces at either end.
    var trimmed: String {
        let start = drop { $0 == " " }
        return String(start[..<(start.lastIndex { $0 != " " }.map { start.index(after: $0) } ?? start.startIndex)])
    }
}

/// A token as JSON.
struct TokenDocument: Encodable {
    struct Entry: Encodable {
        let id, label, subject, issuer, serial, notBefore, notAfter, sha1: String
        let keyBits: Int
        let trustListSubject, trustListIssuer: String
    }

    let label, serial, manufacturer, model, slot, module, pin: String
    let pinPad: Bool
    let certificates: [Entry]

    init(_ token: Token, _ stored: [Token.StoredCertificate]) {
        let info = token.info
        (label, serial, manufacturer, model) = (info.label, info.serialNumber, info.manufacturer, info.model)
        (slot, module, pin, pinPad) = (info.slotDescription, token.module.path, info.pin.rawValue, info.hasPINPad)
        certificates = stored.map { item in
            let certificate = item.certificate
            return Entry(
                id: item.id.hex, label: item.label, subject: certificate.subject.rendered(.cucm),
                issuer: certificate.issuer.rendered(.cucm), serial: certificate.serialNumber.hex,
                notBefore: isoTime(certificate.notBefore), notAfter: isoTime(certificate.notAfter),
                sha1: certificate.sha1.hex, keyBits: certificate.publicKey.bits,
                trustListSubject: certificate.subject.rendered(.token),
                trustListIssuer: certificate.issuer.rendered(.token))
        }
    }
}

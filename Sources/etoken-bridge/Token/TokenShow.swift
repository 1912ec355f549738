import ArgumentParser
import Basics
import Messages
import Tokens
import X509

struct TokenShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: localized("Show a token and its certificates."),
        discussion: localized(
            """
            The URI names this token and no other, and can be used wherever a token is specified. With --json everything \
            that its module says of it without a login is listed, also versions, flags, mechanisms and slots: for reports \
            about tokens.

            Example:
              etoken-bridge token show SAST-ADN008580ef
              etoken-bridge token show pkcs11:token=SAST-ADN008580ef --json
            """))

    @Argument(
        help: .localized(
            "The token: its label, its serial number, the name of its certificate, or a PKCS#11 URI (RFC 7512)."))
    var token: String

    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let token = try module.finder().token(named: TokenName(self.token))
        let contents = try token.contents()
        let readers = ReaderView.now()
        if common.json {
            try Terminal.json(TokenDocument(token, contents, in: readers, details: token.details()))
            return
        }
        let info = token.info
        let state = PINView(token, contents).text
        let pin = info.hasPINPad ? localized("\(state), entered on the reader") : state
        Terminal.out(
            localized(
                """
                Token         \(info.plainLabel)
                Serial        \(info.serialNumber)
                Manufacturer  \(info.manufacturer)
                Model         \(info.model)
                """))
        Terminal.out(
            readers.reader(of: info) == nil
                ? localized("Slot          \(info.slotDescription)")
                : localized("Reader        \(info.slotDescription)"))
        Terminal.out(
            localized(
                """
                Module        \(token.module.path)
                PIN           \(pin)
                URI           \(info.uri)
                """))
        if let reader = readers.reader(of: info) { Terminal.out(ReaderDocument(reader).lines) }
        for stored in contents.certificates {
            let certificate = stored.certificate
            let key = Self.key(isRSA: certificate.publicKey.isRSA, bits: certificate.publicKey.bits)
            Terminal.out(
                "\n"
                    + localized(
                        """
                        Certificate   \(Self.name(stored.id, stored.label))
                          Subject     \(certificate.subject.rendered(.token))
                          Issuer      \(certificate.issuer.rendered(.token))
                          Serial      \(certificate.serialNumber.colonHex)
                          Valid       \(certificate.validityText)
                          Key         \(key)
                          SHA-1       \(certificate.sha1.hex)
                          Kind        \(Self.kind(certificate))
                        """
                    ).localized)
        }
        if !contents.keys.isEmpty { Terminal.out("") }
        for key in contents.keys {
            let name = Self.name(key.id, key.label)
            let text = Self.key(isRSA: key.isRSA, bits: key.bits)
            Terminal.out(
                key.isPrivate
                    ? localized("Private key   \(name), \(text)") : localized("Public key    \(name), \(text)"))
        }
        for failure in contents.unreadable { Terminal.note(localized("Skipped: \(failure)")) }
        if contents.certificates.isEmpty, contents.unreadable.isEmpty {
            Terminal.out(
                "\n" + localized("The token contains no certificate that is visible without a login.").localized)
        }
    }

    private static func key(isRSA: Bool, bits: Int?) -> String {
        let kind = isRSA ? "RSA" : localized("not RSA").localized
        return bits.map { localized("\(kind), \($0) bit").localized } ?? kind
    }

    private static func name(_ id: [UInt8], _ label: String) -> String {
        localized("id \(id.map { "%" + [$0].hex }.joined()), label \(label)").localized
    }

    private static func kind(_ certificate: Certificate) -> String {
        switch SASTLikeness(certificate) {
        case .full: localized("certificate of a Cisco SAST token").localized
        case .nameOnly: localized("named like that of a SAST token, but not issued by Cisco Manufacturing CA").localized
        case .none: localized("not that of a SAST token").localized
        }
    }
}

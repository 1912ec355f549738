import ArgumentParser
import Certificates
import Messages
import Tokens

struct TokenShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: localized("Show a token and its certificates."),
        discussion: localized(
            """
            Example:
              etoken-bridge token show SAST-ADN008580ef
              etoken-bridge token show pkcs11:token=SAST-ADN008580ef --json
            """))

    @Argument(help: .localized("The token: its label, its serial number, or a PKCS#11 URI (RFC 7512)."))
    var token: String

    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let token = try module.finder().token(named: self.token)
        let contents = try token.contents()
        let readers = ReaderView.now()
        if common.json {
            try Terminal.json(TokenDocument(token, contents, in: readers))
            return
        }
        let info = token.info
        Terminal.out(
            """
            Token         \(info.label)
            Serial        \(info.serialNumber)
            Manufacturer  \(info.manufacturer)
            Model         \(info.model)
            \(readers.reader(of: info) == nil ? "Slot  " : "Reader")        \(info.slotDescription)
            Module        \(token.module.path)
            PIN           \(info.pin.rawValue)\(info.hasPINPad ? ", typed in at the reader" : "")
            """)
        if let reader = readers.reader(of: info) { Terminal.out(ReaderDocument(reader).lines) }
        for stored in contents.certificates {
            let certificate = stored.certificate
            Terminal.out(
                """

                Certificate   \(Self.name(stored.id, stored.label))
                  Subject     \(certificate.subject.rendered(.token))
                  Issuer      \(certificate.issuer.rendered(.token))
                  Serial      \(certificate.serialNumber.colonHex)
                  Valid       \(isoTime(certificate.notBefore)) to \(isoTime(certificate.notAfter))
                  Key         \(certificate.publicKey.isRSA ? "RSA" : "not RSA"), \(certificate.publicKey.bits) bit
                  SHA-1       \(certificate.sha1.hex)
                  Kind        \(Self.kind(certificate))
                """)
        }
        if !contents.keys.isEmpty { Terminal.out("") }
        for key in contents.keys {
            let bits = key.bits.map { ", \($0) bit" } ?? ""
            Terminal.out(
                "\(key.isPrivate ? "Private" : "Public ") key   \(Self.name(key.id, key.label)), \(key.isRSA ? "RSA" : "not RSA")\(bits)"
            )
        }
        for failure in contents.unreadable { Terminal.note(localized("Passed over: \(failure)")) }
        if contents.certificates.isEmpty, contents.unreadable.isEmpty {
            Terminal.out(localized("\nThe token holds no certificate that can be seen without a login."))
        }
    }

    private static func name(_ id: [UInt8], _ label: String) -> String {
        "id \(id.map { "%" + [$0].hex }.joined()), label \(label)"
    }

    private static func kind(_ certificate: Certificate) -> String {
        switch SASTLikeness(certificate) {
        case .full: localized("as of a SAST token from Cisco")
        case .nameOnly: localized("named as a SAST token's, but not issued by Cisco Manufacturing CA")
        case .none: localized("not as of a SAST token")
        }
    }
}

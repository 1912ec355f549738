import ArgumentParser
import Certificates
import Tokens

struct TokenShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a token and its certificates.",
        discussion: """
            Example:
              etoken-bridge token show SAST-ADN008580ef
              etoken-bridge token show pkcs11:token=SAST-ADN008580ef --json
            """)

    @Argument(help: "The token: its label, its serial number, or a PKCS#11 URI (RFC 7512).")
    var token: String

    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let token = try module.finder().token(named: self.token)
        let certificates = try token.certificates()
        if common.json {
            try Terminal.json(TokenDocument(token, certificates))
            return
        }
        let info = token.info
        Terminal.out(
            """
            Token         \(info.label)
            Serial        \(info.serialNumber)
            Manufacturer  \(info.manufacturer)
            Model         \(info.model)
            Slot          \(info.slotDescription)
            Module        \(token.module.path)
            PIN           \(info.pin.rawValue)\(info.hasPINPad ? ", typed in at the reader" : "")
            """)
        for stored in certificates {
            let certificate = stored.certificate
            Terminal.out(
                """

                Certificate   id %\(stored.id.map { [$0].hex }.joined(separator: "%")), label \(stored.label)
                  Subject     \(certificate.subject.rendered(.token))
                  Issuer      \(certificate.issuer.rendered(.token))
                  Serial      \(certificate.serialNumber.colonHex)
                  Valid       \(isoTime(certificate.notBefore)) to \(isoTime(certificate.notAfter))
                  Key         \(certificate.publicKey.isRSA ? "RSA" : "not RSA"), \(certificate.publicKey.bits) bit
                  SHA-1       \(certificate.sha1.hex)
                """)
        }
        if certificates.isEmpty { Terminal.out("\nThe token holds no certificate that can be seen without a login.") }
    }
}

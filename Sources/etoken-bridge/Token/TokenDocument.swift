import Messages
import Basics
import Tokens
import X509

/// A token as JSON.
struct TokenDocument: Encodable {
    struct Entry: Encodable {
        let id, label, subject, issuer, serialNumber, sha1: String
        let notBefore, notAfter: Timestamp
        let keyBits: Int
        let trustListSubject, trustListIssuer: String
        /// Whether it looks like that of a SAST token: ``SASTLikeness``.
        let kind: String
        /// `valid`, `not-yet` or `expired`, today.
        let validity: String
    }

    struct Key: Encodable {
        let id, label: String
        let isPrivate, isRSA: Bool
        let bits: Int?

        private enum CodingKeys: String, CodingKey {
            case id, label, bits
            case isPrivate = "private"
            case isRSA = "rsa"
        }
    }

    /// How many wrong PINs the token still accepts, and where that is known from: `token`, `flags` or `count`.
    struct Tries: Encodable {
        let left: Int
        let most: Int?
        let from: String
    }

    let label, serialNumber, manufacturer, model, slot, module, pin: String
    /// Names this token, and can be used wherever a token is specified.
    let uri: String
    let pinPad, pinMustBeChanged: Bool
    /// Omitted if nothing is known.
    let tries: Tries?
    /// Omitted for a token that is in no reader.
    let reader: ReaderDocument?
    let certificates: [Entry]
    let keys: [Key]
    /// Why certificates on the token could not be read.
    let unreadable: [String]
    /// Of `token show` only.
    let pkcs11: TokenDetailsDocument?

    init(_ token: Token, _ contents: TokenContents, in readers: ReaderView, details: TokenDetails? = nil) {
        let info = token.info
        uri = info.uri
        pkcs11 = details.map { TokenDetailsDocument($0) }
        (label, serialNumber, manufacturer, model) = (info.plainLabel, info.serialNumber, info.manufacturer, info.model)
        let view = PINView(token, contents)
        (slot, module, pin, pinPad, pinMustBeChanged) = (
            info.slotDescription, token.module.path, view.state.rawValue, info.hasPINPad, info.wantsNewPIN
        )
        tries = view.tries.map { Tries(left: $0.left, most: $0.most, from: $0.source.rawValue) }
        reader = readers.reader(of: info).map { ReaderDocument($0) }
        certificates = contents.certificates.map { item in
            let certificate = item.certificate
            return Entry(
                id: item.id.hex, label: item.label, subject: certificate.subject.rendered(.cucm),
                issuer: certificate.issuer.rendered(.cucm), serialNumber: certificate.serialNumber.hex,
                sha1: certificate.sha1.hex, notBefore: Timestamp(certificate.notBefore),
                notAfter: Timestamp(certificate.notAfter), keyBits: certificate.publicKey.bits,
                trustListSubject: certificate.subject.rendered(.token),
                trustListIssuer: certificate.issuer.rendered(.token), kind: SASTLikeness(certificate).rawValue,
                validity: certificate.validityNow.rawValue)
        }
        keys = contents.keys.map { key in
            Key(id: key.id.hex, label: key.label, isPrivate: key.isPrivate, isRSA: key.isRSA, bits: key.bits)
        }
        unreadable = contents.unreadable.map(\.text.localized)
    }
}

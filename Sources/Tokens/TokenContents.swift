import Basics
import CPKCS11
import Messages
import X509

/// What is visible on a token.
public struct TokenContents: Sendable {
    /// In the order of their ids.
    public var certificates: [StoredCertificate] = []
    /// Public keys, and the private ones that are visible without a login.
    public var keys: [StoredKey] = []
    /// Certificates that are there but cannot be read.
    public var unreadable: [TokenError] = []
    /// The wrong PINs that the token still accepts, if it reports that itself.
    public var tries: PINTries?
}

/// A certificate on a token, and its names there.
public struct StoredCertificate: Sendable {
    public let certificate: Certificate
    /// CKA_ID: the same as that of the certificate's private key.
    public let id: [UInt8]
    /// CKA_LABEL.
    public let label: String
}

/// A key on a token, as far as the token describes it.
public struct StoredKey: Sendable, Hashable {
    /// CKA_ID.
    public let id: [UInt8]
    /// CKA_LABEL.
    public let label: String
    public let isPrivate: Bool
    public let isRSA: Bool
    /// Of the modulus; nil if the token does not say.
    public let bits: Int?
}

extension Token {
    /// What is visible without a login: X.509 certificates and keys.
    ///
    /// - Throws: ``TokenError``.
    public func contents() throws(TokenError) -> TokenContents {
        try attempt { () throws(TokenError) in
            var contents = TokenContents()
            let session = try Session(self)
            try contents.readCertificates(session, label: info.plainLabel)
            try contents.readKeys(session)
            contents.tries = session.tries()
            return contents
        }
    }

    /// The X.509 certificates that are visible without a login, without those that cannot be read.
    ///
    /// - Throws: ``TokenError``; also if there are certificates and none can be read.
    public func certificates() throws(TokenError) -> [StoredCertificate] {
        let contents = try attempt { () throws(TokenError) in
            var contents = TokenContents()
            try contents.readCertificates(Session(self), label: info.plainLabel)
            return contents
        }
        if contents.certificates.isEmpty, let failure = contents.unreadable.first { throw failure }
        return contents.certificates
    }

    /// The one certificate that a SAST token should contain, or the one that the URI selects by `id` or `object`.
    ///
    /// - Throws: ``TokenError`` (`certificate-not-found`, `ambiguous`).
    public func certificate(matching uri: TokenURI? = nil) throws(TokenError) -> StoredCertificate {
        let all = try certificates()
        let matching = all.filter { stored in
            (uri?.id.map { $0 == stored.id } ?? true) && (uri?.object.map { $0 == stored.label } ?? true)
        }
        // *Unconfirmed* of Cisco's tokens; others contain their authority's certificate, too, which is not the wanted one if
        // another is left.
        let own = matching.filter { !$0.certificate.isAuthority }
        if uri?.id == nil, uri?.object == nil, own.count == 1 { return own[0] }
        guard let first = matching.first else {
            throw TokenError(
                .certificateNotFound, info.plainLabel,
                localized(
                    all.isEmpty
                        ? "Token \(info.plainLabel) contains no certificate that is visible without a login."
                        : "Token \(info.plainLabel) contains no certificate with that id or label."))
        }
        guard matching.count == 1 else {
            // A card may hold hundreds.
            let list = matching.prefix(5).map { stored in
                let id = stored.id.map { "%" + [$0].hex }.joined()
                return localized(
                    "id=\(id), object \"\(stored.label)\", serial \(stored.certificate.serialNumber.colonHex)")
            }
            let names = (list + (matching.count > list.count ? [.verbatim("...")] : [])).joined(separator: "; ")
            throw TokenError(
                .ambiguous, info.plainLabel,
                localized(
                    """
                    Token \(info.plainLabel) contains \(matching.count) certificates where one was expected \
                    (\(names)); choose one with id= or object= in the token's URI.
                    """))
        }
        return first
    }
}

extension TokenContents {
    fileprivate mutating func readCertificates(_ session: Session, label: String) throws(TokenError) {
        let objects = try session.find([
            AttributeValue(UInt(CKA_CLASS), number: UInt(CKO_CERTIFICATE)),
            AttributeValue(UInt(CKA_CERTIFICATE_TYPE), number: UInt(CKC_X_509)),
        ])
        for object in objects {
            guard let der = try session.attribute(UInt(CKA_VALUE), of: object), !der.isEmpty else { continue }
            let name = try session.attribute(UInt(CKA_LABEL), of: object) ?? []
            let id = try session.attribute(UInt(CKA_ID), of: object) ?? []
            do throws(CertificateError) {
                certificates.append(
                    StoredCertificate(
                        certificate: try Certificate(der: der), id: id, label: TokenInfo.printable(name)))
            } catch {
                unreadable.append(
                    TokenError(
                        .certificateNotFound, label,
                        localized(
                            "A certificate on token \(label) (\"\(TokenInfo.printable(name))\") cannot be read: \(error.reason)."
                        )
                    ))
            }
        }
        certificates.sort { $0.id.lexicographicallyPrecedes($1.id) }
    }

    fileprivate mutating func readKeys(_ session: Session) throws(TokenError) {
        for (kind, isPrivate) in [(CKO_PUBLIC_KEY, false), (CKO_PRIVATE_KEY, true)] {
            for object in try session.find([AttributeValue(UInt(CKA_CLASS), number: UInt(kind))]) {
                let type = try session.number(UInt(CKA_KEY_TYPE), of: object)
                let modulus = try session.attribute(UInt(CKA_MODULUS), of: object)
                let label = try session.attribute(UInt(CKA_LABEL), of: object) ?? []
                keys.append(
                    StoredKey(
                        id: try session.attribute(UInt(CKA_ID), of: object) ?? [], label: TokenInfo.printable(label),
                        isPrivate: isPrivate, isRSA: type == UInt(CKK_RSA),
                        bits: modulus.flatMap { modulus in
                            modulus.firstIndex { $0 != 0 }.map { first in
                                (modulus.count - first) * 8 - modulus[first].leadingZeroBitCount
                            }
                        }))
            }
        }
        keys.sort { ($0.id, $0.isPrivate ? 1 : 0) < ($1.id, $1.isPrivate ? 1 : 0) }
    }
}

/// Byte for byte, then the number.
private func < (left: ([UInt8], Int), right: ([UInt8], Int)) -> Bool {
    left.0 == right.0 ? left.1 < right.1 : left.0.lexicographicallyPrecedes(right.0)
}

/// Whether a token is one of those that Cisco sells for trust lists (KEY-CCM-ADMIN-K9), judging by its contents. A
/// certificate that only looks like one is not trusted for that: phones check who signed. Source: the SAST records in Cisco's
/// printouts of `show ctl` (docs/trust-list-format.md); *unconfirmed* for tokens of other years.
public enum SASTLikeness: String, Sendable {
    /// The certificate names a SAST token and Cisco's manufacturing authority.
    case full = "sast"
    /// Named like one, but issued by someone else: a test token, or the user's own key.
    case nameOnly = "sast-name-only"
    case none = "other"

    public init(_ certificate: Certificate) {
        let isNamed = certificate.subject.value(of: "CN")?.hasPrefix("SAST-") == true
        // Whether its key can sign a trust list is a separate question.
        let isCisco =
            certificate.issuer.value(of: "CN") == "Cisco Manufacturing CA"
            && certificate.issuer.value(of: "O")?.hasPrefix("Cisco Systems") == true
        self = isNamed && isCisco ? .full : isNamed ? .nameOnly : .none
    }
}

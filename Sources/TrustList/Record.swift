import X509

/// One entry of a trust list: a certificate, whose it is, and what it may be used for.
///
/// A decoded record keeps its elements unchanged, including unknown ones, so that it encodes to the same bytes again.
/// Source: docs/trust-list-format.md, "Record".
public struct Record: Hashable, Sendable {
    /// The record's tags.
    package enum Tag {
        package static let recordLength: UInt8 = 1
        package static let dnsName: UInt8 = 2
        package static let subjectName: UInt8 = 3
        package static let function: UInt8 = 4
        package static let issuerName: UInt8 = 5
        package static let serialNumber: UInt8 = 6
        package static let publicKey: UInt8 = 7
        package static let signature: UInt8 = 8
        package static let certificate: UInt8 = 9
        package static let ipAddress: UInt8 = 10
        package static let certificateHash: UInt8 = 11
        package static let hashAlgorithm: UInt8 = 12
        static let known = Set(recordLength...Element.paddingTag)
    }

    /// The elements in file order, RECORDLENGTH first.
    public let elements: Elements

    /// Shared by the copies of a record.
    private let lazyCertificate = LazyCertificate()

    init(elements: Elements) { self.elements = elements }

    public static func == (left: Record, right: Record) -> Bool { left.elements == right.elements }

    public func hash(into hasher: inout Hasher) { hasher.combine(elements) }

    /// Host name, or dotted IP address; empty for a token. Nil in files of other tools, which leave it out.
    public var dnsName: String? { elements.text(Tag.dnsName) }
    /// Subject of the certificate, as spelled in the file.
    public var subjectName: String? { elements.text(Tag.subjectName) }
    public var role: Role? { elements.number16(Tag.function).map(Role.init) }
    /// Issuer of the certificate, as spelled in the file.
    public var issuerName: String? { elements.text(Tag.issuerName) }
    /// Serial number of the certificate: big-endian magnitude.
    public var serialNumber: [UInt8]? { elements.array(Tag.serialNumber) }
    /// RSA: PKCS#1 RSAPublicKey DER; EC: the uncompressed point.
    public var publicKey: [UInt8]? { elements.array(Tag.publicKey) }
    /// The certificate's own signature value, in files that CUCM wrote itself.
    public var certificateSignature: [UInt8]? { elements.array(Tag.signature) }
    /// The certificate, DER.
    public var certificate: [UInt8]? { elements.array(Tag.certificate) }
    /// The certificate, or nil if the record has no readable one. Parsed on first use.
    public var x509: Certificate? { try? parsedCertificate?.get() }
    /// The certificate, or why it cannot be read; nil if the record has none.
    var parsedCertificate: Result<Certificate, CertificateError>? {
        elements.bytes(Tag.certificate).map(lazyCertificate.parsed)
    }
    /// The certificate's hash, in ITL files that contain no certificates.
    public var certificateHash: [UInt8]? { elements.array(Tag.certificateHash) }
    /// The algorithm of ``certificateHash``, as in the header's digest field.
    public var hashAlgorithm: DigestAlgorithm? {
        elements.array(Tag.hashAlgorithm).flatMap { $0.count == 1 ? DigestAlgorithm(rawValue: $0[0]) : nil }
    }
    /// Four bytes; 0.0.0.0 for a token.
    public var ipAddress: [UInt8]? { elements.array(Tag.ipAddress) }

    /// Whether this is a hardware token: it may sign, and is not a host. A record without any DNSNAME, as other tools write
    /// them, is a token only if Cisco issued it as one. Source: docs/trust-list-format.md, "Which records are tokens".
    public var isToken: Bool {
        role == .sast && (dnsName.map(\.isEmpty) ?? (issuerName?.contains(Self.tokenIssuer) == true))
    }

    /// The issuer of every SAST token that was seen.
    static let tokenIssuer = "Cisco Manufacturing CA"

    /// Whether this is a cluster's ITLRecovery certificate, which signs in place of a lost CallManager certificate, and
    /// from 12.0 on signs every file. Its common name is `ITLRECOVERY_` and the publisher's full name. Source:
    /// docs/trust-list-format.md.
    public var isITLRecovery: Bool {
        role == .sast && subjectName?.uppercased().hasPrefix("CN=ITLRECOVERY_") == true
    }

    /// The length in bytes, as RECORDLENGTH gives it.
    public var length: Int { elements.length }

    /// Whether the certificate with this issuer and serial number is the one in this record, as spelled in this file: with
    /// or without the types of the name that CUCM leaves out.
    public func names(issuer: String, serialNumber: [UInt8]) -> Bool {
        guard self.serialNumber.map(magnitude) == magnitude(serialNumber) else { return false }
        return issuerName == issuer || issuerName.map { ParsedName.isSame($0, issuer) } == true
    }
}

/// A serial number without leading zero bytes, so that two forms of one number compare equal.
func magnitude(_ serialNumber: [UInt8]) -> [UInt8] {
    Array(serialNumber.drop { $0 == 0 })
}

extension Record {
    /// Whether both records belong to one server: the same address or, if one has none, the same name.
    public func isServer(of other: Record) -> Bool {
        if let mine = ipAddress, let theirs = other.ipAddress, mine != [0, 0, 0, 0], theirs != [0, 0, 0, 0] {
            return mine == theirs
        }
        return dnsName != nil && dnsName == other.dnsName
    }
}

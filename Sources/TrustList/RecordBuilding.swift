import Messages

/// What a new record is made from. The module X509 fills it from a certificate.
public struct RecordContent: Sendable {
    /// Host name or dotted IP address; empty for a token.
    public var dnsName: String
    public var subjectName: String
    public var role: Role
    public var issuerName: String
    /// Big-endian magnitude.
    public var serialNumber: [UInt8]
    /// RSA: PKCS#1 RSAPublicKey DER; EC: the uncompressed point.
    public var publicKey: [UInt8]
    /// The certificate's own signature value, for the tokenless profile; nil for the CTL Client's.
    public var certificateSignature: [UInt8]?
    /// DER.
    public var certificate: [UInt8]
    /// Four bytes.
    public var ipAddress: [UInt8]

    public init(
        dnsName: String, subjectName: String, role: Role, issuerName: String, serialNumber: [UInt8],
        publicKey: [UInt8], certificateSignature: [UInt8]?, certificate: [UInt8], ipAddress: [UInt8]
    ) {
        self.dnsName = dnsName
        self.subjectName = subjectName
        self.role = role
        self.issuerName = issuerName
        self.serialNumber = serialNumber
        self.publicKey = publicKey
        self.certificateSignature = certificateSignature
        self.certificate = certificate
        self.ipAddress = ipAddress
    }
}

extension Record {
    /// A new record, its elements in CUCM's order.
    ///
    /// - Throws: ``TrustListError`` (`bad-length`) where it would be longer than 65,535 bytes or the address is not four.
    public init(_ content: RecordContent) throws(TrustListError) {
        guard content.ipAddress.count == 4 else {
            throw TrustListError(
                .badLength, localized("IPADDRESS must be 4 bytes long, and is \(content.ipAddress.count)"))
        }
        let role = content.role.rawValue
        var body: [Element] = [
            .value(tag: Tag.dnsName, bytes: ArraySlice(trustListText: content.dnsName)),
            .value(tag: Tag.subjectName, bytes: ArraySlice(trustListText: content.subjectName)),
            .value(tag: Tag.function, bytes: [UInt8(role >> 8), UInt8(role & 0xff)]),
            .value(tag: Tag.issuerName, bytes: ArraySlice(trustListText: content.issuerName)),
            .value(tag: Tag.serialNumber, bytes: content.serialNumber[...]),
            .value(tag: Tag.publicKey, bytes: content.publicKey[...]),
        ]
        if let signature = content.certificateSignature {
            body.append(.value(tag: Tag.signature, bytes: signature[...]))
        }
        body.append(.value(tag: Tag.certificate, bytes: content.certificate[...]))
        body.append(.value(tag: Tag.ipAddress, bytes: content.ipAddress[...]))
        try self.init(body: body)
    }

    /// The record as the CTL Client writes it: without the certificate's signature value, and with the IP address in
    /// place of the host name where the record holds one.
    public func inCTLClientProfile() throws(TrustListError) -> Record {
        let address = ipAddress.flatMap { $0.count == 4 && $0 != [0, 0, 0, 0] ? $0 : nil }
        let body = elements.compactMap { element -> Element? in
            switch element.tag {
            case Tag.recordLength, Tag.signature: return nil
            case Tag.dnsName:
                guard let address else { return element }
                let dotted = address.map(String.init).joined(separator: ".")
                return .value(tag: Tag.dnsName, bytes: ArraySlice(trustListText: dotted))
            default: return element
            }
        }
        return try Record(body: body)
    }

    /// The record as a CTL Client file has it in non-secure mode: without the certificate and what describes it.
    public func emptied() throws(TrustListError) -> Record {
        try Record(body: elements.filter { [Tag.dnsName, Tag.function, Tag.ipAddress].contains($0.tag) })
    }

    private init(body: [Element]) throws(TrustListError) {
        let length = 5 + body.reduce(0) { $0 + $1.encodedLength }
        guard length <= UInt16.max else {
            throw TrustListError(
                .badLength, localized("the record would be \(length) bytes long; the limit is \(UInt16.max)"))
        }
        self.init(
            elements: [.value(tag: Tag.recordLength, bytes: [UInt8(length >> 8), UInt8(length & 0xff)])] + body)
    }
}

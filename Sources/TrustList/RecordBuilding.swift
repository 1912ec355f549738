import Basics
import Messages
import X509

extension Record {
    /// A record for a certificate, in the profile of CUCM's CLI (`tokenless`, with the certificate's signature value)
    /// or of the CTL Client.
    ///
    /// - Parameters:
    ///   - dnsName: host name or dotted IP address; empty for a token.
    ///   - ipAddress: four bytes; 0.0.0.0 for a token.
    ///   - names: how to spell subject and issuer.
    /// - Throws: ``TrustListError`` (`bad-length`) if it would be longer than 65,535 bytes or the address does not have
    ///   four.
    public init(
        certificate: Certificate, role: Role, dnsName: String, ipAddress: [UInt8], names: NameStyle,
        withCertificateSignature: Bool
    ) throws(TrustListError) {
        try self.init(
            dnsName: dnsName, subjectName: certificate.subject.rendered(names), role: role,
            issuerName: certificate.issuer.rendered(names), serialNumber: certificate.serialNumber,
            publicKey: certificate.publicKey.rawKey,
            certificateSignature: withCertificateSignature ? certificate.signatureValue : nil,
            certificate: certificate.der, ipAddress: ipAddress)
    }

    /// The record of a token: role SAST, no host name, address 0.0.0.0, names as the CTL Client spelled them.
    public static func token(_ certificate: Certificate) throws(TrustListError) -> Record {
        try Record(
            certificate: certificate, role: .sast, dnsName: "", ipAddress: [0, 0, 0, 0], names: .token,
            withCertificateSignature: false)
    }

    /// A record of these fields, its elements in CUCM's order. Nothing checks that they fit together.
    ///
    /// - Throws: ``TrustListError`` (`bad-length`) if it would be longer than 65,535 bytes or the address does not have
    ///   four.
    package init(
        dnsName: String, subjectName: String, role: Role, issuerName: String, serialNumber: [UInt8],
        publicKey: [UInt8], certificateSignature: [UInt8]?, certificate: [UInt8], ipAddress: [UInt8]
    ) throws(TrustListError) {
        guard ipAddress.count == 4 else {
            throw TrustListError(
                .badLength, localized("IPADDRESS must be 4 bytes long, but is \(ipAddress.count)"))
        }
        var body: [Element] = [
            .value(tag: Tag.dnsName, bytes: ArraySlice(trustListText: dnsName)),
            .value(tag: Tag.subjectName, bytes: ArraySlice(trustListText: subjectName)),
            .value(tag: Tag.function, bytes: [UInt8](bigEndian: role.rawValue)[...]),
            .value(tag: Tag.issuerName, bytes: ArraySlice(trustListText: issuerName)),
            .value(tag: Tag.serialNumber, bytes: serialNumber[...]),
            .value(tag: Tag.publicKey, bytes: publicKey[...]),
        ]
        if let certificateSignature {
            body.append(.value(tag: Tag.signature, bytes: certificateSignature[...]))
        }
        body.append(.value(tag: Tag.certificate, bytes: certificate[...]))
        body.append(.value(tag: Tag.ipAddress, bytes: ipAddress[...]))
        try self.init(body: body)
    }

    /// The record as written by the CTL Client: without the certificate's signature value, and with the IP address
    /// instead of the host name if the record has one.
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

    /// The record as in a CTL Client file in non-secure mode: without the certificate and what describes it.
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
            elements: Elements(
                [.value(tag: Tag.recordLength, bytes: [UInt8](bigEndian: UInt16(length))[...])] + body))
    }
}

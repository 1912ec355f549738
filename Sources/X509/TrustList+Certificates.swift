import TrustList

/// Checks trust list signatures with libcrypto.
public struct X509SignatureVerifier: SignatureVerifier {
    public init() {}

    public func isValid(
        signature: [UInt8], message: [UInt8], digest: DigestAlgorithm, certificateDER: [UInt8]
    ) throws -> Bool {
        try Certificate(der: certificateDER).publicKey.isValid(signature: signature, message: message, digest: digest)
    }
}

extension TrustListFile {
    /// Whether the list's signature was made with the key of this certificate.
    ///
    /// - Throws: ``CertificateError`` where the key is not RSA.
    public func isSigned(by certificate: Certificate) throws(CertificateError) -> Bool {
        try certificate.publicKey.isValid(signature: header.signature, message: signedMessage(), digest: header.digest)
    }
}

extension Record {
    /// A record for a certificate, in the profile of CUCM's CLI (`tokenless`, with the certificate's signature value) or
    /// of the CTL Client.
    ///
    /// - Parameters:
    ///   - dnsName: host name or dotted IP address; empty for a token.
    ///   - ipAddress: four bytes; 0.0.0.0 for a token.
    ///   - names: how to spell subject and issuer.
    public init(
        certificate: Certificate, role: Role, dnsName: String, ipAddress: [UInt8], names: NameStyle,
        withCertificateSignature: Bool
    ) throws(TrustListError) {
        try self.init(
            RecordContent(
                dnsName: dnsName,
                subjectName: certificate.subject.rendered(names),
                role: role,
                issuerName: certificate.issuer.rendered(names),
                serialNumber: certificate.serialNumber,
                publicKey: certificate.publicKey.rawKey,
                certificateSignature: withCertificateSignature ? certificate.signatureValue : nil,
                certificate: certificate.der,
                ipAddress: ipAddress))
    }

    /// The record of a token: role SAST, no host name, address 0.0.0.0, names as the CTL Client spelt them.
    public static func token(_ certificate: Certificate) throws(TrustListError) -> Record {
        try Record(
            certificate: certificate, role: .sast, dnsName: "", ipAddress: [0, 0, 0, 0], names: .token,
            withCertificateSignature: false)
    }
}

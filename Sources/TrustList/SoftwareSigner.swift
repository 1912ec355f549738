import Messages
import X509

/// A software key together with its certificate, as the signer of a trust list.
public struct SoftwareSigner: TrustListSigner {
    public let certificate: Certificate
    private let key: PrivateKey

    /// - Throws: ``CertificateError`` if the certificate is not this key's.
    public init(certificate: Certificate, key: PrivateKey) throws(CertificateError) {
        guard try key.publicKey() == certificate.publicKey else {
            throw CertificateError(.notAPrivateKey, localized("the private key does not belong to the certificate"))
        }
        self.certificate = certificate
        self.key = key
    }

    public func sign(_ message: [UInt8], digest: DigestAlgorithm) throws -> [UInt8] {
        try key.sign(message, digest: digest)
    }
}

/// A private key that can sign a trust list: one on a token, or one in software.
public protocol TrustListSigner {
    /// The certificate of the key, DER.
    var certificateDER: [UInt8] { get }

    /// Signs with RSA PKCS#1 v1.5 (RFC 8017, section 8.2).
    ///
    /// - Parameters:
    ///   - message: the bytes to be signed, not yet hashed.
    ///   - digest: the hash function.
    /// - Returns: the signature, as long as the key's modulus.
    func sign(_ message: [UInt8], digest: DigestAlgorithm) throws -> [UInt8]
}

/// Checks RSA PKCS#1 v1.5 signatures with a certificate's public key. The module X509 has the implementation.
public protocol SignatureVerifier {
    /// Whether `signature` over `message` was made with the key of this certificate.
    ///
    /// - Throws: where the certificate cannot be read, or its key cannot be used.
    func isValid(
        signature: [UInt8], message: [UInt8], digest: DigestAlgorithm, certificateDER: [UInt8]
    ) throws -> Bool
}

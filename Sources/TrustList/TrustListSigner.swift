import X509

/// A private key that can sign a trust list: one on a token, or one in software.
public protocol TrustListSigner {
    /// The certificate of the key.
    var certificate: Certificate { get }

    /// Signs with RSA PKCS#1 v1.5 (RFC 8017, section 8.2).
    ///
    /// - Parameters:
    ///   - message: the bytes to be signed, not yet hashed.
    ///   - digest: the hash function.
    /// - Returns: the signature, as long as the key's modulus.
    func sign(_ message: [UInt8], digest: DigestAlgorithm) throws -> [UInt8]
}

import Messages
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

extension TrustListSigner {
    /// Signs random bytes, and verifies the signature: whether the key is there, and is the certificate's.
    ///
    /// - Throws: ``TrustListError`` (`signature-mismatch`), or what ``sign(_:digest:)`` throws.
    public func proveKey() throws {
        let message = (0..<64).map { _ in UInt8.random(in: 0...255) }
        let signature = try sign(message, digest: .sha1)
        guard try certificate.publicKey.isValid(signature: signature, message: message, digest: .sha1) else {
            throw TrustListError(
                .signatureMismatch, localized("the new signature does not verify with the signer's certificate"))
        }
    }
}

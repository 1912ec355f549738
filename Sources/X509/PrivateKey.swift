import COpenSSL
import Messages

/// A private key in software, for the lab, for tests and for certificates that are recreated; RSA unless stated otherwise.
/// Keys of a cluster's administrators live on tokens.
public final class PrivateKey: @unchecked Sendable {
    // EVP_PKEY is reference counted and, once created, only read: it may be shared between threads (openssl-threads(7)).
    let key: OpaquePointer

    private init(_ key: OpaquePointer) { self.key = key }

    deinit { EVP_PKEY_free(key) }

    /// Generates a new RSA key of `bits` bits.
    public static func generate(bits: Int) throws(CertificateError) -> PrivateKey {
        guard let key = etb_rsa_generate(UInt32(bits)) else {
            throw .openSSL(.cryptoFailed, localized("libcrypto cannot generate a \(bits)-bit RSA key"))
        }
        return PrivateKey(key)
    }

    /// Generates a new key of the same kind and size as a public one. Of elliptic curves, those that NIST calls P-256,
    /// P-384 and P-521 are known.
    package static func generate(like other: PublicKey) throws(CertificateError) -> PrivateKey {
        try other.isRSA ? generate(bits: other.bits) : generate(curveOf: other.bits)
    }

    /// Generates a new key of P-256, P-384 or P-521.
    package static func generate(curveOf bits: Int) throws(CertificateError) -> PrivateKey {
        let curve = bits == 521 ? "P-521" : bits == 384 ? "P-384" : "P-256"
        guard let key = etb_ec_generate(curve) else {
            throw .openSSL(.cryptoFailed, localized("libcrypto cannot generate a key of the curve \(curve)"))
        }
        return PrivateKey(key)
    }

    /// Reads an unencrypted PEM private key.
    public init(pem: String) throws(CertificateError) {
        var text = Array(pem.utf8)
        guard let bio = BIO_new_mem_buf(&text, Int32(clamping: text.count)) else {
            throw .openSSL(.cryptoFailed, localized("libcrypto is out of memory"))
        }
        defer { BIO_free(bio) }
        // A callback that returns no pass phrase: without it libcrypto would ask on the terminal.
        guard let key = PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil) else {
            throw .openSSL(.notAPrivateKey, localized("the text contains no unencrypted PEM private key"))
        }
        self.key = key
    }

    /// The key as PEM (PKCS#8, not encrypted).
    public func pem() throws(CertificateError) -> String {
        guard let bio = BIO_new(BIO_s_mem()) else {
            throw .openSSL(.cryptoFailed, localized("libcrypto is out of memory"))
        }
        defer { BIO_free(bio) }
        guard PEM_write_bio_PrivateKey(bio, key, nil, nil, 0, nil, nil) == 1 else {
            throw .openSSL(.cryptoFailed, localized("libcrypto cannot write the key"))
        }
        var data: UnsafeMutablePointer<CChar>?
        let length = etb_bio_get_mem_data(bio, &data)
        let bytes = UnsafeRawBufferPointer(start: data, count: length)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The public half.
    public func publicKey() throws(CertificateError) -> PublicKey { try PublicKey(key) }

    /// Signs with RSA PKCS#1 v1.5 (RFC 8017, section 8.2.1); a key of an elliptic curve signs with ECDSA.
    public func sign(_ message: [UInt8], digest: DigestAlgorithm) throws(CertificateError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else {
            throw .openSSL(.cryptoFailed, localized("libcrypto is out of memory"))
        }
        defer { EVP_MD_CTX_free(context) }
        var length = Int(EVP_PKEY_get_size(key))
        var signature = [UInt8](repeating: 0, count: length)
        guard EVP_DigestSignInit(context, nil, digest.method, nil, key) == 1,
            EVP_DigestSign(context, &signature, &length, message, message.count) == 1
        else { throw .openSSL(.cryptoFailed, localized("libcrypto cannot sign with this key")) }
        return Array(signature.prefix(length))
    }

    /// The private-key operation alone (RSASP1, RFC 8017, section 5.2.1), without padding, as smart cards do it.
    ///
    /// - Parameter block: as long as the modulus, and smaller as a number.
    public func rawOperation(_ block: [UInt8]) throws(CertificateError) -> [UInt8] {
        guard let context = EVP_PKEY_CTX_new(key, nil) else {
            throw .openSSL(.cryptoFailed, localized("libcrypto is out of memory"))
        }
        defer { EVP_PKEY_CTX_free(context) }
        var length = Int(EVP_PKEY_get_size(key))
        var result = [UInt8](repeating: 0, count: length)
        guard EVP_PKEY_sign_init(context) == 1, EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1,
            EVP_PKEY_sign(context, &result, &length, block, block.count) == 1
        else { throw .openSSL(.cryptoFailed, localized("libcrypto cannot apply this key to the block")) }
        return Array(result.prefix(length))
    }
}

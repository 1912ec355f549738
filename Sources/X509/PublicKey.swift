import Basics
import COpenSSL
import Messages
import Synchronization

/// A public key, as a certificate contains it.
public struct PublicKey: Hashable, Sendable {
    /// SubjectPublicKeyInfo, DER (RFC 5280, section 4.1).
    public let der: [UInt8]
    public let isRSA: Bool
    /// The key size in bits; for RSA, of the modulus.
    public let bits: Int
    /// The encoded key: PKCS#1 RSAPublicKey DER for RSA, the uncompressed point for EC. It is what a trust list
    /// contains as PUBLICKEY.
    public let rawKey: [UInt8]

    /// libcrypto's key. Reading it from DER takes longer than checking a signature with it, so it is kept.
    private let handle: Handle

    private final class Handle: @unchecked Sendable {
        // EVP_PKEY is reference counted and, once created, only read: it may be shared between threads (openssl-threads(7)).
        let key: OpaquePointer
        /// For each digest, set up once; usable by one thread at a time.
        private let verifiers = Mutex<(sha1: Verifier?, sha256: Verifier?, sha512: Verifier?)>((nil, nil, nil))

        init(_ key: OpaquePointer) {
            EVP_PKEY_up_ref(key)
            self.key = key
        }

        deinit { EVP_PKEY_free(key) }

        /// Whether this is the RSA PKCS#1 v1.5 signature of a message; nil if libcrypto cannot use the key.
        func isValid(
            signature: ArraySlice<UInt8>, digest: DigestAlgorithm, message: (borrowing MessageHash) -> Void
        ) -> Bool? {
            verifiers.withLock { verifiers in
                switch digest {
                case .sha1: Self.isValid(signature, key, digest, &verifiers.sha1, message)
                case .sha256: Self.isValid(signature, key, digest, &verifiers.sha256, message)
                case .sha512: Self.isValid(signature, key, digest, &verifiers.sha512, message)
                }
            }
        }

        private static func isValid(
            _ signature: ArraySlice<UInt8>, _ key: OpaquePointer, _ digest: DigestAlgorithm,
            _ verifier: inout Verifier?,
            _ message: (borrowing MessageHash) -> Void
        ) -> Bool? {
            if verifier == nil { verifier = Verifier(key, digest) }
            guard let verifier else { return nil }
            verifier.hash.begin()
            message(verifier.hash)
            return verifier.isValid(signature)
        }
    }

    /// Verifies signatures with one key and one digest: setting this up takes longer than hashing a small file.
    private final class Verifier {
        let hash: MessageHash
        private let context: OpaquePointer

        init?(_ key: OpaquePointer, _ digest: DigestAlgorithm) {
            guard let context = EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else { return nil }
            guard EVP_PKEY_verify_init(context) == 1,
                EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1,
                EVP_PKEY_CTX_set_signature_md(context, digest.method) == 1, let hash = MessageHash(digest)
            else {
                EVP_PKEY_CTX_free(context)
                return nil
            }
            self.context = context
            self.hash = hash
        }

        deinit { EVP_PKEY_CTX_free(context) }

        /// Whether the signature is that of what was hashed.
        func isValid(_ signature: ArraySlice<UInt8>) -> Bool {
            hash.withEnd { hash in
                signature.withUnsafeBufferPointer {
                    EVP_PKEY_verify(context, $0.baseAddress, $0.count, hash.baseAddress, hash.count) == 1
                }
            }
        }
    }

    init(_ key: OpaquePointer) throws(CertificateError) {
        der = try derBytes(localized("the public key")) { i2d_PUBKEY(key, $0) }
        isRSA = etb_evp_pkey_is_a(key, "RSA") == 1
        bits = Int(EVP_PKEY_get_bits(key))
        rawKey = try derBytes(localized("the public key")) { i2d_PublicKey(key, $0) }
        handle = Handle(key)
    }

    public static func == (left: PublicKey, right: PublicKey) -> Bool { left.der == right.der }
    public func hash(into hasher: inout Hasher) { hasher.combine(der) }

    /// The pin of this key as libcurl wants it: `sha256//` and the base64 of the SHA-256 of ``der`` (RFC 7469).
    public var pin: String { "sha256//" + base64(Digest.sha256(der)) }

    /// Whether `signature` over `message` was made with this key (RSA PKCS#1 v1.5, RFC 8017 section 8.2.2).
    ///
    /// - Throws: ``CertificateError`` if the key is not RSA or libcrypto cannot use it. A signature that does not match
    ///   is not an error.
    public func isValid(
        signature: [UInt8], message: [UInt8], digest: DigestAlgorithm
    ) throws(CertificateError) -> Bool {
        try isValid(signature: signature[...], digest: digest) { $0.update(message[...]) }
    }

    /// The same for a message in pieces.
    ///
    /// - Parameter message: passes the pieces, in order, to ``MessageHash/update(_:)``. It must not verify anything with
    ///   the same key.
    /// - Throws: ``CertificateError`` if the key is not RSA or libcrypto cannot use it. A signature that does not match
    ///   is not an error.
    public func isValid(
        signature: ArraySlice<UInt8>, digest: DigestAlgorithm, message: (borrowing MessageHash) -> Void
    ) throws(CertificateError) -> Bool {
        guard isRSA else {
            throw CertificateError(
                .unsupportedKey, localized("only RSA keys can sign trust lists; this key is not RSA"))
        }
        guard let isValid = handle.isValid(signature: signature, digest: digest, message: message) else {
            throw .openSSL(.cryptoFailed, localized("libcrypto cannot check a signature with this key"))
        }
        // A failed check leaves its reasons in libcrypto's error queue.
        if !isValid { ERR_clear_error() }
        return isValid
    }

    /// The key itself, for libcrypto's calls within this module.
    func withKey<Result, Failure: Error>(
        _ body: (OpaquePointer) throws(Failure) -> Result
    ) throws(Failure) -> Result { try body(handle.key) }
}

/// Calls one of libcrypto's i2d functions and takes ownership of the bytes it allocated.
func derBytes(
    _ what: LocalizableText, _ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
) throws(CertificateError) -> [UInt8] {
    var buffer: UnsafeMutablePointer<UInt8>?
    let length = encode(&buffer)
    guard length > 0, let buffer else { throw .openSSL(.cryptoFailed, localized("libcrypto cannot encode \(what)")) }
    defer { CRYPTO_free(buffer, #fileID, #line) }
    return Array(UnsafeBufferPointer(start: buffer, count: Int(length)))
}

extension [UInt8] {
    /// Provides the moving pointer and the length that libcrypto's d2i functions need.
    func withBytes<Result>(_ body: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> Result) -> Result {
        withUnsafeBufferPointer { buffer in
            var pointer = buffer.baseAddress
            return body(&pointer, buffer.count)
        }
    }
}

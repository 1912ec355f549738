import COpenSSL

/// A digest over a message in pieces: reused for the next message, because setting it up takes longer than hashing a
/// small one.
public struct MessageHash: ~Copyable {
    private let context: OpaquePointer
    private let digest: DigestAlgorithm

    /// Nil if libcrypto is out of memory.
    init?(_ digest: DigestAlgorithm) {
        guard let context = EVP_MD_CTX_new() else { return nil }
        self.context = context
        self.digest = digest
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Forgets what was hashed before.
    borrowing func begin() { Self.require(EVP_DigestInit_ex(context, digest.method, nil)) }

    /// Adds the next piece.
    public borrowing func update(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBufferPointer { Self.require(EVP_DigestUpdate(context, $0.baseAddress, $0.count)) }
    }

    /// The digest of what was added.
    borrowing func withEnd<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(EVP_MAX_MD_SIZE)) { buffer in
            var length: UInt32 = 0
            Self.require(EVP_DigestFinal_ex(context, buffer.baseAddress, &length))
            return body(UnsafeBufferPointer(rebasing: buffer[..<Int(length)]))
        }
    }

    /// libcrypto only fails here when out of memory or without its default provider: nothing can continue then.
    private static func require(_ status: Int32) { precondition(status == 1, "libcrypto cannot compute a digest") }
}

import Basics
import COpenSSL

/// Digests over bytes in memory.
public enum Digest {
    /// What a phone may display about a file: its MD5 and its SHA-1, in lower-case hexadecimal.
    public static func displayed(_ bytes: [UInt8]) -> [String] { [md5(bytes).hex, sha1(bytes).hex] }

    /// MD5, 16 bytes: only for the checksums that CUCM and some phones display.
    public static func md5(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, EVP_md5(), length: 16) }
    /// SHA-1, 20 bytes.
    public static func sha1(_ bytes: [UInt8]) -> [UInt8] { compute(.sha1, bytes) }
    /// SHA-256, 32 bytes.
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] { compute(.sha256, bytes) }
    /// SHA-512, 64 bytes.
    public static func sha512(_ bytes: [UInt8]) -> [UInt8] { compute(.sha512, bytes) }

    /// The digest that a trust list names.
    public static func compute(_ algorithm: DigestAlgorithm, _ bytes: [UInt8]) -> [UInt8] {
        switch algorithm {
        case .sha1: digest(bytes, algorithm.method, length: 20)
        case .sha256: digest(bytes, algorithm.method, length: 32)
        case .sha512: digest(bytes, algorithm.method, length: 64)
        }
    }

    private static func digest(_ bytes: [UInt8], _ algorithm: OpaquePointer?, length: Int) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: length)
        let status = EVP_Digest(bytes, bytes.count, &output, nil, algorithm, nil)
        // libcrypto only fails here when out of memory or without its default provider: nothing can continue then.
        precondition(status == 1, "libcrypto cannot compute a digest")
        return output
    }
}

extension DigestAlgorithm {
    /// libcrypto's method for this digest, fetched once: fetching takes as long as hashing some kilobytes.
    var method: OpaquePointer? {
        switch self {
        case .sha1: Self.methodOfSHA1
        case .sha256: Self.methodOfSHA256
        case .sha512: Self.methodOfSHA512
        }
    }

    // They live as long as the program.
    private nonisolated(unsafe) static let methodOfSHA1 = EVP_MD_fetch(nil, "SHA1", nil)
    private nonisolated(unsafe) static let methodOfSHA256 = EVP_MD_fetch(nil, "SHA256", nil)
    private nonisolated(unsafe) static let methodOfSHA512 = EVP_MD_fetch(nil, "SHA512", nil)
}

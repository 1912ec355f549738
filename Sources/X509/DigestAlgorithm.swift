/// A digest algorithm for signatures.
///
/// The raw value is the code that a trust list's header has for it (DIGESTALGORTITHM, tag 8, one byte). Source:
/// docs/trust-list-format.md, "Header".
public enum DigestAlgorithm: UInt8, Sendable, CaseIterable {
    /// SHA-1, code 1: supported by every phone, and used by CUCM before release 12.
    case sha1 = 1
    /// SHA-256, code 2.
    case sha256 = 2
    /// SHA-512, code 3.
    case sha512 = 3

    /// The name as in the standards, for example `SHA-256`.
    public var name: String {
        switch self {
        case .sha1: "SHA-1"
        case .sha256: "SHA-256"
        case .sha512: "SHA-512"
        }
    }
}

/// The digest that a trust list's signature is made over: the header's DIGESTALGORTITHM field (tag 8, one byte).
///
/// Source: docs/trust-list-format.md, "Header".
public enum DigestAlgorithm: UInt8, Sendable, CaseIterable {
    /// SHA-1, code 1: what every phone reads, and what CUCM wrote before release 12.
    case sha1 = 1
    /// SHA-256, code 2.
    case sha256 = 2
    /// SHA-512, code 3.
    case sha512 = 3

    /// The name as the standards spell it, for example `SHA-256`.
    public var name: String {
        switch self {
        case .sha1: "SHA-1"
        case .sha256: "SHA-256"
        case .sha512: "SHA-512"
        }
    }
}

/// The size of the signing RSA key: the header's SIGNATUREMODULUS field (tag 11, one byte).
///
/// Source: docs/trust-list-format.md, "Header". The format has no code for other sizes, 3072 bits among them.
public enum ModulusSize: UInt8, Sendable, CaseIterable {
    case bits512 = 0
    case bits1024 = 1
    case bits2048 = 2
    case bits4096 = 3

    /// The modulus size in bits.
    public var bits: Int { 512 << Int(rawValue == 3 ? 3 : rawValue) }

    /// The length in bytes of a signature made with a key of this size.
    public var signatureLength: Int { bits / 8 }

    /// The code for a key of `bits` bits, or nil where the format has none.
    public init?(bits: Int) {
        guard let match = ModulusSize.allCases.first(where: { $0.bits == bits }) else { return nil }
        self = match
    }
}

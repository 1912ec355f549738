/// The size of the signing RSA key: the header's SIGNATUREMODULUS field (tag 11, one byte).
///
/// Source: docs/trust-list-format.md, "Header". The format has no code for other sizes, such as 3072 bits.
public enum ModulusSize: UInt8, Sendable, CaseIterable {
    case bits512 = 0
    case bits1024 = 1
    case bits2048 = 2
    case bits4096 = 3

    /// The modulus size in bits.
    public var bits: Int { 512 << Int(rawValue == 3 ? 3 : rawValue) }

    /// The length in bytes of a signature made with a key of this size.
    public var signatureLength: Int { bits / 8 }

    /// The code for a key of `bits` bits, or nil if the format has none.
    public init?(bits: Int) {
        guard let match = ModulusSize.allCases.first(where: { $0.bits == bits }) else { return nil }
        self = match
    }
}

/// What is known about a card from its answer to reset alone.
public struct KnownCard: Hashable, Sendable {
    /// How well OpenSC, the distributions' free driver, supports the card.
    public enum OpenSC: Hashable, Sendable {
        /// It reads tokens with the standard layout (PKCS #15), but none initialised with the vendor's own software.
        case standardLayout
        /// It reads them from this release on.
        case since(String)
        /// It reads them from this release on, and fails to sign with them.
        case cannotSign(since: String)
        /// It does not read them.
        case no
    }

    /// The generations of eTokens, which differ in what SafeNet's software needs (docs/tokens-on-linux.md, "Which
    /// release").
    public enum Generation: Hashable, Sendable {
        case cardOS, java, idPrime
    }

    /// The vendor's name for it.
    public let name: String
    public let atr: ATR
    public let generation: Generation
    public let openSC: OpenSC
    /// The vendor's own software, which reads the card in every case.
    public let software: MakerSoftware
    /// The source of this.
    public let source: String

    /// The file name of the module that reads it.
    public var module: String { generation == .idPrime ? "libIDPrimePKCS11.so" : "libeToken.so" }

    /// What is known about the card with this answer to reset, or nil.
    public static func with(_ atr: ATR) -> KnownCard? { all.first { $0.atr == atr } }
}

/// What is known of a card by its answer to reset alone.
public struct KnownCard: Hashable, Sendable {
    /// What OpenSC, the free driver of the distributions, makes of the card.
    public enum OpenSC: Hashable, Sendable {
        /// It reads tokens of the standard layout (PKCS #15), and none that the maker's own software filled.
        case standardLayout
        /// It reads them from this release on.
        case since(String)
        /// It does not read them.
        case no
    }

    /// As the maker calls it.
    public let name: String
    public let atr: ATR
    public let openSC: OpenSC
    /// The maker's own software, which reads the card in every case.
    public let software: MakerSoftware
    /// Where this is from.
    public let source: String

    /// What is known of the card with this answer to reset, or nil.
    public static func with(_ atr: ATR) -> KnownCard? { all.first { $0.atr == atr } }
}

import Messages

/// What is known of a card by its answer to reset alone.
public struct KnownCard: Hashable, Sendable {
    /// What OpenSC, the free driver of the distributions, makes of the card.
    public enum OpenSC: Hashable, Sendable {
        /// It reads tokens of the standard layout (PKCS #15), and none that SafeNet's or Aladdin's own software filled.
        case standardLayout
        /// It reads them from this release on.
        case since(String)
        /// It does not read them.
        case no
    }

    /// As the maker calls it.
    public let name: String
    /// Whether the maker sold eTokens with this answer; where not, other cards have it too.
    public let isEToken: Bool
    public let atr: ATR
    public let openSC: OpenSC
    /// Where this is from.
    public let source: String

    /// What is known of the card with this answer to reset, or nil.
    public static func with(_ atr: ATR) -> KnownCard? { all.first { $0.atr == atr } }

    /// The driver that reads the token, as a sentence.
    public var driver: String {
        switch openSC {
        case .standardLayout:
            localized(
                "OpenSC reads it if it has the standard layout (PKCS #15); SafeNet Authentication Client (libeToken.so) reads it as SafeNet's software filled it."
            )
        case .since(let release):
            localized("OpenSC \(release) and later reads it, and so does SafeNet Authentication Client (libeToken.so).")
        case .no: localized("SafeNet Authentication Client (libeToken.so) reads it; OpenSC does not.")
        }
    }

    /// Whether SafeNet's software is the one to install where nothing reads the card.
    public var needsVendorSoftware: Bool {
        if case .since = openSC { return false }
        return true
    }
}

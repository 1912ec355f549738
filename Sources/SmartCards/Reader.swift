/// A reader, and what is in it now. A USB token is a reader with its card.
public struct Reader: Hashable, Sendable {
    /// Who uses the card.
    public enum Use: String, Sendable {
        case free
        /// Programs that let others in too.
        case shared
        /// One program that keeps all others out.
        case exclusive
    }

    /// As the smart card service calls it, for example `SafeNet eToken 5100 [eToken 5110 SC] 00 00`.
    public let name: String
    public let hasCard: Bool
    /// nil without a card, and for one that does not answer.
    public let atr: ATR?
    public let use: Use
    /// A card is in it that does not answer a reset: put in the wrong way round, or broken.
    public let isMute: Bool
    /// How often cards came and went, as far as the service counts: one pulled and put back between two looks shows here.
    public let events: UInt16
    /// What the service is told when it is asked for the next change.
    let state: UInt32

    private static let unavailable: UInt32 = 0x8 | 0x4
    private static let present: UInt32 = 0x20
    private static let exclusive: UInt32 = 0x80
    private static let inUse: UInt32 = 0x100
    private static let mute: UInt32 = 0x200
    /// SCARD_STATE_CHANGED, which is no part of the state.
    private static let changed: UInt32 = 0x2

    /// - Parameter state: SCARD_STATE_* with the count of events in the upper half.
    init(name: String, state: UInt32, atr: [UInt8]) {
        self.name = name
        self.state = state & ~Self.changed
        events = UInt16(truncatingIfNeeded: state >> 16)
        hasCard = state & Self.present != 0 && state & Self.unavailable == 0
        self.atr = hasCard && !atr.isEmpty ? ATR(atr) : nil
        isMute = hasCard && state & Self.mute != 0
        use =
            if !hasCard {
                .free
            } else if state & Self.exclusive != 0 {
                .exclusive
            } else {
                state & Self.inUse != 0 ? .shared : .free
            }
    }
}

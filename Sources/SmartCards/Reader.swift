/// A reader and its current contents. A USB token is a reader with its card.
public struct Reader: Hashable, Sendable {
    /// Who uses the card.
    public enum Use: String, Sendable {
        case free
        /// Programs that allow others, too.
        case shared
        /// One program with exclusive access.
        case exclusive
    }

    /// As named by the smart card service, for example `SafeNet eToken 5100 [eToken 5110 SC] 00 00`.
    public let name: String
    public let hasCard: Bool
    /// nil without a card, and for one that does not answer.
    public let atr: ATR?
    public let use: Use
    /// It contains a card that does not answer a reset: inserted the wrong way round, or broken.
    public let isMute: Bool
    /// How often cards were inserted and removed, as counted by the service: a card removed and reinserted between two
    /// checks shows up here.
    public let events: UInt16
    /// What is passed to the service when asking for the next change.
    let state: UInt32

    private static let unavailable: UInt32 = 0x8 | 0x4
    private static let present: UInt32 = 0x20
    private static let exclusive: UInt32 = 0x80
    private static let inUse: UInt32 = 0x100
    private static let mute: UInt32 = 0x200
    /// SCARD_STATE_CHANGED, which is not part of the state.
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

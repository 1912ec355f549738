import Messages
import SmartCards

/// What happened to tokens and readers.
public enum TokenChange: Sendable {
    case inserted(PresentToken)
    case removed(PresentToken)
    /// A card was inserted that no module reads.
    case unreadCard(Reader)
    /// It was pulled.
    case unreadCardRemoved(Reader)
    case readerAdded(Reader)
    case readerRemoved(Reader)
    /// The smart card service can be reached now.
    case serviceFound
    /// It cannot any more: tokens are looked for at intervals.
    case serviceLost(SmartCardError)
    /// A module cannot be asked; its tokens count as removed.
    case moduleFailed(path: String, reason: LocalizableText)
}

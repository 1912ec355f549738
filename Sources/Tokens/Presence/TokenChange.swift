import Messages
import SmartCards

/// What happened to tokens and readers.
public enum TokenChange: Sendable {
    case inserted(PresentToken)
    case removed(PresentToken)
    /// A card was inserted that no module reads.
    case unreadCard(Reader)
    /// It was removed.
    case unreadCardRemoved(Reader)
    case readerAdded(Reader)
    case readerRemoved(Reader)
    /// The smart card service can now be reached.
    case serviceFound
    /// It can no longer be reached: tokens are polled for at intervals.
    case serviceLost(SmartCardError)
    /// A module cannot be queried; its tokens count as removed.
    case moduleFailed(path: String, reason: LocalizableText)
}

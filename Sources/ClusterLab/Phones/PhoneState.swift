/// What a phone remembers across a restart, besides the trust lists that it holds.
struct PhoneState: Codable, Sendable {
    /// The outcome for one trust list at a start.
    struct Outcome: Codable, Sendable, Hashable {
        enum Kind: String, Codable, Sendable {
            /// The file was accepted.
            case accepted
            /// The server has the file that the phone already holds.
            case unchanged
            /// The file was not accepted; the phone keeps what it had.
            case refused
            /// The server has no such file; the phone keeps what it had.
            case absent
            /// No server answered.
            case unreachable
        }

        var kind: Kind
        /// The rule of docs/phone-acceptance.md that applied, 1 to 4; nil if none was needed.
        var rule: Int?
        var reason: String
        /// The file's name on the server.
        var file: String?
        /// The server that it came from.
        var server: String?
        /// SHA-1 of what was offered.
        var offeredSHA1: String?
        /// Seconds since 1970.
        var time: Int64
    }

    struct Message: Codable, Sendable, Hashable {
        /// Seconds since 1970.
        var time: Int64
        var text: String
    }

    static let keptMessages = 50

    var starts = 0
    /// Seconds since 1970.
    var lastStart: Int64?
    var ctl: Outcome?
    var itl: Outcome?
    /// The node where it is registered; nil if it is not.
    var registeredAt: String?
    /// Oldest first.
    var messages: [Message] = []

    mutating func note(_ text: String) {
        messages.append(Message(time: Clock.now, text: text))
        if messages.count > Self.keptMessages { messages.removeFirst(messages.count - Self.keptMessages) }
    }
}

/// What a phone remembers over a restart, beside the trust lists that it holds.
struct PhoneState: Codable, Sendable {
    /// What came of one trust list at a start.
    struct Outcome: Codable, Sendable, Hashable {
        enum Kind: String, Codable, Sendable {
            /// The file was taken.
            case accepted
            /// The server has the file that the phone holds already.
            case unchanged
            /// The file was not taken; the phone goes on with what it had.
            case refused
            /// The server has no such file; the phone goes on with what it had.
            case absent
            /// No server answered.
            case unreachable
        }

        var kind: Kind
        /// The rule of docs/phone-acceptance.md that applied, 1 to 4; nil where none was asked.
        var rule: Int?
        var reason: String
        /// The name under which the file was fetched.
        var file: String?
        /// Where it was fetched.
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
    /// The node where it is registered; nil while it is not.
    var registeredAt: String?
    /// Oldest first.
    var messages: [Message] = []

    mutating func note(_ text: String) {
        messages.append(Message(time: Clock.now, text: text))
        if messages.count > Self.keptMessages { messages.removeFirst(messages.count - Self.keptMessages) }
    }
}

import Messages

/// What one TVS server says about a signer.
public struct TVSReply: Sendable {
    public let server: String
    public let answer: TVSStatement

    public init(server: String, answer: TVSStatement) {
        self.server = server
        self.answer = answer
    }
}

/// What the cluster's TVS servers say about one signer.
public struct TVSReplies: Sendable {
    /// In the order in which a phone asks about which nothing better is known: the publisher first.
    private let replies: [TVSReply]
    private let byName: [String: TVSStatement]
    private let isEverywhere: Bool

    public init(_ replies: [TVSReply]) {
        self.replies = replies
        byName = Dictionary(replies.map { ($0.server, $0.answer) }, uniquingKeysWith: { first, _ in first })
        isEverywhere = false
    }

    private init(everywhere answer: TVSStatement) {
        (replies, byName, isEverywhere) = ([TVSReply(server: "*", answer: answer)], [:], true)
    }

    /// Wherever a phone asks, it gets the same answer.
    public static func everywhere(_ answer: TVSStatement) -> TVSReplies { TVSReplies(everywhere: answer) }

    /// The answers that a phone gets, in the order in which it asks: those of its CallManager group, by priority.
    func answers(for phone: Phone) -> [TVSStatement] {
        let group = phone.place?.servers ?? []
        guard !isEverywhere, !group.isEmpty else { return replies.map(\.answer) }
        return group.map { byName[$0] ?? .unreachable(localized("no TVS server is known on \($0)")) }
    }
}

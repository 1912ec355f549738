import Messages

/// What the cluster's TVS servers say about one signer.
public struct TVSAnswers: Sendable {
    /// In the order in which a phone asks about which nothing better is known: the publisher first.
    public let servers: [(name: String, answer: TVSStatement)]
    private let byName: [String: TVSStatement]
    private let isEverywhere: Bool

    public init(_ servers: [(name: String, answer: TVSStatement)]) {
        self.servers = servers
        byName = Dictionary(servers.map { ($0.name, $0.answer) }, uniquingKeysWith: { first, _ in first })
        isEverywhere = false
    }

    private init(everywhere answer: TVSStatement) {
        (servers, byName, isEverywhere) = ([("*", answer)], [:], true)
    }

    /// Wherever a phone asks, it gets the same answer.
    public static func everywhere(_ answer: TVSStatement) -> TVSAnswers { TVSAnswers(everywhere: answer) }

    /// The answers that a phone gets, in the order in which it asks: those of its CallManager group, by priority.
    func answers(for phone: Phone) -> [TVSStatement] {
        let group = phone.place?.servers ?? []
        guard !isEverywhere, !group.isEmpty else { return servers.map(\.answer) }
        return group.map { byName[$0] ?? .unreachable(localized("no TVS server is known on \($0)")) }
    }
}

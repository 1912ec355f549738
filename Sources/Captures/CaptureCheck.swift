import Messages

/// Runs every parser over a capture.
public struct CaptureCheck: Sendable {
    /// An answer with which something is wrong.
    public struct Finding: Encodable, Sendable, Hashable {
        public enum Kind: String, Encodable, Sendable {
            /// A parser refuses it.
            case notUnderstood = "not-understood"
            /// It is understood otherwise than when it was taken.
            case different
        }

        public let kind: Kind
        public let number: Int
        public let source: Exchange.Source
        public let question: String
        /// Why it is not understood; or what was understood then, and what is now.
        public let detail: LocalizableText
    }

    public private(set) var understood = 0
    /// Nothing is read in these: redirects, pages on the way, nodes that did not answer.
    public private(set) var passedOver = 0
    public private(set) var findings: [Finding] = []

    public init(_ capture: Capture) {
        for exchange in capture.exchanges {
            func add(_ kind: Finding.Kind, _ detail: LocalizableText) {
                findings.append(
                    Finding(
                        kind: kind, number: exchange.number, source: exchange.source, question: exchange.question,
                        detail: detail))
            }
            switch Understanding(of: exchange) {
            case .understood(let facts):
                understood += 1
                let now = facts.map { [$0.name, $0.value] }
                if let then = exchange.understood, then != now {
                    let first = zip(then, now).first { $0 != $1 }
                    let words = { (fact: [String]?) -> LocalizableText in
                        fact.map { .verbatim($0.joined(separator: ": ")) } ?? localized("nothing more")
                    }
                    let (before, after) = (
                        first?.0 ?? then.dropFirst(now.count).first, first?.1 ?? now.dropFirst(then.count).first
                    )
                    add(.different, [words(before), words(after)].joined(separator: " / "))
                } else if exchange.understood == nil {
                    add(.different, exchange.problem.map { .verbatim($0) } ?? localized("nothing was read there"))
                }
            case .passedOver:
                passedOver += 1
                if exchange.understood != nil { add(.different, localized("nothing is read there now")) }
            case .notUnderstood(let problem):
                add(.notUnderstood, .verbatim(problem))
                if exchange.understood != nil { add(.different, localized("it was understood when it was captured")) }
            }
        }
    }
}

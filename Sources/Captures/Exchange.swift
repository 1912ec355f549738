/// One request to a cluster, a phone or a token, and what came back, byte by byte.
public struct Exchange: Codable, Sendable, Hashable {
    public enum Source: String, Codable, Sendable, CaseIterable {
        /// The command line.
        case ssh
        case tftp
        /// The same files over HTTP.
        case files = "http-6970"
        /// OS Administration.
        case web
        case rest, axl, ris, tvs
        /// A phone's own pages.
        case phone
        /// PKCS#11, and the ATR of the card.
        case token
    }

    /// What happened on a terminal: how many bytes of ``answer`` came, or what was typed.
    public struct Event: Codable, Sendable, Hashable {
        public enum Kind: String, Codable, Sendable { case stale, received, sent }

        public var kind: Kind
        public var bytes: Int
        /// Milliseconds of silence before.
        public var after: Int?
        /// What was typed.
        public var text: String?
    }

    /// From 1 on, in the order in which the responses came.
    public var number: Int
    public var source: Source
    /// The node's or phone's name.
    public var node: String
    /// The command, `GET /path`, a file's name.
    public var question: String
    /// What else a request contains: an envelope, the fields of a form without its password.
    public var request: String?
    /// The HTTP status.
    public var status: Int?
    public var headers: [String]?
    /// For a terminal.
    public var events: [Event]?
    /// The code of the error, if nothing came.
    public var failure: String?
    /// How many rows of a table were left out.
    public var rowsLeftOut: Int?
    /// What the program understood: pairs of name and value. Nil if it reads nothing there.
    public var understood: [[String]]?
    /// Why it did not understand the response.
    public var problem: String?
    /// Where the response is in the archive; identical responses are there once.
    var file: String?
    /// As it came.
    public var answer: [UInt8] = []

    private enum CodingKeys: String, CodingKey {
        case number, source, node, question, request, status, headers, events, failure, rowsLeftOut, understood,
            problem, file
    }

    init(_ source: Source, node: String, question: String, answer: [UInt8] = []) {
        (number, self.source, self.node, self.question, self.answer) = (0, source, node, question, answer)
    }

    /// The name of its response in the archive, if no other is the same.
    var fileName: String {
        let digits = String(number)
        return "answers/" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits + "-" + source.rawValue
    }
}

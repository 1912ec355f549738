import Configuration

/// A command for a node's command line, with the questions that it is known to ask.
public struct ShellCommand: Sendable, Hashable {
    /// A question that the command line asks before it does something, and our answer.
    public struct Question: Sendable, Hashable {
        /// The end of the question, with runs of white space collapsed to one space.
        public var ending: String
        /// What is sent; a line end is appended.
        public var answer: String

        public init(_ ending: String, answer: String) {
            self.ending = ending
            self.answer = answer
        }
    }

    /// One line.
    public var text: String
    /// Expected in this order; each is answered once, and only if it was recognised.
    public var questions: [Question]
    /// Seconds until the next prompt.
    public var timeout: Double

    public init(_ text: String, questions: [Question] = [], timeout: Double = 60) {
        self.text = text
        self.questions = questions
        self.timeout = timeout
    }
}

/// The command line of a node.
public protocol ClusterShell: Sendable {
    /// The node's name, for errors.
    var node: String { get }

    /// Whether commands can still be run: a failed one closes the connection.
    var isOpen: Bool { get }

    /// Sends a command and waits for the prompt after it.
    ///
    /// - Returns: what the command printed: without its echo and the prompt, lines ended by LF.
    /// - Throws: `unexpectedQuestion` if it asks something unexpected. That is left unanswered, and the connection is
    ///   closed.
    func run(_ command: ShellCommand) throws(ClusterError) -> String

    func close()
}

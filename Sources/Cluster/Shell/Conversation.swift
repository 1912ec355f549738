/// One command and what the terminal prints until the next prompt, without any I/O: bytes go in, actions come out.
struct Conversation {
    enum Action: Equatable {
        /// Nothing to do yet.
        case wait
        /// Send this and continue.
        case send([UInt8])
        /// The prompt has appeared; this was printed.
        case finished(String)
        /// An unexpected question.
        case stuck(question: String)
    }

    /// How long the terminal has been silent.
    enum Silence: Int, Comparable {
        /// More may be on its way.
        case none
        /// Long enough to take a prompt for one.
        case short
        /// Long enough to assume that the other side waits for us.
        case long

        init(milliseconds: Int) { self = milliseconds > 1500 ? .long : milliseconds > 40 ? .short : .none }

        static func < (left: Silence, right: Silence) -> Bool { left.rawValue < right.rawValue }
    }

    static let prompt = "admin:"
    /// docs/cluster-interfaces.md; its end differs between releases.
    private static let paging = "Press <enter> for 1 line"
    private static let questionEndings = [
        "(y/n):", "(y/n)?", "(y/n)", "(yes/no):", "(yes/no)?", "(yes/no)", "to continue:", "continue?", "password:",
    ]

    private let command: String?
    private var questions: ArraySlice<ShellCommand.Question>
    private var printed: [UInt8] = []
    /// Where in `printed` the output after our last answer starts.
    private var answered = 0

    /// - Parameter command: nil while the first prompt is awaited.
    init(_ command: ShellCommand?) {
        self.command = command?.text
        questions = (command?.questions ?? [])[...]
    }

    /// Bytes received so far.
    var count: Int { printed.count }

    /// What the reader would see so far.
    var text: String { TerminalText.plain(printed) }

    mutating func receive(_ bytes: some Sequence<UInt8>) { printed.append(contentsOf: bytes) }

    mutating func next(after silence: Silence) -> Action {
        let tail = TerminalText.plain(printed[max(answered, printed.count - 4096)...])
        let lines = tail.split(separator: "\n", omittingEmptySubsequences: false)
        let last = lines.last ?? ""
        if last.contains(Self.paging) {
            removePagingPrompt()
            return .send([UInt8(ascii: " ")])
        }
        if let question = questions.first, TerminalText.collapsed(tail).hasSuffix(question.ending) {
            questions.removeFirst()
            answered = printed.count
            return .send(Array(question.answer.utf8) + [UInt8(ascii: "\n")])
        }
        // A prompt before the command's echo is not the one after it: nodes may print one twice, or late.
        if last.hasSuffix(Self.prompt),
            silence >= (Self.isPrompt(last) && hasEcho ? .short : .long)
        {
            return .finished(output())
        }
        if silence >= .long, let ending = lines.last(where: { !$0.allSatisfy(\.isWhitespace) }) {
            let text = TerminalText.collapsed(ending)
            if Self.questionEndings.contains(where: { text.lowercased().hasSuffix($0) }) {
                return .stuck(question: text)
            }
        }
        return .wait
    }

    /// Whether a line is a prompt and nothing else: `admin:`, or `4:admin:` where commands are counted.
    static func isPrompt(_ line: some StringProtocol) -> Bool {
        guard let rest = withoutPrompt(line) else { return false }
        return rest.isEmpty
    }

    /// What follows the prompt in a line; nil if the line does not begin with one.
    private static func withoutPrompt(_ line: some StringProtocol) -> String? {
        let count = line.prefix { $0.isASCII && $0.isNumber }
        let rest =
            count.isEmpty || !line.dropFirst(count.count).hasPrefix(":")
            ? String(line) : String(line.dropFirst(count.count + 1))
        return rest.hasPrefix(prompt) ? String(rest.dropFirst(prompt.count)) : nil
    }

    /// Whether the command's echo has come; true while the first prompt is awaited.
    private var hasEcho: Bool {
        guard let command else { return true }
        let lines = TerminalText.plain(printed.prefix(4096)).split(separator: "\n", omittingEmptySubsequences: false)
        return Self.echo(of: command, in: lines) != nil
    }

    private func output() -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if let last = lines.popLast(), !Self.isPrompt(last) { lines.append(last.dropLast(Self.prompt.count)) }
        if let command, let end = Self.echo(of: command, in: lines) { lines.removeSubrange(...end) }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines.joined(separator: "\n")
    }

    /// Where the echo of a command ends. It comes first, unless earlier output was still in transit, and spans several
    /// lines if the terminal wraps it.
    private static func echo(of command: String, in lines: [Substring]) -> Int? {
        let wanted = withoutBlanks(command)
        for start in lines.indices.prefix(6) {
            var echo = ""
            for end in lines.indices[start...] {
                echo += withoutBlanks(lines[end])
                if end == start, let typed = withoutPrompt(echo) { echo = typed }
                if echo == wanted { return end }
                guard !echo.isEmpty, wanted.hasPrefix(echo) else { break }
            }
        }
        return nil
    }

    private static func withoutBlanks(_ text: some StringProtocol) -> String {
        String(text.filter { !$0.isWhitespace })
    }

    private mutating func removePagingPrompt() {
        guard let range = printed.lastRange(of: Array(Self.paging.utf8)) else { return }
        printed.removeSubrange(range.lowerBound...)
        answered = min(answered, printed.count)
    }
}

extension [UInt8] {
    fileprivate func lastRange(of part: [UInt8]) -> Range<Int>? {
        guard count >= part.count else { return nil }
        return (0...(count - part.count)).last { self[$0..<($0 + part.count)].elementsEqual(part) }
            .map { $0..<($0 + part.count) }
    }
}

import Messages

/// Looks at keys before the parser does. toml++ limits values within values, but a key of 100,000 parts makes as many tables,
/// one in the other, and taking those down again overflows its stack. And it takes for granted (by an assertion) that the
/// name of a table begins as a key does.
enum KeyCheck {
    /// The most parts that a key, or the name of a table, may have.
    static let maximum = 32

    /// The first key that has too many parts, or the first table whose name cannot be, if any. Anything else that is wrong is left to the parser.
    static func fault(in text: UnsafeBufferPointer<UInt8>) -> TOMLError? {
        var scanner = Scanner(text: text)
        do throws(TOMLError) {
            try scanner.run()
            return nil
        } catch {
            return error
        }
    }
}

/// Goes from dot to dot. It has to know comments and strings, as dots there join no keys.
private struct Scanner {
    let text: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var line = 1
    private var lineStart = 0
    /// Since the key, or whatever else stands here, began.
    private var dots = 0
    /// Whether nothing but blanks stands on the line so far.
    private var isLineStart = true
    /// How many arrays are open.
    private var arrays = 0

    init(text: UnsafeBufferPointer<UInt8>) {
        self.text = text
        // A byte order mark.
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    mutating func run() throws(TOMLError) {
        while position < text.count {
            let byte = text[position]
            defer { isLineStart = byte == UInt8(ascii: "\n") || (isLineStart && Self.isBlank(byte)) }
            switch byte {
            case UInt8(ascii: "[") where isLineStart && arrays == 0:
                dots = 0
                try checkTable()
            case UInt8(ascii: "#"): skipComment()
            case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString(quote: byte)
            case UInt8(ascii: "."):
                dots += 1
                guard dots < KeyCheck.maximum else {
                    throw fault(localized("a key has more than \(KeyCheck.maximum) parts"))
                }
                position += 1
            case UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
                UInt8(ascii: "}"), UInt8(ascii: "\n"):
                dots = 0
                if byte == UInt8(ascii: "[") { arrays += 1 }
                if byte == UInt8(ascii: "]") { arrays = max(0, arrays - 1) }
                advance()
            default: position += 1
            }
        }
    }

    /// Past the brackets that open a table or an array of tables. What follows begins a key, or closes them again, which
    /// the parser has words for.
    private mutating func checkTable() throws(TOMLError) {
        position += 1
        let isArray = position < text.count && text[position] == UInt8(ascii: "[")
        if isArray { position += 1 }
        while position < text.count, Self.isBlank(text[position]) { position += 1 }
        guard position < text.count else { return }
        switch text[position] {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "\""),
            UInt8(ascii: "'"), UInt8(ascii: "]"):
            return
        case UInt8(ascii: "[") where !isArray: return
        default:
            throw fault(localized("the name of a table begins with a letter, a digit, '-', '_' or a quote"))
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// Up to the end of the line.
    private mutating func skipComment() {
        while position < text.count, text[position] != UInt8(ascii: "\n") { position += 1 }
    }

    private mutating func skipString(quote: UInt8) {
        let isLong = quotes(quote, limit: 3) == 3
        position += isLong ? 3 : 1
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "\\") where quote == UInt8(ascii: "\""):
                position += 1
                advance()
            case quote where !isLong:
                position += 1
                return
            case quote:
                // Up to two quotes may stand before the three that end it.
                let count = quotes(quote, limit: 5)
                position += count
                if count >= 3 { return }
            case UInt8(ascii: "\n") where !isLong:
                // Not ended: the parser will say so.
                return
            default: advance()
            }
        }
    }

    /// How many quotes stand here.
    private func quotes(_ quote: UInt8, limit: Int) -> Int {
        text[position...].prefix(limit).prefix { $0 == quote }.count
    }

    /// Past one byte, which may be a line break or the end.
    private mutating func advance() {
        guard position < text.count else { return }
        let isLineBreak = text[position] == UInt8(ascii: "\n")
        position += 1
        guard isLineBreak else { return }
        line += 1
        lineStart = position
    }

    private func fault(_ reason: String) -> TOMLError {
        // Columns count characters, as the parser's do: the bytes that begin one.
        let column = text[lineStart...position].count { $0 & 0xC0 != 0x80 }
        return TOMLError(line: line, column: column, reason: reason)
    }
}

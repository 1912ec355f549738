import Messages

/// Limits the depth of keys before the parser sees them. toml++ limits the nesting of values, but a key of 100,000
/// parts creates as many nested tables, and destroying those overflows the stack.
enum KeyDepth {
    /// The maximum number of parts of a key or of a table's name.
    static let maximum = 32

    /// The first key that has too many parts, if any. Any other error is left to the parser.
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

/// Moves from dot to dot. It must recognise comments and strings, because dots there do not separate keys.
private struct Scanner {
    let text: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var line = 1
    private var lineStart = 0
    /// Since the start of the key, or of whatever else is here.
    private var dots = 0

    init(text: UnsafeBufferPointer<UInt8>) { self.text = text }

    mutating func run() throws(TOMLError) {
        while position < text.count {
            let byte = text[position]
            switch byte {
            case UInt8(ascii: "#"): skipComment()
            case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString(quote: byte)
            case UInt8(ascii: "."):
                dots += 1
                guard dots < KeyDepth.maximum else { throw tooDeep }
                position += 1
            case UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
                UInt8(ascii: "}"), UInt8(ascii: "\n"):
                dots = 0
                advance()
            default: position += 1
            }
        }
    }

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
                // Up to two quotes may precede the three that end it.
                let count = quotes(quote, limit: 5)
                position += count
                if count >= 3 { return }
            case UInt8(ascii: "\n") where !isLong:
                // Unterminated: the parser will report it.
                return
            default: advance()
            }
        }
    }

    /// How many quotes there are at this position.
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

    private var tooDeep: TOMLError {
        // Columns count characters, as the parser's do: the bytes that start one.
        let column = text[lineStart...position].count { $0 & 0xC0 != 0x80 }
        return TOMLError(line: line, column: column, reason: localized("a key has more than \(KeyDepth.maximum) parts"))
    }
}

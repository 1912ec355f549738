/// The tokens of a query.
enum SQLToken: Hashable, Sendable {
    /// A name or keyword, in lower case: the database ignores case.
    case word(String)
    case number(String)
    case string(String)
    case symbol(String)

    static func split(_ text: String) throws(SQLError) -> [SQLToken] {
        var tokens: [SQLToken] = []
        var rest = text[...]
        while let character = rest.first {
            if character.isWhitespace {
                rest.removeFirst()
            } else if character.isASCII, character.isLetter || character == "_" {
                let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
                tokens.append(.word(word.lowercased()))
                rest = rest.dropFirst(word.count)
            } else if character.isASCII, character.isNumber {
                let number = rest.prefix { $0.isASCII && $0.isNumber }
                tokens.append(.number(String(number)))
                rest = rest.dropFirst(number.count)
            } else if character == "'" || character == "\"" {
                tokens.append(.string(try string(&rest, quote: character)))
            } else if let symbol = ["<>", "!=", "<=", ">=", "||"].first(where: { rest.hasPrefix($0) }) {
                tokens.append(.symbol(symbol))
                rest = rest.dropFirst(2)
            } else if "=<>(),.*;".contains(character) {
                tokens.append(.symbol(String(character)))
                rest.removeFirst()
            } else {
                throw .syntax
            }
        }
        return tokens
    }

    /// A quote inside is doubled.
    private static func string(_ rest: inout Substring, quote: Character) throws(SQLError) -> String {
        rest.removeFirst()
        var text = ""
        while let character = rest.popFirst() {
            if character != quote {
                text.append(character)
            } else if rest.first == quote {
                text.append(quote)
                rest.removeFirst()
            } else {
                return text
            }
        }
        throw SQLError(code: -282, text: "Found a quote for which there is no matching quote.")
    }
}

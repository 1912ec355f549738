/// A text of the program in the user's language.
///
/// The English text is written where it is used, and is the key of its translation in `Sources/CMessages/de.po`. A text
/// that has no translation stays English; `tools/messages` finds those. Only for what people read: codes, names and what
/// Cisco's devices say are the same in every language.
///
/// ```swift
/// throw Failure(.notThere, localized("\(path) is not there."))
/// ```
public func localized(_ text: LocalizableText) -> String { text.localized }

/// A text that can be translated: its template, in which arguments are `{0}`, `{1}` and so on, and the arguments.
public struct LocalizableText: ExpressibleByStringInterpolation, Sendable {
    let template: String
    let arguments: [String]

    public struct StringInterpolation: StringInterpolationProtocol {
        var template = ""
        var arguments: [String] = []

        public init(literalCapacity: Int, interpolationCount: Int) {
            template.reserveCapacity(literalCapacity + 3 * interpolationCount)
            arguments.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) { template += LocalizableText.escaped(literal) }

        public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            template += "{\(arguments.count)}"
            arguments.append(value.description)
        }

        public mutating func appendInterpolation(_ error: any Error) { appendInterpolation("\(error)") }

        @available(*, unavailable, message: "say what stands there when there is no value")
        public mutating func appendInterpolation<Value>(_ value: Value?) {}
    }

    public init(stringLiteral text: String) {
        template = Self.escaped(text)
        arguments = []
    }

    public init(stringInterpolation: StringInterpolation) {
        template = stringInterpolation.template
        arguments = stringInterpolation.arguments
    }

    /// The text in the language of the locale.
    public var localized: String { text(in: .current) }

    /// The text in a language.
    func text(in language: Language) -> String {
        switch language {
        case .english: filled(template)
        case .german: filled(Catalogue.german[template] ?? template)
        }
    }

    /// A brace of the text itself is doubled, as in the other formats with `{0}`.
    private static func escaped(_ text: String) -> String {
        guard hasBraces(text) else { return text }
        return text.reduce(into: "") { $0 += $1 == "{" ? "{{" : $1 == "}" ? "}}" : String($1) }
    }

    private static func hasBraces(_ text: String) -> Bool {
        text.utf8.contains { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }
    }

    /// The template with the arguments in their places.
    private func filled(_ template: String) -> String {
        guard Self.hasBraces(template) else { return template }
        var output: [UInt8] = []
        output.reserveCapacity(template.utf8.count)
        var rest = Array(template.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "{") where rest.first != byte:
                let digits = rest.prefix { $0 != UInt8(ascii: "}") }
                rest = rest.dropFirst(digits.count + 1)
                if let index = Int(String(decoding: digits, as: UTF8.self)), arguments.indices.contains(index) {
                    output += arguments[index].utf8
                }
            case UInt8(ascii: "{"), UInt8(ascii: "}"):
                rest = rest.dropFirst()
                output.append(byte)
            default: output.append(byte)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}

import Basics

/// A text of the program, in no language yet: it becomes a `String` where it is shown, and not before.
///
/// The English text is written where it is used, and is the key of its translation in `Sources/CMessages/de.po`. A text
/// without a translation stays English; `tools/messages` finds those. Only for what people read: codes, names and the
/// output of Cisco's devices are the same in every language.
///
/// ```swift
/// throw Failure(.notThere, localized("\(path) is not there."))
/// ```
public func localized(_ literal: MessageLiteral) -> LocalizableText { literal.text }

/// One or the other, depending on the number: `localized(count, one: "\(count) phone", other: "\(count) phones")`. The
/// catalogue has both.
public func localized(_ count: Int, one: MessageLiteral, other: MessageLiteral) -> LocalizableText {
    count == 1 ? one.text : other.text
}

/// A text that can be translated: its template, in which arguments are `{0}`, `{1}` and so on, and the arguments.
///
/// Only ``localized(_:)`` creates one from a literal, so that no text is shown that `tools/messages` has not seen; text
/// from others is ``verbatim(_:)``.
public struct LocalizableText: Hashable, Sendable {
    let template: String
    let arguments: [Argument]

    enum Argument: Hashable, Sendable {
        /// A name, or text from others.
        case string(String)
        /// An argument of a command.
        case word(String)
        case number(Int)
        case text(LocalizableText)
    }

    init(template: String, arguments: [Argument] = []) {
        self.template = template
        self.arguments = arguments
    }

    /// What is the same in every language: a name, a path, a value, or the message of a device, a library or the
    /// system.
    public static func verbatim(_ words: String) -> LocalizableText {
        LocalizableText(template: verbatimTemplate, arguments: [.string(words)])
    }

    static let verbatimTemplate = "{0}"

    /// As ``verbatim(_:)``, for words that this program has laid out in lines, such as a table. In words from others, a
    /// line feed is shown as what it is.
    public static func lines(_ words: String) -> LocalizableText {
        words.split(separator: "\n", omittingEmptySubsequences: false).map { .verbatim(String($0)) }
            .joined(separator: "\n")
    }

    /// The text in the language of the locale: only for code that shows it.
    public var localized: String { text(in: .current) }

    /// The text in a language.
    package func text(in language: Language) -> String {
        switch language {
        case .english: filled(template, language)
        case .german: filled(Catalogue.german[template] ?? template, language)
        }
    }

    /// A literal brace is doubled, as in other formats with `{0}`.
    static func escaped(_ text: String) -> String {
        guard hasBraces(text) else { return text }
        return text.reduce(into: "") { $0 += $1 == "{" ? "{{" : $1 == "}" ? "}}" : String($1) }
    }

    private static func hasBraces(_ text: String) -> Bool {
        text.utf8.contains { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }
    }

    /// Turns `--name ` into `--name=`, as a value after it would be taken for an option; an argument without an option
    /// is preceded by the sign that no option follows.
    private static func joinOption(_ output: inout [UInt8]) {
        guard output.last == UInt8(ascii: " ") else { return }
        let last = output.dropLast().lastIndex(of: UInt8(ascii: " ")).map { output.index(after: $0) } ?? 0
        if output[last...].starts(with: "--".utf8) {
            output[output.count - 1] = UInt8(ascii: "=")
        } else {
            output += "-- ".utf8
        }
    }

    /// The template with the arguments in their places.
    private func filled(_ template: String, _ language: Language) -> String {
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
                    if case .word(let word) = arguments[index], word.hasPrefix("-") { Self.joinOption(&output) }
                    output += arguments[index].text(in: language).utf8
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

extension LocalizableText.Argument {
    func text(in language: Language) -> String {
        switch self {
        // No matter who wrote it: on one line, and with nothing in it that a terminal obeys.
        case .string(let text): text.visible
        case .word(let word): Shell.word(word)
        case .number(let number): String(number)
        case .text(let text): text.text(in: language)
        }
    }
}

extension LocalizableText: CustomStringConvertible {
    public var description: String { localized }
}

extension Sequence<LocalizableText> {
    /// The texts one after another, with a separator that is the same in every language.
    public func joined(separator: String = "") -> LocalizableText {
        let parts = map(LocalizableText.Argument.text)
        return LocalizableText(
            template: parts.indices.map { "{\($0)}" }.joined(separator: LocalizableText.escaped(separator)),
            arguments: parts)
    }
}

import Basics
import Messages

/// A piece of a web page. Inserted text is escaped, and what would not be seen in it, or would turn its direction around,
/// is made visible; only literals of this module are markup.
struct HTML: ExpressibleByStringInterpolation {
    private(set) var markup: String

    init(stringLiteral value: String) { markup = value }
    init(_ parts: [HTML]) { markup = parts.map(\.markup).joined() }

    /// Text with commands in it: no line ends within an option's name, as browsers do after hyphens.
    static func withCommands(_ text: LocalizableText) -> HTML {
        let words = text.localized.split(separator: " ", omittingEmptySubsequences: false).map { word -> HTML in
            let shown = LocalizableText.verbatim(String(word))
            return word.hasPrefix("--") ? "<span class=\"option\">\(shown)</span>" : "\(shown)"
        }
        return HTML(markup: words.map(\.markup).joined(separator: " "))
    }

    private init(markup: String) { self.markup = markup }

    init(stringInterpolation: StringInterpolation) { markup = stringInterpolation.markup }

    struct StringInterpolation: StringInterpolationProtocol {
        var markup = ""

        init(literalCapacity: Int, interpolationCount: Int) { markup.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: String) { markup += literal }
        mutating func appendInterpolation(_ text: String) { markup += text.visible.escapedForMarkup }
        mutating func appendInterpolation(_ text: LocalizableText) {
            markup += text.localized.visibleLines.escapedForMarkup
        }
        mutating func appendInterpolation(_ number: Int) { markup += "\(number)" }
        mutating func appendInterpolation(_ html: HTML) { markup += html.markup }
        mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { markup += part.markup } }
    }
}

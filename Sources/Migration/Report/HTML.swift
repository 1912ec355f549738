import Basics
import Messages

/// A piece of a web page. Inserted text is escaped, and what would not be seen in it, or would turn its direction around,
/// is made visible; only literals of this module are markup.
struct HTML: ExpressibleByStringInterpolation {
    private(set) var markup: String

    init(stringLiteral value: String) { markup = value }
    init(_ parts: [HTML]) { markup = parts.map(\.markup).joined() }

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

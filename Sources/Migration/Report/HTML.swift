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

/// A web page: one file, without scripts and without any reference to another, fit for printing.
enum HTMLPage {
    static func page(title: LocalizableText, _ body: HTML) -> String {
        let page: HTML = """
            <!DOCTYPE html>
            <html lang="\(Language.current.code)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title)</title>
            <style>
            \(style)
            </style>
            </head>
            <body>
            \(body)
            </body>
            </html>

            """
        return page.markup
    }

    private static let style: HTML = """
        :root { color-scheme: light; }
        body { font: 15px/1.45 system-ui, sans-serif; color: #1c2328; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }
        h1 { margin: .2rem 0; font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 1.8rem 0 .5rem; }
        table { border-collapse: collapse; width: 100%; font-size: .87rem; }
        .word, .number { white-space: nowrap; } th, td { text-align: left; vertical-align: top; padding: .35rem .5rem; border-bottom: 1px solid #d5dbe0; }
        td { overflow-wrap: anywhere; } th { background: #f0f3f5; }
        time { white-space: nowrap; } .name { white-space: pre-wrap; }
        tr { break-inside: avoid; } code { font-size: .8rem; } ul { margin: .2rem 0; padding-left: 1.1rem; }
        .state { display: inline-block; margin: 0; padding: .15rem .7rem; border-radius: .8rem; background: #e4e9ed; font-weight: 600; }
        .state.finished { background: #cdebd6; } .state.unfinished, .state.rolling-back { background: #fde3b3; }
        .failure { border-left: 4px solid #b3261e; padding-left: 1rem; }
        svg { width: 100%; height: auto; font-size: 12px; margin: .5rem 0 1rem; }
        rect.accepted { fill: #2f7d4f; } rect.refused { fill: #b3261e; } rect.unknown { fill: #8a6d00; }
        tr.refused td:nth-child(4), tr.failed td:nth-child(3), tr.failed .word { color: #b3261e; font-weight: 600; }
        tr.unknown td:nth-child(4) { color: #8a6d00; font-weight: 600; }
        @media print { body { margin: 0; max-width: none; font-size: 11px; } section { break-inside: auto; } }
        """
}

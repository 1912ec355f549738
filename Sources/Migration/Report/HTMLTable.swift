import Basics
import Messages

/// A table of a page: its head is repeated on every printed page, and on a narrow screen each row becomes a card, in which
/// each cell has its heading before it.
struct HTMLTable {
    enum Kind {
        /// What the row is about: a heading of it.
        case name
        case text
        /// A word or a time, which is not broken.
        case word
        /// A number, at the right edge.
        case number
        /// A bar that shows what numbers next to it say: not on a narrow screen.
        case picture
    }

    private let columns: [(head: LocalizableText, kind: Kind)]
    private var rows: [HTML] = []
    /// Numbers next to short names: still a table on a narrow screen.
    var isNarrow = false

    init(_ columns: (LocalizableText, Kind)...) { self.columns = columns }

    /// A table of names and what they are.
    static func facts(_ facts: [(LocalizableText, HTML)]) -> HTML {
        let rows = facts.map { "<tr><th scope=\"row\">\($0)</th><td>\($1)</td></tr>" as HTML }
        return "<table class=\"facts\"><tbody>\(rows)</tbody></table>"
    }

    /// - Parameter style: the row's class, for its colour.
    mutating func add(_ cells: HTML..., style: String = "") {
        let cells = zip(columns, cells).map { column, cell -> HTML in
            let label: HTML = isNarrow ? "" : " data-label=\"\(column.head)\""
            let role: HTML = isNarrow ? "" : column.kind == .name ? " role=\"rowheader\"" : " role=\"cell\""
            return switch column.kind {
            case .name: "<th scope=\"row\"\(role)\(label)>\(cell)</th>"
            case .text: "<td\(role)\(label)>\(cell)</td>"
            case .word: "<td class=\"word\"\(role)\(label)>\(cell)</td>"
            case .number: "<td class=\"number\"\(role)\(label)>\(cell)</td>"
            case .picture: "<td class=\"picture\"\(role)\(label)>\(cell)</td>"
            }
        }
        let role: HTML = isNarrow ? "" : " role=\"row\""
        rows.append(style.isEmpty ? "<tr\(role)>\(cells)</tr>" : "<tr class=\"\(style)\"\(role)>\(cells)</tr>")
    }

    /// How much of a long table is not shown.
    mutating func add(more count: Int, _ place: LocalizableText) {
        guard count > 0 else { return }
        let text = localized(
            count, one: "1 more row is not shown; \(place).", other: "\(count) more rows are not shown; \(place).")
        rows.append("<tr class=\"more\"><td colspan=\"\(columns.count)\">\(text)</td></tr>")
    }

    var html: HTML {
        let role: HTML = isNarrow ? "" : " role=\"columnheader\""
        let heads = columns.map { column -> HTML in
            switch column.kind {
            case .number: "<th scope=\"col\" class=\"number\"\(role)>\(column.head)</th>"
            case .picture: "<th scope=\"col\" class=\"picture\"\(role)>\(column.head)</th>"
            case .name, .text, .word: "<th scope=\"col\"\(role)>\(column.head)</th>"
            }
        }
        // The roles say what a table's parts are where the narrow layout takes that away from them.
        return isNarrow
            ? "<table><thead><tr>\(heads)</tr></thead><tbody>\(rows)</tbody></table>"
            : """
            <table class="cards" role="table"><thead role="rowgroup"><tr role="row">\(heads)</tr></thead>
            <tbody role="rowgroup">\(rows)</tbody></table>
            """
    }
}

extension HTML {
    /// A moment in local wall-clock time, next to UTC.
    static func time(_ time: Timestamp) -> HTML { clock(time) { " <small>(\($0))</small>" } }

    /// The same for a narrow column: UTC is below.
    static func timeInColumn(_ time: Timestamp) -> HTML { clock(time) { "<br><small>\($0)</small>" } }

    private static func clock(_ time: Timestamp, _ utc: (String) -> HTML) -> HTML {
        let shown = time.isLocalUTC ? time.description : time.local
        let local: HTML = "<time datetime=\"\(time.description)\">\(shown)</time>"
        return time.isLocalUTC ? local : "\(local)\(utc(time.description))"
    }

    static func section(_ title: LocalizableText, class name: String = "", _ body: HTML) -> HTML {
        let style: HTML = name.isEmpty ? "" : " class=\"\(name)\""
        return "<section\(style)><h2>\(title)</h2>\n\(body)\n</section>"
    }

    static func list(_ texts: [LocalizableText]) -> HTML {
        texts.isEmpty ? "" : "<ul>\(texts.map { "<li>\($0)</li>" as HTML })</ul>"
    }

    /// Short ones, in columns where there is room.
    static func names(_ texts: [LocalizableText]) -> HTML {
        "<ul class=\"names\">\(texts.map { "<li>\($0)</li>" as HTML })</ul>"
    }
}

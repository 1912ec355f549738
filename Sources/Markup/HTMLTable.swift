/// A table of a page. A nested table is a table of its own, and its rows are not those of the outer one.
public struct HTMLTable: Sendable, Hashable {
    public struct Link: Sendable, Hashable {
        public var text: String
        /// As in the page: possibly relative.
        public var target: String
    }

    public struct Cell: Sendable, Hashable {
        public var text: String
        public var links: [Link]
        public var isHeader: Bool
    }

    public var id: String?
    public var rows: [[Cell]]

    init(_ element: MarkupElement) {
        id = element["id"]
        rows = Self.rows(element).map { row in
            row.elements.filter { $0.name == "td" || $0.name == "th" }.map { cell in
                Cell(
                    text: cell.text,
                    links: cell.descendants(named: "a").compactMap { link in
                        link["href"].map { Link(text: link.text, target: $0) }
                    },
                    isHeader: cell.name == "th")
            }
        }
    }

    private static func rows(_ element: MarkupElement) -> [MarkupElement] {
        element.elements.flatMap { child -> [MarkupElement] in
            switch child.name {
            case "tr": return [child]
            case "table": return []
            // tbody and the like, and a form, which old pages put between table and rows.
            default: return rows(child)
            }
        }
    }
}

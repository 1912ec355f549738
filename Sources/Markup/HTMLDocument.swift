import CXML
import Messages

/// An HTML page, parsed as leniently as a browser would.
public struct HTMLDocument: Sendable {
    /// The `html` element.
    public let root: MarkupElement

    /// Parses a page. Invalid UTF-8 becomes U+FFFD; nothing that it refers to is fetched.
    ///
    /// - Parameter maximumSize: bytes.
    /// - Throws: `tooLarge`, `tooDeep`; `malformed` only for an empty page.
    public init(_ bytes: [UInt8], maximumSize: Int = 8 << 20) throws(MarkupError) {
        guard bytes.count <= maximumSize else {
            throw MarkupError(code: .tooLarge, message: localized("the page is longer than \(maximumSize) bytes"))
        }
        Library.start()
        var text = String(decoding: bytes, as: UTF8.self)
        let options =
            HTML_PARSE_NONET.rawValue | HTML_PARSE_NOERROR.rawValue | HTML_PARSE_NOWARNING.rawValue
            | HTML_PARSE_RECOVER.rawValue
        let parsed = text.withUTF8 { buffer in
            buffer.withMemoryRebound(to: CChar.self) { characters in
                htmlReadMemory(characters.baseAddress, Int32(characters.count), nil, "UTF-8", Int32(options))
            }
        }
        defer { xmlFreeDoc(parsed) }
        var tree = TreeBuilder(size: bytes.count)
        if let parsed, let element = xmlDocGetRootElement(parsed) { try tree.copy(element) }
        guard let root = tree.root() else {
            throw MarkupError(code: .malformed, message: localized("the page is empty"))
        }
        self.root = root
    }

    public init(_ text: String) throws(MarkupError) { try self.init(Array(text.utf8)) }

    public var title: String? { root.firstDescendant(named: "title")?.text }

    /// The text that a reader sees: without scripts and styles, white space collapsed.
    public var text: String {
        func visible(_ element: MarkupElement) -> String {
            element.children.map { node in
                switch node {
                case .text(let text): text
                case .element(let child):
                    ["script", "style", "head"].contains(child.name) ? " " : " " + visible(child) + " "
                }
            }.joined()
        }
        return visible(root).split { $0.isWhitespace }.joined(separator: " ")
    }

    /// The element with this `id`.
    public func element(id: String) -> MarkupElement? { root.firstDescendant { $0["id"] == id } }

    /// All elements of a tag, in document order; with `attribute`, only those where it has `value` (any, when nil).
    public func elements(_ tag: String, attribute: String? = nil, value: String? = nil) -> [MarkupElement] {
        root.descendants { element in
            guard element.name == tag else { return false }
            guard let attribute else { return true }
            guard let found = element[attribute] else { return false }
            return value == nil || found == value
        }
    }

    public var forms: [HTMLForm] { root.descendants(named: "form").map(HTMLForm.init) }

    public var tables: [HTMLTable] { root.descendants(named: "table").map(HTMLTable.init) }
}

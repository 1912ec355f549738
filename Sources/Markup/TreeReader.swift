import CXML
import Messages

/// libxml2 must be initialised once, by one thread.
enum Library {
    private static let ready: Void = xmlInitParser()
    static func start() { _ = ready }
}

/// Copies libxml2's tree into ours.
struct TreeReader {
    /// Deeper nesting than this is refused: no page or response needs it, and the readers recurse.
    static let maximumDepth = 200

    /// Names and namespaces that were met: libxml2 keeps each once, at one address.
    private var words: [(address: UnsafePointer<xmlChar>, word: String)] = []
    /// How many are remembered: more than a table has, and few enough to look through.
    private static let mostWords = 24

    static func element(_ node: xmlNodePtr) throws(MarkupError) -> MarkupElement {
        var reader = TreeReader()
        return try reader.element(node, depth: 0)
    }

    private mutating func element(_ node: xmlNodePtr, depth: Int) throws(MarkupError) -> MarkupElement {
        guard depth < Self.maximumDepth else {
            throw MarkupError(
                code: .tooDeep, message: localized("elements are nested more than \(Self.maximumDepth) levels deep"))
        }
        var element = MarkupElement(name: word(node.pointee.name))
        element.namespace = node.pointee.ns.flatMap { $0.pointee.href }.map { word($0) }
        var attribute = node.pointee.properties
        while let current = attribute {
            element.attributes.append(
                MarkupElement.Attribute(
                    name: word(current.pointee.name), value: Self.text(of: current.pointee.children)))
            attribute = current.pointee.next
        }
        var child = node.pointee.children
        while let current = child {
            switch current.pointee.type {
            case XML_ELEMENT_NODE: element.children.append(.element(try self.element(current, depth: depth + 1)))
            case XML_TEXT_NODE, XML_CDATA_SECTION_NODE:
                if let content = current.pointee.content { element.children.append(.text(Self.string(content))) }
            default: break
            }
            child = current.pointee.next
        }
        return element
    }

    private mutating func word(_ pointer: UnsafePointer<xmlChar>?) -> String {
        guard let pointer else { return "" }
        for known in words where known.address == pointer { return known.word }
        let word = Self.string(pointer)
        if words.count < Self.mostWords { words.append((pointer, word)) }
        return word
    }

    private static func text(of first: xmlNodePtr?) -> String {
        var text = ""
        var node = first
        while let current = node {
            if current.pointee.type == XML_TEXT_NODE, let content = current.pointee.content { text += string(content) }
            node = current.pointee.next
        }
        return text
    }

    private static func string(_ pointer: UnsafePointer<xmlChar>?) -> String {
        pointer.map { String(cString: $0) } ?? ""
    }
}

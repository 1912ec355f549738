import CXML
import Messages

/// libxml2 must be initialised once, by one thread.
enum Library {
    private static let ready: Void = xmlInitParser()
    static func start() { _ = ready }
}

/// Copies libxml2's tree of a page into ours.
struct TreeReader {
    private var words = KnownWords()

    static func element(_ node: xmlNodePtr) throws(MarkupError) -> MarkupElement {
        var reader = TreeReader()
        return try reader.element(node, depth: 0)
    }

    private mutating func element(_ node: xmlNodePtr, depth: Int) throws(MarkupError) -> MarkupElement {
        guard depth < MarkupElement.maximumDepth else { throw .tooDeep }
        var element = MarkupElement(name: words.word(node.pointee.name))
        var attribute = node.pointee.properties
        while let current = attribute {
            element.attributes.append(
                MarkupElement.Attribute(
                    name: words.word(current.pointee.name), value: Self.text(of: current.pointee.children)))
            attribute = current.pointee.next
        }
        var child = node.pointee.children
        while let current = child {
            switch current.pointee.type {
            case XML_ELEMENT_NODE: element.children.append(.element(try self.element(current, depth: depth + 1)))
            case XML_TEXT_NODE, XML_CDATA_SECTION_NODE:
                if let content = current.pointee.content { element.children.append(.text(String(cString: content))) }
            default: break
            }
            child = current.pointee.next
        }
        return element
    }

    private static func text(of first: xmlNodePtr?) -> String {
        var text = ""
        var node = first
        while let current = node {
            if current.pointee.type == XML_TEXT_NODE, let content = current.pointee.content {
                text += String(cString: content)
            }
            node = current.pointee.next
        }
        return text
    }
}

/// Names and namespaces of a document: libxml2 keeps each once, at one address.
struct KnownWords {
    private var words: [(address: UnsafePointer<xmlChar>, word: String)] = []
    /// How many are remembered: more than a table has, and few enough to look through.
    private static let most = 24

    mutating func word(_ pointer: UnsafePointer<xmlChar>?) -> String {
        guard let pointer else { return "" }
        for known in words where known.address == pointer { return known.word }
        let word = String(cString: pointer)
        if words.count < Self.most { words.append((pointer, word)) }
        return word
    }
}

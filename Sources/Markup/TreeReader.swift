import CXML
import Messages

/// libxml2 must be initialised once, by one thread.
enum Library {
    private static let ready: Void = xmlInitParser()
    static func start() { _ = ready }
}

/// Copies libxml2's tree into ours.
enum TreeReader {
    /// Deeper nesting than this is refused: no page or response needs it, and the readers recurse.
    static let maximumDepth = 200

    static func element(_ node: xmlNodePtr, depth: Int) throws(MarkupError) -> MarkupElement {
        guard depth < maximumDepth else {
            throw MarkupError(
                code: .tooDeep, message: localized("elements are nested more than \(maximumDepth) levels deep"))
        }
        var element = MarkupElement(name: string(node.pointee.name))
        element.namespace = node.pointee.ns.flatMap { $0.pointee.href }.map { string($0) }
        var attribute = node.pointee.properties
        while let current = attribute {
            element.attributes.append(
                MarkupElement.Attribute(
                    name: string(current.pointee.name), value: text(of: current.pointee.children)))
            attribute = current.pointee.next
        }
        var child = node.pointee.children
        while let current = child {
            switch current.pointee.type {
            case XML_ELEMENT_NODE: element.children.append(.element(try Self.element(current, depth: depth + 1)))
            case XML_TEXT_NODE, XML_CDATA_SECTION_NODE:
                if let content = current.pointee.content { element.children.append(.text(string(content))) }
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
            if current.pointee.type == XML_TEXT_NODE, let content = current.pointee.content { text += string(content) }
            node = current.pointee.next
        }
        return text
    }

    private static func string(_ pointer: UnsafePointer<xmlChar>?) -> String {
        pointer.map { String(cString: $0) } ?? ""
    }
}

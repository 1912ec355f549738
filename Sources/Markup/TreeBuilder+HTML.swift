import CXML
import Glibc

extension TreeBuilder {
    /// Copies an element of libxml2's tree of a page, with its contents.
    mutating func copy(_ node: xmlNodePtr) throws(MarkupError) {
        guard let name = node.pointee.name else { return }
        try begin(name)
        var attribute = node.pointee.properties
        while let current = attribute {
            if let name = current.pointee.name {
                let value = Self.text(of: current.pointee.children)
                value.withContiguousStorageIfAvailable { add(attribute: name, value: $0) }
            }
            attribute = current.pointee.next
        }
        var child = node.pointee.children
        while let current = child {
            switch current.pointee.type {
            case XML_ELEMENT_NODE: try copy(current)
            case XML_TEXT_NODE, XML_CDATA_SECTION_NODE:
                if let content = current.pointee.content {
                    add(Self.bytes(of: content))
                }
            default: break
            }
            child = current.pointee.next
        }
        end()
    }

    private static func text(of first: xmlNodePtr?) -> [UInt8] {
        var text: [UInt8] = []
        var node = first
        while let current = node {
            if current.pointee.type == XML_TEXT_NODE, let content = current.pointee.content {
                text += bytes(of: content)
            }
            node = current.pointee.next
        }
        return text
    }

    private static func bytes(of text: UnsafePointer<xmlChar>) -> UnsafeBufferPointer<xmlChar> {
        UnsafeBufferPointer(start: text, count: strlen(UnsafeRawPointer(text).assumingMemoryBound(to: CChar.self)))
    }
}

import CXML

/// Builds our tree while libxml2 reads a document, so that there is none of its own to copy.
struct XMLEvents {
    private(set) var tree: TreeBuilder
    /// Why the parser was stopped.
    private(set) var error: MarkupError?

    /// - Parameter size: of the document, in bytes.
    init(size: Int) { tree = TreeBuilder(size: size) }

    /// Has a parser report to a value instead of building its own tree. The value must live as long as it parses.
    static func attach(_ events: UnsafeMutablePointer<XMLEvents>, to context: xmlParserCtxtPtr) {
        context.pointee._private = UnsafeMutableRawPointer(events)
        let calls = context.pointee.sax!
        calls.pointee.startElementNs = { context, name, prefix, namespace, _, _, count, _, attributes in
            guard let name else { return }
            XMLEvents.of(context) { events throws(MarkupError) in
                try events.tree.begin(name, prefix: prefix, namespace: namespace)
                if let attributes { events.add(UnsafeBufferPointer(start: attributes, count: 5 * Int(count))) }
            }
        }
        calls.pointee.endElementNs = { context, _, _, _ in XMLEvents.of(context) { $0.tree.end() } }
        // The same function for both: then no text is taken for white space that means nothing.
        calls.pointee.characters = { context, text, count in
            XMLEvents.of(context) { $0.tree.add(UnsafeBufferPointer(start: text, count: Int(count))) }
        }
        calls.pointee.ignorableWhitespace = calls.pointee.characters
        // Before anything that a document type declares is read.
        calls.pointee.internalSubset = { context, _, _, _ in
            XMLEvents.of(context) { _ throws(MarkupError) in throw .documentType }
        }
        calls.pointee.comment = nil
        calls.pointee.processingInstruction = nil
        calls.pointee.reference = nil
    }

    private static func of(
        _ context: UnsafeMutableRawPointer?, _ body: (inout XMLEvents) throws(MarkupError) -> Void
    ) {
        guard let context = context?.assumingMemoryBound(to: xmlParserCtxt.self) else { return }
        let events = context.pointee._private.assumingMemoryBound(to: XMLEvents.self)
        do throws(MarkupError) {
            try body(&events.pointee)
        } catch {
            events.pointee.error = error
            xmlStopParser(context)
        }
    }

    /// - Parameter attributes: of each its name, prefix, namespace, and begin and end of its value.
    private mutating func add(_ attributes: UnsafeBufferPointer<UnsafePointer<xmlChar>?>) {
        for first in stride(from: 0, to: attributes.count, by: 5) {
            guard let name = attributes[first], let begin = attributes[first + 3], let end = attributes[first + 4]
            else {
                continue
            }
            tree.add(
                attribute: name, prefix: attributes[first + 1], namespace: attributes[first + 2],
                value: UnsafeBufferPointer(start: begin, count: end - begin))
        }
    }
}

import CXML
import Messages

/// Creates our elements while libxml2 reads a document, so that there is no tree of its own to copy: the responses
/// about 40,000 phones are 1.5 million elements.
struct ElementBuilder {
    /// The outermost element, once it has ended.
    private(set) var root: MarkupElement?
    /// Why the parser was stopped.
    private(set) var error: MarkupError?
    /// From the outermost to the innermost of those that have not ended.
    private var open: [MarkupElement] = []
    private var words = KnownWords()

    /// Has a parser call a builder instead of building its own tree. The builder must live as long as it parses.
    static func attach(_ builder: UnsafeMutablePointer<ElementBuilder>, to context: xmlParserCtxtPtr) {
        context.pointee._private = UnsafeMutableRawPointer(builder)
        let calls = context.pointee.sax!
        calls.pointee.startElementNs = { context, name, prefix, namespace, _, _, count, _, attributes in
            ElementBuilder.of(context) {
                $0.begin(name, prefix, namespace)
                if let attributes { $0.add(UnsafeBufferPointer(start: attributes, count: 5 * Int(count))) }
            }
        }
        calls.pointee.endElementNs = { context, _, _, _ in ElementBuilder.of(context) { $0.end() } }
        // The same function for both: then no text is taken for white space that means nothing.
        calls.pointee.characters = { ElementBuilder.add($0, $1, $2) }
        calls.pointee.ignorableWhitespace = calls.pointee.characters
        // Before anything that a document type declares is read.
        calls.pointee.internalSubset = { context, _, _, _ in ElementBuilder.of(context) { $0.error = .documentType } }
        calls.pointee.comment = nil
        calls.pointee.processingInstruction = nil
        calls.pointee.reference = nil
    }

    private static func of(_ context: UnsafeMutableRawPointer?, _ body: (inout ElementBuilder) -> Void) {
        guard let context = context?.assumingMemoryBound(to: xmlParserCtxt.self) else { return }
        let builder = context.pointee._private.assumingMemoryBound(to: ElementBuilder.self)
        body(&builder.pointee)
        if builder.pointee.error != nil { xmlStopParser(context) }
    }

    private static func add(_ context: UnsafeMutableRawPointer?, _ text: UnsafePointer<xmlChar>?, _ count: Int32) {
        of(context) { $0.add(String(decoding: UnsafeBufferPointer(start: text, count: Int(count)), as: UTF8.self)) }
    }

    private mutating func begin(
        _ name: UnsafePointer<xmlChar>?, _ prefix: UnsafePointer<xmlChar>?, _ namespace: UnsafePointer<xmlChar>?
    ) {
        guard open.count < MarkupElement.maximumDepth else { return error = .tooDeep }
        open.append(
            MarkupElement(name: self.name(name, prefix, namespace), namespace: namespace.map { words.word($0) }))
    }

    /// A prefix that stands for no namespace is part of the name.
    private mutating func name(
        _ name: UnsafePointer<xmlChar>?, _ prefix: UnsafePointer<xmlChar>?, _ namespace: UnsafePointer<xmlChar>?
    ) -> String {
        guard let prefix, namespace == nil else { return words.word(name) }
        return "\(words.word(prefix)):\(words.word(name))"
    }

    /// - Parameter attributes: of each its name, prefix, namespace, and begin and end of its value.
    private mutating func add(_ attributes: UnsafeBufferPointer<UnsafePointer<xmlChar>?>) {
        guard error == nil else { return }
        for first in stride(from: 0, to: attributes.count, by: 5) {
            guard let begin = attributes[first + 3], let end = attributes[first + 4] else { continue }
            open[open.count - 1].attributes.append(
                MarkupElement.Attribute(
                    name: name(attributes[first], attributes[first + 1], attributes[first + 2]),
                    value: String(decoding: UnsafeBufferPointer(start: begin, count: end - begin), as: UTF8.self)))
        }
    }

    /// The parser reports a text in parts, where it is long or contains an entity.
    private mutating func add(_ text: String) {
        guard !open.isEmpty else { return }
        let (element, last) = (open.count - 1, open[open.count - 1].children.count - 1)
        if last >= 0, case .text(let before) = open[element].children[last] {
            open[element].children[last] = .text(before + text)
        } else {
            open[element].children.append(.text(text))
        }
    }

    private mutating func end() {
        guard let element = open.popLast() else { return }
        if open.isEmpty { root = element } else { open[open.count - 1].children.append(.element(element)) }
    }
}

import CXML

/// Builds a tree while a document is read from its beginning to its end.
struct TreeBuilder {
    private var elements: [MarkupTree.Element] = []
    private var attributes: [MarkupTree.Attribute] = []
    private var text: [UInt8] = []
    private var values: [UInt8] = []
    private var words = Words()
    /// The places of those that have not ended, the innermost last.
    private var open: [Int] = []

    /// - Parameter size: of the document, in bytes. A row of a table has some 35 for each element, and up to half of them are
    ///   text; memory that is not used in the end costs nothing.
    init(size: Int) {
        elements.reserveCapacity(size / 32)
        text.reserveCapacity(size / 2)
    }

    private var textEnd: UInt32 { UInt32(text.count) }

    /// Begins an element inside the innermost one that has not ended.
    ///
    /// - Parameter prefix: one that stands for no namespace is part of the name.
    /// - Throws: `tooDeep`
    mutating func begin(
        _ name: UnsafePointer<xmlChar>, prefix: UnsafePointer<xmlChar>? = nil, namespace: UnsafePointer<xmlChar>? = nil
    ) throws(MarkupError) {
        guard open.count < MarkupElement.maximumDepth else { throw .tooDeep }
        open.append(elements.count)
        let attribute = UInt32(attributes.count)
        elements.append(
            MarkupTree.Element(
                name: words.place(of: name, prefix: prefix, namespace: namespace),
                namespace: namespace.map { words.place(ofNamespace: $0) }, end: 0, text: textEnd..<textEnd,
                attributes: attribute..<attribute))
    }

    /// Adds an attribute to the element that began last.
    mutating func add(
        attribute name: UnsafePointer<xmlChar>, prefix: UnsafePointer<xmlChar>? = nil,
        namespace: UnsafePointer<xmlChar>? = nil, value: UnsafeBufferPointer<xmlChar>
    ) {
        let start = UInt32(values.count)
        values.append(contentsOf: value)
        attributes.append(
            MarkupTree.Attribute(
                name: words.place(of: name, prefix: prefix, namespace: namespace), value: start..<UInt32(values.count)))
        let element = elements.count - 1
        elements[element].attributes = elements[element].attributes.lowerBound..<UInt32(attributes.count)
    }

    /// Adds text, or a part of one, to the innermost element that has not ended.
    mutating func add(_ characters: UnsafeBufferPointer<xmlChar>) {
        if !open.isEmpty { text.append(contentsOf: characters) }
    }

    /// Ends the innermost element that has not ended.
    mutating func end() {
        guard let element = open.popLast() else { return }
        elements[element].end = UInt32(elements.count)
        elements[element].text = elements[element].text.lowerBound..<textEnd
    }

    /// The outermost element; nil if it has not ended.
    func root() -> MarkupElement? {
        guard !elements.isEmpty, open.isEmpty else { return nil }
        return MarkupElement(
            MarkupTree(words: words.all, elements: elements, attributes: attributes, text: text, values: values), at: 0)
    }
}

/// The names and namespaces of a document. Of XML, libxml2 keeps each once, at one address; in a page, which is much smaller,
/// each element has its own.
private struct Words {
    private(set) var all: [String] = []
    /// Of each; nil for one made of two.
    private var addresses: [UnsafePointer<xmlChar>?] = []
    private var places: [UnsafePointer<xmlChar>: Int] = [:]
    /// The word after the one that was asked for last: the elements of a row are mostly those of the row before.
    private var next = 0
    private var namespace: (address: UnsafePointer<xmlChar>, place: UInt32)?

    mutating func place(
        of name: UnsafePointer<xmlChar>, prefix: UnsafePointer<xmlChar>?, namespace: UnsafePointer<xmlChar>?
    ) -> UInt32 {
        guard let prefix, namespace == nil else { return place(of: name) }
        return add("\(String(cString: prefix)):\(String(cString: name))", at: nil)
    }

    /// Most elements have the namespace of the one before.
    mutating func place(ofNamespace uri: UnsafePointer<xmlChar>) -> UInt32 {
        if let namespace, namespace.address == uri { return namespace.place }
        let place = place(of: uri)
        namespace = (uri, place)
        return place
    }

    private mutating func place(of word: UnsafePointer<xmlChar>) -> UInt32 {
        if next == all.count || addresses[next] != word {
            guard let known = places[word] else {
                places[word] = all.count
                return add(String(cString: word), at: word)
            }
            next = known
        }
        next += 1
        return UInt32(next - 1)
    }

    private mutating func add(_ word: String, at address: UnsafePointer<xmlChar>?) -> UInt32 {
        all.append(word)
        addresses.append(address)
        next = all.count
        return UInt32(all.count - 1)
    }
}

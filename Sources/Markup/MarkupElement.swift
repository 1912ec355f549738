/// An element of an XML or HTML document, with its contents: a view of the document, of which nothing is libxml2's.
public struct MarkupElement: Sendable {
    /// What an element contains, in document order.
    public enum Node: Sendable {
        case element(MarkupElement)
        case text(String)
    }

    private let tree: MarkupTree
    private let place: Int

    init(_ tree: MarkupTree, at place: Int) {
        self.tree = tree
        self.place = place
    }

    /// Deeper nesting than this is refused: no page or response needs it.
    static let maximumDepth = 200

    private var element: MarkupTree.Element { tree.elements[place] }

    /// Without a prefix; in lower case in HTML.
    public var name: String { tree.words[Int(element.name)] }

    /// The namespace's URI, in XML.
    public var namespace: String? { element.namespace.map { tree.words[Int($0)] } }

    /// The value of an attribute. Its name is without a prefix; in lower case in HTML.
    public subscript(attribute: String) -> String? {
        tree.attributes[element.attributes.asPlaces].first { tree.words[Int($0.name)] == attribute }.map {
            String(decoding: tree.values[$0.value.asPlaces], as: UTF8.self)
        }
    }

    /// The elements and texts directly inside, in document order.
    public var children: [Node] {
        var nodes: [Node] = []
        var end = element.text.lowerBound
        func addText(to next: UInt32) {
            guard end < next else { return }
            nodes.append(.text(String(decoding: tree.text[(end..<next).asPlaces], as: UTF8.self)))
        }
        for child in elements {
            addText(to: child.element.text.lowerBound)
            nodes.append(.element(child))
            end = child.element.text.upperBound
        }
        addText(to: element.text.upperBound)
        return nodes
    }

    /// The elements directly inside.
    public var elements: Elements { Elements(tree: tree, place: place + 1, end: Int(element.end)) }

    /// Elements of the same parent, in document order.
    public struct Elements: Sequence, IteratorProtocol, Sendable {
        fileprivate let tree: MarkupTree
        fileprivate var place: Int
        fileprivate let end: Int

        public mutating func next() -> MarkupElement? {
            guard place < end else { return nil }
            defer { place = Int(tree.elements[place].end) }
            return MarkupElement(tree, at: place)
        }

        public var first: MarkupElement? { first { _ in true } }
    }

    /// The elements directly inside that have this name.
    public func elements(named name: String) -> [MarkupElement] { elements.filter { $0.name == name } }

    /// The first element directly inside that has this name.
    public func element(named name: String) -> MarkupElement? { elements.first { $0.name == name } }

    private var characters: ArraySlice<UInt8> { tree.text[element.text.asPlaces] }

    /// All text inside, unmodified.
    public var rawText: String { String(decoding: characters, as: UTF8.self) }

    /// All text inside, with runs of white space (including no-break spaces) collapsed to one space, and none at the
    /// ends.
    public var text: String {
        // Most are one word.
        if characters.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) { return rawText }
        return rawText.split { $0.isWhitespace }.joined(separator: " ")
    }

    /// Every element inside, in document order.
    private var descendants: LazyMapSequence<Range<Int>, MarkupElement> {
        ((place + 1)..<Int(element.end)).lazy.map { [tree] in MarkupElement(tree, at: $0) }
    }

    /// Every element inside for which `condition` holds, in document order.
    public func descendants(where condition: (MarkupElement) -> Bool) -> [MarkupElement] {
        descendants.filter(condition)
    }

    /// Every element inside that has this name.
    public func descendants(named name: String) -> [MarkupElement] { descendants { $0.name == name } }

    /// The first element inside, in document order, for which `condition` holds.
    public func firstDescendant(where condition: (MarkupElement) -> Bool) -> MarkupElement? {
        descendants.first(where: condition)
    }

    /// The first element inside that has this name.
    public func firstDescendant(named name: String) -> MarkupElement? { firstDescendant { $0.name == name } }
}

extension Range<UInt32> {
    fileprivate var asPlaces: Range<Int> { Int(lowerBound)..<Int(upperBound) }
}

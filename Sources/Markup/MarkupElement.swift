/// An element of an XML or HTML document, with its contents. A plain value: it contains nothing of libxml2.
public struct MarkupElement: Sendable, Hashable {
    /// What an element contains, in document order.
    public enum Node: Sendable, Hashable {
        case element(MarkupElement)
        case text(String)
    }

    public struct Attribute: Sendable, Hashable {
        /// Without a prefix; in lower case in HTML.
        public var name: String
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Without a prefix; in lower case in HTML.
    public var name: String
    /// The namespace's URI, in XML.
    public var namespace: String?
    public var attributes: [Attribute]
    public var children: [Node]

    public init(name: String, namespace: String? = nil, attributes: [Attribute] = [], children: [Node] = []) {
        self.name = name
        self.namespace = namespace
        self.attributes = attributes
        self.children = children
    }

    /// Deeper nesting than this is refused: no page or response needs it, and those who read them recurse.
    static let maximumDepth = 200

    /// The value of an attribute.
    public subscript(attribute: String) -> String? {
        attributes.first { $0.name == attribute }?.value
    }

    /// The elements directly inside.
    public var elements: [MarkupElement] {
        children.compactMap { node in
            if case .element(let element) = node { element } else { nil }
        }
    }

    /// The elements directly inside that have this name.
    public func elements(named name: String) -> [MarkupElement] {
        var found: [MarkupElement] = []
        for case .element(let element) in children where element.name == name { found.append(element) }
        return found
    }

    /// The first element directly inside that has this name.
    public func element(named name: String) -> MarkupElement? {
        for case .element(let element) in children where element.name == name { return element }
        return nil
    }

    /// All text inside, unmodified.
    public var rawText: String {
        if children.isEmpty { return "" }
        if children.count == 1, case .text(let only) = children[0] { return only }
        var text = ""
        appendText(to: &text)
        return text
    }

    /// All text inside, with runs of white space (including no-break spaces) collapsed to one space, and none at the
    /// ends.
    public var text: String {
        let rawText = rawText
        // Most are one word.
        if rawText.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) { return rawText }
        return rawText.split { $0.isWhitespace }.joined(separator: " ")
    }

    /// Every element inside for which `condition` holds, in document order.
    public func descendants(where condition: (MarkupElement) -> Bool) -> [MarkupElement] {
        var found: [MarkupElement] = []
        collect(condition, into: &found)
        return found
    }

    /// Every element inside that has this name.
    public func descendants(named name: String) -> [MarkupElement] { descendants { $0.name == name } }

    /// The first element inside, in document order, for which `condition` holds.
    public func firstDescendant(where condition: (MarkupElement) -> Bool) -> MarkupElement? {
        for element in elements {
            if condition(element) { return element }
            if let found = element.firstDescendant(where: condition) { return found }
        }
        return nil
    }

    /// The first element inside that has this name.
    public func firstDescendant(named name: String) -> MarkupElement? { firstDescendant { $0.name == name } }

    private func appendText(to text: inout String) {
        for child in children {
            switch child {
            case .text(let part): text += part
            case .element(let element): element.appendText(to: &text)
            }
        }
    }

    private func collect(_ condition: (MarkupElement) -> Bool, into found: inout [MarkupElement]) {
        for element in elements {
            if condition(element) { found.append(element) }
            element.collect(condition, into: &found)
        }
    }
}

/// The tags of XML by their place in a response: parsers return values without their places.
struct MarkupTags: Sequence, IteratorProtocol {
    struct Tag {
        enum Kind {
            case opening, closing
            /// An element without content, a comment, a declaration.
            case other
        }

        let kind: Kind
        /// Of one that opens an element: its name without the prefix of a namespace.
        let name: String
        /// From `<` to the byte after `>`.
        let range: Range<Int>
    }

    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> Tag? {
        guard let start = bytes[place...].firstIndex(of: UInt8(ascii: "<")),
            let end = bytes[start...].firstIndex(of: UInt8(ascii: ">"))
        else { return nil }
        place = end + 1
        let text = bytes[(start + 1)..<end]
        let kind = Self.kind(text)
        return Tag(kind: kind, name: kind == .opening ? Self.name(text) : "", range: start..<place)
    }

    private static func kind(_ text: ArraySlice<UInt8>) -> Tag.Kind {
        guard let first = text.first, !"?!".utf8.contains(first), text.last != UInt8(ascii: "/") else { return .other }
        return first == UInt8(ascii: "/") ? .closing : .opening
    }

    private static func name(_ text: ArraySlice<UInt8>) -> String {
        let name = String(decoding: text.prefix { !$0.isBlank }, as: UTF8.self)
        return name.split(separator: ":").last.map(String.init) ?? name
    }
}

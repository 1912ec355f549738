/// A document's elements in one array, in document order, and its texts in another, so that none is an object of its own:
/// the responses about 40,000 phones have 1.5 million elements.
final class MarkupTree: Sendable {
    /// Numbers are of 32 bits: no document that is read has more bytes.
    struct Element {
        /// Its place in ``words``.
        var name: UInt32
        /// The place of the namespace's URI in ``words``.
        var namespace: UInt32?
        /// The place of the first element that is not inside.
        var end: UInt32
        /// Where all text inside is in ``text``. What is not that of an element inside is between those.
        var text: Range<UInt32>
        /// The places of its attributes.
        var attributes: Range<UInt32>
    }

    struct Attribute {
        /// Its place in ``words``.
        var name: UInt32
        /// Where it is in ``values``.
        var value: Range<UInt32>
    }

    let words: [String]
    let elements: [Element]
    let attributes: [Attribute]
    /// All text, UTF-8.
    let text: [UInt8]
    /// The attributes' values, UTF-8.
    let values: [UInt8]

    init(words: [String], elements: [Element], attributes: [Attribute], text: [UInt8], values: [UInt8]) {
        self.words = words
        self.elements = elements
        self.attributes = attributes
        self.text = text
        self.values = values
    }
}

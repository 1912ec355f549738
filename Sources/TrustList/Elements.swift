import Basics

/// The elements of a header or record, in file order: a view of its bytes, so that reading a file copies nothing and
/// keeps nothing for each element.
public struct Elements: Sequence, Hashable, Sendable {
    /// The bytes as in the file, every length of which was checked.
    let bytes: ArraySlice<UInt8>
    /// The tags whose value is the elements that follow: one bit each; tags from 64 on are never containers.
    private let containers: UInt64

    /// - Parameter bytes: elements that ``ElementReader`` has read to the end.
    init(checked bytes: ArraySlice<UInt8>, containers: UInt64 = 0) {
        self.bytes = bytes
        self.containers = containers
    }

    /// Elements that are not part of a file yet, together no longer than a header or record can be.
    init(_ elements: [Element]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(elements.reduce(0) { $0 + $1.encodedLength })
        elements.encode(into: &bytes)
        self.init(
            checked: bytes[...],
            containers: elements.reduce(into: 0) { bits, element in
                if case .container(let tag, _) = element { bits |= Self.bit(tag) }
            })
    }

    static func bit(_ tag: UInt8) -> UInt64 { tag < 64 ? 1 << UInt64(tag) : 0 }

    /// The length in bytes.
    var length: Int { bytes.count }

    public struct Iterator: IteratorProtocol {
        private let bytes: ArraySlice<UInt8>
        private let containers: UInt64
        private var offset: Int

        fileprivate init(_ elements: Elements) {
            bytes = elements.bytes
            containers = elements.containers
            offset = elements.bytes.startIndex
        }

        public mutating func next() -> Element? {
            guard offset < bytes.endIndex else { return nil }
            let tag = bytes[offset]
            guard tag != Element.paddingTag else {
                offset += 1
                return .padding
            }
            let start = offset + 3
            let length = Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2])
            guard containers & Elements.bit(tag) == 0 else {
                offset = start
                return .container(tag: tag, length: length)
            }
            offset = start + length
            return .value(tag: tag, bytes: bytes[start..<offset])
        }
    }

    public func makeIterator() -> Iterator { Iterator(self) }

    /// Where the value of the element with this tag is, or nil.
    func range(_ wanted: UInt8) -> Range<Int>? {
        var offset = bytes.startIndex
        while offset < bytes.endIndex {
            let tag = bytes[offset]
            guard tag != Element.paddingTag else {
                offset += 1
                continue
            }
            let start = offset + 3
            let end = start + (Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2]))
            guard containers & Self.bit(tag) == 0 else {
                offset = start
                continue
            }
            if tag == wanted { return start..<end }
            offset = end
        }
        return nil
    }

    /// The value of the element with this tag, or nil.
    func bytes(_ tag: UInt8) -> ArraySlice<UInt8>? { range(tag).map { bytes[$0] } }

    /// The same as a separate array.
    func array(_ tag: UInt8) -> [UInt8]? { bytes(tag).map { [UInt8]($0) } }

    /// The value as a two-byte number, or nil if it is absent or has another length.
    func number16(_ tag: UInt8) -> UInt16? {
        guard let bytes = bytes(tag), bytes.count == 2 else { return nil }
        return bytes.bigEndian()
    }

    /// The value as text, without the trailing NUL that the length counts.
    func text(_ tag: UInt8) -> String? {
        bytes(tag).map { String(trustListText: $0) }
    }
}

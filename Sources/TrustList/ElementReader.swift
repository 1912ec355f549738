import Basics
import Messages

/// A part of a trust list, for errors: its name is only built when one is thrown.
enum Part {
    case header
    /// Counted from 1.
    case record(Int)

    var name: LocalizableText {
        switch self {
        case .header: localized("the header")
        case .record(let number): localized("record \(number)")
        }
    }
}

/// Reads elements from a bounded part of a file. Every length is checked against that part before a byte is read.
struct ElementReader {
    /// What an element is, and where.
    struct Found {
        enum Kind { case value, container, padding }

        let kind: Kind
        let tag: UInt8
        /// The offset of its tag.
        let start: Int
        /// The bytes of its value; of a container, those of the elements in it, which are not read yet.
        let value: Range<Int>
    }

    private let bytes: [UInt8]
    private(set) var offset: Int
    /// One past the last byte that may be read.
    var end: Int
    private let part: Part
    /// The tags whose value is the elements that follow: one bit each.
    private let containers: UInt64

    init(_ bytes: [UInt8], from offset: Int, to end: Int, in part: Part, containers: UInt64 = 0) {
        self.bytes = bytes
        self.offset = offset
        self.end = end
        self.part = part
        self.containers = containers
    }

    var isAtEnd: Bool { offset >= end }

    /// The next element.
    mutating func next() throws(TrustListError) -> Found {
        let start = offset
        let tag = bytes[start]
        if tag == Element.paddingTag {
            offset += 1
            return Found(kind: .padding, tag: tag, start: start, value: offset..<offset)
        }
        guard end - start >= 3 else {
            throw TrustListError(
                .truncated, at: start,
                localized("\(part.name) ends inside the length of field \(tag): \(end - start) bytes are left"))
        }
        let length = Int(bytes[start + 1]) << 8 | Int(bytes[start + 2])
        guard end - start - 3 >= length else {
            throw TrustListError(
                .truncated, at: start,
                localized(
                    "field \(tag) of \(part.name) says it is \(length) bytes long, but only \(end - start - 3) are left"
                ))
        }
        let value = start + 3..<start + 3 + length
        let isContainer = containers & Elements.bit(tag) != 0
        offset = isContainer ? value.lowerBound : value.upperBound
        return Found(kind: isContainer ? .container : .value, tag: tag, start: start, value: value)
    }
}

/// Records the tags that were seen, and refuses duplicates.
struct SeenTags {
    /// One bit per tag.
    private var low: UInt128 = 0
    private var high: UInt128 = 0

    func contains(_ tag: UInt8) -> Bool { (tag < 128 ? low : high) & (UInt128(1) << (tag & 127)) != 0 }

    mutating func insert(_ element: ElementReader.Found, in part: Part) throws(TrustListError) {
        if element.kind == .padding { return }
        let bit = UInt128(1) << (element.tag & 127)
        let isSeen = (element.tag < 128 ? low : high) & bit != 0
        if element.tag < 128 { low |= bit } else { high |= bit }
        guard !isSeen else {
            throw TrustListError(
                .duplicateField, at: element.start, localized("field \(element.tag) appears twice in \(part.name)"))
        }
    }
}

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
    private let bytes: [UInt8]
    private(set) var offset: Int
    /// One past the last byte that may be read.
    var end: Int
    private let part: Part

    init(_ bytes: [UInt8], from offset: Int, to end: Int, in part: Part) {
        self.bytes = bytes
        self.offset = offset
        self.end = end
        self.part = part
    }

    var isAtEnd: Bool { offset >= end }

    /// The next element. `containers` are the tags whose value is the elements that follow.
    mutating func next(containers: [UInt8]) throws(TrustListError) -> Element {
        let start = offset
        let tag = bytes[start]
        if tag == Element.paddingTag {
            offset += 1
            return .padding
        }
        guard end - start >= 3 else {
            throw TrustListError(
                .truncated, at: start,
                localized("\(part.name) ends inside the length of field \(tag): \(end - start) bytes are left"))
        }
        let length = bytes[start + 1...start + 2].bigEndian(as: Int.self)
        guard end - start - 3 >= length else {
            throw TrustListError(
                .truncated, at: start,
                localized(
                    "field \(tag) of \(part.name) says it is \(length) bytes long, but only \(end - start - 3) are left"
                ))
        }
        if containers.contains(tag) {
            offset = start + 3
            return .container(tag: tag, length: length)
        }
        offset = start + 3 + length
        return .value(tag: tag, bytes: bytes[start + 3..<offset])
    }
}

/// Records the tags that were seen, and refuses duplicates.
struct SeenTags {
    /// One bit per tag.
    private var low: UInt128 = 0
    private var high: UInt128 = 0

    mutating func insert(_ element: Element, at offset: Int, in part: Part) throws(TrustListError) {
        if case .padding = element { return }
        let bit = UInt128(1) << (element.tag & 127)
        let isSeen = (element.tag < 128 ? low : high) & bit != 0
        if element.tag < 128 { low |= bit } else { high |= bit }
        guard !isSeen else {
            throw TrustListError(
                .duplicateField, at: offset, localized("field \(element.tag) appears twice in \(part.name)"))
        }
    }
}

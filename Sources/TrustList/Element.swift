import Basics

/// One tag-length-value element of a header or record, as in the file.
///
/// Tags are one byte, lengths two bytes big-endian. Two elements are special: padding (tag 13) is a lone byte without a
/// length, and a container (header tags 3, 7 and 9) is only a tag and a length, whose value is the elements that
/// follow. Source: docs/trust-list-format.md, "Encoding".
public enum Element: Hashable, Sendable {
    /// The bytes may be a slice of the decoded file, so that reading copies nothing.
    case value(tag: UInt8, bytes: ArraySlice<UInt8>)
    case container(tag: UInt8, length: Int)
    case padding

    static let paddingTag: UInt8 = 13

    public var tag: UInt8 {
        switch self {
        case .value(let tag, _), .container(let tag, _): tag
        case .padding: Element.paddingTag
        }
    }

    /// How many bytes the element takes in the file; for a container, its tag and length only.
    var encodedLength: Int {
        switch self {
        case .value(_, let bytes): 3 + bytes.count
        case .container: 3
        case .padding: 1
        }
    }

    func encode(into output: inout [UInt8]) {
        switch self {
        case .value(let tag, let bytes):
            output.append(tag)
            output.append(bigEndian: bytes.count)
            output.append(contentsOf: bytes)
        case .container(let tag, let length):
            output.append(tag)
            output.append(bigEndian: length)
        case .padding:
            output.append(Element.paddingTag)
        }
    }
}

extension [Element] {
    func encode(into output: inout [UInt8]) {
        for element in self { element.encode(into: &output) }
    }
}

extension ArraySlice<UInt8> {
    /// A text with the trailing NUL that the format requires.
    init(trustListText text: String) {
        self = (Array(text.utf8) + [0])[...]
    }
}

extension [UInt8] {
    /// Appends a two-byte big-endian number; every caller has checked that it fits.
    mutating func append(bigEndian value: Int) {
        self += [UInt8](bigEndian: UInt16(value))
    }
}

extension String {
    /// A field's bytes as text: one trailing NUL is dropped, and bytes that are not UTF-8 show as U+FFFD.
    init(trustListText bytes: ArraySlice<UInt8>) {
        self = String(decoding: bytes.last == 0 ? bytes.dropLast() : bytes, as: UTF8.self)
    }
}

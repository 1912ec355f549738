import Basics

/// As much of DER (X.690) as the files of a card need.
enum DER {
    /// One element: tag (with all its bytes), length, content.
    static func element(_ tag: UInt32, _ content: [UInt8]) -> [UInt8] {
        let tagBytes = [24, 16, 8, 0].map { UInt8(tag >> $0 & 0xff) }.drop { $0 == 0 }
        return tagBytes + length(content.count) + content
    }

    static func element(_ tag: UInt32, _ parts: [UInt8]...) -> [UInt8] { element(tag, Array(parts.joined())) }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] { element(0x30, Array(parts.joined())) }

    static func octets(_ bytes: [UInt8]) -> [UInt8] { element(0x04, bytes) }

    static func text(_ string: String) -> [UInt8] { element(0x0c, Array(string.utf8)) }

    static func integer(_ value: Int, tag: UInt32 = 0x02) -> [UInt8] { element(tag, unsigned(value)) }

    /// A BIT STRING of flags: bit 0 of the standard's list is the first.
    static func flags(_ bits: Int...) -> [UInt8] {
        guard let last = bits.max() else { return element(0x03, [0]) }
        var bytes = [UInt8](repeating: 0, count: last / 8 + 1)
        for bit in bits { bytes[bit / 8] |= 0x80 >> UInt8(bit % 8) }
        return element(0x03, [UInt8(7 - last % 8)] + bytes)
    }

    private static func length(_ count: Int) -> [UInt8] {
        if count < 0x80 { return [UInt8(count)] }
        let bytes = bigEndian(count)
        return [0x80 | UInt8(bytes.count)] + bytes
    }

    private static func unsigned(_ value: Int) -> [UInt8] {
        let bytes = bigEndian(value)
        return bytes[0] & 0x80 == 0 ? bytes : [0] + bytes
    }

    private static func bigEndian(_ value: Int) -> [UInt8] {
        let bytes = [UInt8](bigEndian: value).drop { $0 == 0 }
        return bytes.isEmpty ? [0] : Array(bytes)
    }

    /// The content of the first element with this one-byte tag in a list of elements, or nil.
    static func content(of tag: UInt8, in bytes: [UInt8]) -> [UInt8]? {
        var rest = bytes[...]
        while let found = rest.popFirst(), let first = rest.popFirst() {
            var length = Int(first)
            if first & 0x80 != 0 {
                let width = Int(first & 0x7f)
                guard width <= 2, rest.count >= width else { return nil }
                length = rest.prefix(width).bigEndian()
                rest = rest.dropFirst(width)
            }
            guard rest.count >= length else { return nil }
            if found == tag { return Array(rest.prefix(length)) }
            rest = rest.dropFirst(length)
        }
        return nil
    }
}

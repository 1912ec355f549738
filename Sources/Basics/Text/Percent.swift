/// Bytes as `%` and two hexadecimal digits (RFC 3986, section 2.1).
package enum Percent {
    /// Letters, digits and `-._~`, which a URL never encodes (RFC 3986, section 2.3).
    package static let unreserved = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)

    /// Text in which only some bytes are unescaped.
    package static func encode(_ bytes: some Sequence<UInt8>, keeping plain: (UInt8) -> Bool) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        for byte in bytes {
            if plain(byte) {
                output.append(byte)
            } else {
                output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Every byte except those of ``unreserved`` encoded.
    package static func encode(_ text: String) -> String { encode(text.utf8, keeping: unreserved.contains) }

    /// The decoded bytes; a `%` without two digits after it is kept.
    ///
    /// - Parameter plusIsSpace: as in forms (WHATWG URL standard, section 5.1).
    package static func decode(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = false) -> [UInt8] {
        var output: [UInt8] = []
        // Once, because the bytes may be a secret, and must leave no copies behind.
        output.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = escaped(rest) {
                output.append(value)
                rest = rest.dropFirst(2)
            } else {
                output.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return output
    }

    /// Text of a form or query: `+` is a space.
    package static func decodeForm(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: decode(bytes, plusIsSpace: true), as: UTF8.self)
    }

    /// Whether two digits follow each `%`.
    package static func isWhole(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.indices.allSatisfy { index in
            bytes[index] != UInt8(ascii: "%") || escaped(bytes[bytes.index(after: index)...]) != nil
        }
    }

    private static func escaped(_ bytes: some Collection<UInt8>) -> UInt8? {
        guard let first = bytes.first, let high = digit(first), let second = bytes.dropFirst().first,
            let low = digit(second)
        else { return nil }
        return high << 4 | low
    }

    /// The value of a hexadecimal digit in either case.
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

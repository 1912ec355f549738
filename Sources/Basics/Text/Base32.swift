/// Base32 without padding (RFC 4648, section 6): letters and digits that are not mistaken for one another.
package enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
    private static let values = Dictionary(uniqueKeysWithValues: zip(alphabet, UInt16(0)...))

    /// How many characters this many bytes take.
    package static func length(of count: Int) -> Int { (count * 8 + 4) / 5 }

    package static func text(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        var (bits, buffer) = (0, UInt16(0))
        for byte in bytes {
            buffer = buffer << 8 | UInt16(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                output.append(alphabet[Int(buffer >> UInt16(bits) & 31)])
            }
            buffer &= 1 << UInt16(bits) - 1
        }
        if bits > 0 { output.append(alphabet[Int(buffer << UInt16(5 - bits) & 31)]) }
        return String(decoding: output, as: UTF8.self)
    }

    /// Nil if it is anything else, including a text that does not stand for whole bytes.
    package static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        var output: [UInt8] = []
        var (bits, buffer) = (0, UInt16(0))
        for character in text {
            guard let value = values[character] else { return nil }
            buffer = buffer << 5 | value
            bits += 5
            if bits >= 8 {
                bits -= 8
                output.append(UInt8(buffer >> UInt16(bits)))
                buffer &= 1 << UInt16(bits) - 1
            }
        }
        return bits < 5 && buffer == 0 ? output : nil
    }
}

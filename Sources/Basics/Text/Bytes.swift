import FoundationEssentials

extension Sequence where Element == UInt8 {
    /// Lower-case hexadecimal without separators.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Upper-case hexadecimal, bytes separated by colons, as CUCM prints serial numbers.
    public var colonHex: String {
        map { [$0].hex.uppercased() }.joined(separator: ":")
    }

    /// The number that these bytes are, the first one the most significant. What does not fit is lost at the front.
    @inlinable package func bigEndian<Number: FixedWidthInteger>(as type: Number.Type = Number.self) -> Number {
        reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }
}

extension String {
    /// A hexadecimal number of a document as people see it: `3C:F9:27`, the one spelling of serial numbers in texts.
    public var asSerialNumber: String { [UInt8](hexNumber: self)?.colonHex ?? self }
}

/// Base64 with padding (RFC 4648, section 4).
public func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

extension Array where Element == UInt8 {
    /// Reads hexadecimal digits, two for each byte; colons and spaces are ignored. Nil if anything else is found, or
    /// half a byte.
    package init?(hex text: some StringProtocol) {
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in text.utf8 where character != UInt8(ascii: ":") && character != UInt8(ascii: " ") {
            guard let digit = Percent.digit(character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        guard high == nil else { return nil }
        self = bytes
    }

    /// Reads a hexadecimal number, whose first byte may lack its leading zero; colons and spaces are ignored. Nil if
    /// anything else is found, or nothing.
    package init?(hexNumber text: some StringProtocol) {
        let digits = String(text).filter { $0 != ":" && $0 != " " }
        guard !digits.isEmpty else { return nil }
        self.init(hex: digits.count.isMultiple(of: 2) ? digits : "0" + digits)
    }

    /// Reads base64 with padding; nil if it is anything else.
    package init?(base64 text: String) {
        guard let data = Data(base64Encoded: text) else { return nil }
        self.init(data)
    }

    /// The bytes of a number, the most significant first.
    @inlinable package init(bigEndian number: some FixedWidthInteger) {
        self = Swift.withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}

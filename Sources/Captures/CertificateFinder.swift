import Basics
import X509

/// Certificates in bytes of any kind.
enum CertificateFinder {
    /// A certificate as PEM, however its lines are broken.
    struct Block {
        /// Where its base64 digits are.
        var places: [Int] = []
        var digits: [UInt8] = []
        /// Nil if it is not whole.
        var der: [UInt8]?
    }

    private static let begin = Array("-----BEGIN ".utf8)
    private static let dashes = Array("-----".utf8)

    /// Blocks of PEM, certificates or not.
    static func blocks(in bytes: [UInt8]) -> [Block] {
        var blocks: [Block] = []
        var at = 0
        while let start = bytes[at...].firstRange(of: begin),
            let head = bytes[start.upperBound...].firstRange(of: dashes)
        {
            let end = bytes[head.upperBound...].firstRange(of: dashes)?.lowerBound ?? bytes.count
            blocks.append(block(bytes, head.upperBound..<end))
            at = min(bytes.count, end + dashes.count)
            // After END and its dashes.
            if let tail = bytes[at...].firstRange(of: dashes) { at = tail.upperBound }
        }
        return blocks
    }

    private static func block(_ bytes: [UInt8], _ range: Range<Int>) -> Block {
        var block = Block()
        var index = range.lowerBound
        var padding = 0
        while index < range.upperBound {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\\") {
                // A line end in JSON: \n, \r; or \/ for a slash.
                index += index + 1 < range.upperBound && bytes[index + 1] == UInt8(ascii: "/") ? 1 : 2
                continue
            }
            if byte.isLetter || byte.isDigit || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/") {
                block.places.append(index)
                block.digits.append(byte)
            } else if byte == UInt8(ascii: "=") {
                padding += 1
            }
            index += 1
        }
        let text = block.digits + Array(repeating: UInt8(ascii: "="), count: padding)
        block.der = [UInt8](base64: String(decoding: text, as: UTF8.self))
        return block
    }

    /// Where certificates are as DER.
    static func ranges(in bytes: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var at = 0
        while let start = bytes[at...].firstRange(of: [0x30, 0x82])?.lowerBound {
            at = start + 2
            guard let item = DERItem(bytes, at: start, before: bytes.count),
                (try? Certificate(der: Array(bytes[item.range]))) != nil
            else { continue }
            ranges.append(item.range)
            at = item.range.upperBound
        }
        return ranges
    }

    static func certificates(in bytes: [UInt8]) -> [[UInt8]] {
        blocks(in: bytes).compactMap(\.der) + ranges(in: bytes).map { Array(bytes[$0]) }
    }
}

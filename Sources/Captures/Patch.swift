/// Bytes that are being disguised, in place: lengths never change, and what was replaced is not examined again.
struct Patch {
    private(set) var bytes: [UInt8]
    private var isDone: [Bool]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        isDone = Array(repeating: false, count: bytes.count)
    }

    var all: Range<Int> { 0..<bytes.count }

    func isDone(_ index: Int) -> Bool { isDone[index] }

    mutating func replace(_ range: Range<Int>, with new: [UInt8]) {
        precondition(new.count == range.count, "what is replaced keeps its length")
        bytes.replaceSubrange(range, with: new)
        keep(range)
    }

    /// Marks a range as done without changing it.
    mutating func keep(_ range: Range<Int>) {
        for index in range { isDone[index] = true }
    }
}

extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }
    /// A letter, a digit, or a part of a letter beyond ASCII.
    var isWord: Bool { isDigit || isLetter || self >= 0x80 }
    var isHex: Bool { isDigit || (0x41...0x46).contains(self) || (0x61...0x66).contains(self) }
    var lower: UInt8 { (0x41...0x5A).contains(self) ? self + 0x20 : self }
    var upper: UInt8 { (0x61...0x7A).contains(self) ? self - 0x20 : self }
}

import Basics

/// A command to a card (ISO 7816-4, section 5.1), in short or extended form.
public struct Command: Hashable, Sendable {
    public let cla: UInt8
    public let ins: UInt8
    public let p1: UInt8
    public let p2: UInt8
    public var data: [UInt8]
    /// The maximum number of response bytes that the caller accepts.
    public let expected: Int

    /// Whether more of the same command follows (command chaining, ISO 7816-4, section 5.3.3).
    public var isChained: Bool { cla & 0x10 != 0 }

    /// P1 and P2 as one number.
    public var parameter: UInt16 { [p1, p2].bigEndian() }

    /// Nil if the lengths are inconsistent.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count >= 4 else { return nil }
        (cla, ins, p1, p2) = (bytes[0], bytes[1], bytes[2], bytes[3])
        var rest = bytes[4...]
        guard let first = rest.popFirst() else {
            (data, expected) = ([], 0)
            return
        }
        let isExtended = first == 0 && rest.count >= 2
        func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.bigEndian() }
        let width = isExtended ? 2 : 1
        let most = isExtended ? 65536 : 256
        let length = isExtended ? number(rest.prefix(2)) : Int(first)
        if isExtended { rest = rest.dropFirst(2) }
        if rest.isEmpty {
            (data, expected) = ([], length == 0 ? most : length)
            return
        }
        guard length > 0, rest.count >= length else { return nil }
        data = Array(rest.prefix(length))
        let end = rest.dropFirst(length)
        guard end.isEmpty || end.count == width else { return nil }
        expected = end.isEmpty ? 0 : number(end) == 0 ? most : number(end)
    }
}

/// A card's response: data and the status word.
public struct Response: Hashable, Sendable {
    public let data: [UInt8]
    public let status: UInt16

    init(_ data: [UInt8] = [], status: Status = .done) {
        (self.data, self.status) = (data, status.rawValue)
    }

    init(status: UInt16) { (data, self.status) = ([], status) }

    var bytes: [UInt8] { data + [UInt8](bigEndian: status) }
}

/// Status words (ISO 7816-4, section 5.1.3) that the virtual cards return.
enum Status: UInt16 {
    case done = 0x9000
    case wrongPIN = 0x6300
    case wrongLength = 0x6700
    case notVerified = 0x6982
    case pinBlocked = 0x6983
    case conditionsNotMet = 0x6985
    case noFileSelected = 0x6986
    case badData = 0x6a80
    case notFound = 0x6a82
    case badParameters = 0x6a86
    case noSuchData = 0x6a88
    case beyondEnd = 0x6b00
    case unknownInstruction = 0x6d00
    case unknownClass = 0x6e00
}

import Basics

/// A message of the Trust Verification Service. Source: docs/cluster-interfaces.md.
struct TVSMessage: Sendable {
    enum Command: UInt8, Sendable {
        case verifyRequest = 1
        case verifyResponse = 2
        case queryRequest = 3
        case queryResponse = 4
    }

    enum Tag {
        static let deviceName: UInt8 = 1
        static let certificate: UInt8 = 2
        static let subjectName: UInt8 = 3
        static let issuerName: UInt8 = 4
        static let serialNumber: UInt8 = 5
        static let status: UInt8 = 7
        static let roles: UInt8 = 8
        static let timeToLive: UInt8 = 9
    }

    static let headLength = 10
    private static let magic: [UInt8] = [0x57, 0x01]

    let command: Command
    let session: UInt32
    /// Tag and value, in order; a tag appears at most once.
    let elements: [(tag: UInt8, value: [UInt8])]

    init(_ command: Command, session: UInt32, elements: [(tag: UInt8, value: [UInt8])]) {
        self.command = command
        self.session = session
        self.elements = elements
    }

    func value(_ tag: UInt8) -> [UInt8]? { elements.first { $0.tag == tag }?.value }

    /// A name: text with one trailing NUL, and no other.
    func name(_ tag: UInt8) -> String? {
        guard let bytes = value(tag), bytes.last == 0, !bytes.dropLast().contains(0) else { return nil }
        return String(decoding: bytes.dropLast(), as: UTF8.self)
    }

    /// The length of the body announced in a header; nil if it is not the header of a known message.
    static func bodyLength(_ head: [UInt8]) -> Int? {
        guard head.count == headLength, Array(head[..<2]) == magic, Command(rawValue: head[2]) != nil else {
            return nil
        }
        return head[8...9].bigEndian()
    }

    /// Reads a complete message; nil if it is malformed.
    init?(head: [UInt8], body: [UInt8]) {
        guard let length = Self.bodyLength(head), length == body.count, let command = Command(rawValue: head[2]) else {
            return nil
        }
        var elements: [(tag: UInt8, value: [UInt8])] = []
        var offset = 0
        while offset < body.count {
            guard body.count - offset >= 3 else { return nil }
            let tag = body[offset]
            let size = body[offset + 1...offset + 2].bigEndian(as: Int.self)
            guard body.count - offset - 3 >= size, !elements.contains(where: { $0.tag == tag }) else { return nil }
            elements.append((tag, Array(body[(offset + 3)..<(offset + 3 + size)])))
            offset += 3 + size
        }
        self.init(command, session: head[4..<8].bigEndian(), elements: elements)
    }

    var encoded: [UInt8] {
        let body = elements.flatMap { [$0.tag] + [UInt8](bigEndian: UInt16($0.value.count)) + $0.value }
        return Self.magic + [command.rawValue, 0] + Self.bytes(session)
            + [UInt8](bigEndian: UInt16(body.count)) + body
    }

    static func bytes(_ number: UInt32) -> [UInt8] {
        stride(from: 24, through: 0, by: -8).map { UInt8(number >> UInt32($0) & 0xff) }
    }
}

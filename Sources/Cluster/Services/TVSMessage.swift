import Basics
import Messages

/// A message of the Trust Verification Service (docs/cluster-interfaces.md): `57 01`, command, reserved byte, session id, body
/// length, and a body of TLVs (tag 1 byte, length 2). All integers are big-endian.
public struct TVSMessage: Sendable, Hashable {
    public enum Command: UInt8, Sendable, Hashable {
        case verifyRequest = 1
        case verifyResponse = 2
        case queryCertificateRequest = 3
        case queryCertificateResponse = 4
    }

    /// *Unconfirmed* in a query: issuer and serial number, because the printed dump ends before them.
    public enum Tag: UInt8, Sendable, Hashable {
        case deviceName = 1
        case certificate = 2
        case subjectName = 3
        case issuerName = 4
        case serialNumber = 5
        case status = 7
        case roles = 8
        case timeToLive = 9
    }

    public struct Element: Sendable, Hashable {
        public var tag: UInt8
        public var value: [UInt8]

        public init(tag: UInt8, value: [UInt8]) {
            self.tag = tag
            self.value = value
        }

        public init(_ tag: Tag, _ value: [UInt8]) { self.init(tag: tag.rawValue, value: value) }
    }

    public static let headerSize = 10
    /// Large enough for certificates and names; nothing longer is read.
    public static let maximumBodySize = 16384

    public var command: UInt8
    public var sessionID: UInt32
    public var elements: [Element]

    public init(_ command: Command, sessionID: UInt32, elements: [Element]) {
        self.command = command.rawValue
        self.sessionID = sessionID
        self.elements = elements
    }

    /// The bytes on the wire. The body has to be shorter than 65536 bytes.
    public func encode() -> [UInt8] {
        var body: [UInt8] = []
        for element in elements {
            body.append(element.tag)
            body += [UInt8](bigEndian: UInt16(truncatingIfNeeded: element.value.count))
            body += element.value
        }
        return [0x57, 0x01, command, 0] + [UInt8](bigEndian: sessionID)
            + [UInt8](bigEndian: UInt16(truncatingIfNeeded: body.count)) + body
    }

    /// Why bytes are not a message.
    public struct Malformed: UserError, Hashable {
        public enum Code: String, Sendable { case malformed = "unexpected-answer" }
        public let clause: LocalizableText
        public var code: Code { .malformed }
        public var text: LocalizableText { localized("The TVS message cannot be read: \(clause).") }
    }

    /// The length of the body that a header announces.
    public static func bodySize(header: [UInt8]) throws(Malformed) -> Int {
        guard header.count == headerSize else { throw Malformed(clause: localized("the header is cut off")) }
        guard header[0] == 0x57, header[1] == 0x01 else {
            throw Malformed(clause: localized("it does not start with 57 01"))
        }
        let size = header[8...9].bigEndian(as: Int.self)
        guard size <= maximumBodySize else {
            throw Malformed(clause: localized("a body of \(size) bytes is announced"))
        }
        return size
    }

    /// Reads one complete message; nothing may follow it, and no element may appear twice.
    public init(decoding bytes: [UInt8]) throws(Malformed) {
        let size = try Self.bodySize(header: Array(bytes.prefix(Self.headerSize)))
        guard bytes.count == Self.headerSize + size else {
            throw Malformed(
                clause: localized("the body is \(bytes.count - Self.headerSize) bytes long, not \(size)"))
        }
        command = bytes[2]
        sessionID = bytes[4..<8].bigEndian()
        elements = []
        var rest = bytes[Self.headerSize...]
        while let tag = rest.popFirst() {
            guard rest.count >= 2 else { throw Malformed(clause: localized("element \(tag) is cut off")) }
            let length = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
            guard rest.count >= length else { throw Malformed(clause: localized("element \(tag) is cut off")) }
            guard !elements.contains(where: { $0.tag == tag }) else {
                throw Malformed(clause: localized("element \(tag) appears twice"))
            }
            elements.append(Element(tag: tag, value: Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
    }

    public subscript(tag: Tag) -> [UInt8]? { elements.first { $0.tag == tag.rawValue }?.value }
}

import Basics

/// A field of an `application/x-www-form-urlencoded` body.
public struct FormField: Sendable {
    public var name: String
    /// UTF-8.
    public var value: [UInt8]

    public init(_ name: String, _ value: String) {
        self.init(name, bytes: Array(value.utf8))
    }

    public init(_ name: String, bytes: [UInt8]) {
        self.name = name
        self.value = bytes
    }

    /// The encoded body (WHATWG URL standard, section 5.2).
    ///
    /// A value may be a password: nothing of it is left but the array that is returned.
    public static func encode(_ fields: [FormField]) -> [UInt8] {
        var body: [UInt8] = []
        // At once: an array that grows leaves copies behind.
        body.reserveCapacity(fields.reduce(0) { $0 + 3 * ($1.name.utf8.count + $1.value.count) + 2 })
        for (index, field) in fields.enumerated() {
            if index > 0 { body.append(UInt8(ascii: "&")) }
            for byte in field.name.utf8 { append(byte, to: &body) }
            body.append(UInt8(ascii: "="))
            for byte in field.value { append(byte, to: &body) }
        }
        return body
    }

    private static let plain = Percent.unreserved.subtracting("~".utf8).union("*".utf8)
    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func append(_ byte: UInt8, to body: inout [UInt8]) {
        if byte == UInt8(ascii: " ") {
            body.append(UInt8(ascii: "+"))
        } else if plain.contains(byte) {
            body.append(byte)
        } else {
            body.append(UInt8(ascii: "%"))
            body.append(digits[Int(byte >> 4)])
            body.append(digits[Int(byte & 15)])
        }
    }
}

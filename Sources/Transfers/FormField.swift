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
    public static func encode(_ fields: [FormField]) -> [UInt8] {
        let plain = Percent.unreserved.subtracting("~".utf8).union("* ".utf8)
        func encode(_ bytes: [UInt8]) -> [UInt8] {
            Percent.encode(bytes, keeping: plain.contains).utf8.map { $0 == UInt8(ascii: " ") ? UInt8(ascii: "+") : $0 }
        }
        return Array(
            fields.map { encode(Array($0.name.utf8)) + [UInt8(ascii: "=")] + encode($0.value) }
                .joined(separator: [UInt8(ascii: "&")]))
    }
}

import FoundationEssentials

/// JSON as written by all parts of the program: sorted keys, so that two documents can be compared line by line.
public enum JSON {
    /// A document with one key per line, ending with a line feed.
    public static func document(
        _ value: some Encodable, userInfo: [CodingUserInfoKey: any Sendable] = [:]
    ) throws -> [UInt8] {
        try encoded(value, [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes], userInfo) + [10]
    }

    /// A document on one line, ending with a line feed: an event of a stream, a record of a journal.
    public static func line(
        _ value: some Encodable, userInfo: [CodingUserInfoKey: any Sendable] = [:]
    ) throws -> [UInt8] {
        try encoded(value, [.sortedKeys, .withoutEscapingSlashes], userInfo) + [10]
    }

    /// Reads a document.
    ///
    /// - Throws: `DecodingError`.
    public static func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Collection<UInt8>) throws -> Value
    {
        try JSONDecoder().decode(type, from: Data(bytes))
    }

    private static func encoded(
        _ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting,
        _ userInfo: [CodingUserInfoKey: any Sendable] = [:]
    ) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.userInfo = userInfo
        encoder.outputFormatting = formatting
        return escaped(Array(try encoder.encode(value)))
    }

    /// The same document with all characters escaped that a terminal obeys, or that change how others are shown: the
    /// encoder escapes only those below U+0020. Outside of strings, JSON is ASCII (RFC 8259, sections 2 and 7).
    private static func escaped(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(where: { $0 >= 0x7F }) else { return bytes }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            if scalar.value >= 0x7F, scalar.isHidden {
                for unit in String(scalar).utf16 { output += "\\u\([UInt8](bigEndian: unit).hex)".utf8 }
            } else {
                output += UTF8.encode(scalar).map(Array.init) ?? []
            }
        }
        return output
    }
}

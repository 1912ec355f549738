import FoundationEssentials

/// JSON as written by all of the program: sorted keys, so that two documents can be compared line by line.
public enum JSON {
    /// A document with one key per line, ending with a line feed.
    public static func document(_ value: some Encodable) throws -> [UInt8] {
        try encoded(value, [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]) + [10]
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
        return Array(try encoder.encode(value))
    }
}

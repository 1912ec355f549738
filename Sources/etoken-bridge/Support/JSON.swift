import FoundationEssentials

/// A result for programs: one versioned document on stdout.
struct Document<Body: Encodable>: Encodable {
    let body: Body

    private enum Key: String, CodingKey { case schema }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode("etoken-bridge/1", forKey: .schema)
        try body.encode(to: encoder)
    }
}

extension Terminal {
    /// A document for a file, as ``json(_:)`` writes them but without a schema of its own.
    static func jsonBytes(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value)) + [10]
    }

    static func json(_ body: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        out(String(decoding: try encoder.encode(Document(body: body)), as: UTF8.self))
    }
}

/// Seconds since 1970 as ISO 8601 in UTC, for example `2015-03-06T19:45:13Z`.
func isoTime(_ seconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
}

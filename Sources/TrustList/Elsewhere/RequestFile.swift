import Basics
import Messages

/// A request in a file of its own: a trust list that is to be signed elsewhere, and that belongs to no plan.
///
/// Source: docs/offline-signing.md.
public struct RequestFile: Codable, Sendable {
    private static let schema = "etoken-bridge/signing-request/1"

    public let request: SigningRequest

    public init(_ request: SigningRequest) { self.request = request }

    /// Whether a file is a request rather than a trust list, which starts with another byte.
    public static func isOne(_ bytes: [UInt8]) -> Bool { bytes.first == UInt8(ascii: "{") }

    /// Reads a request.
    ///
    /// - Throws: ``AnswerError`` (`request-unusable`).
    public static func received(_ bytes: [UInt8]) throws(AnswerError) -> ReceivedRequest {
        do { return ReceivedRequest(try JSON.decode(RequestFile.self, from: bytes).request, in: bytes) } catch {
            throw AnswerError(
                .requestUnusable, localized("The request cannot be read: \(DecodingFailure.text(error))."))
        }
    }

    private enum CodingKeys: String, CodingKey { case schema }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let schema = try container.decode(String.self, forKey: .schema)
        guard schema == Self.schema else {
            throw DecodingError.dataCorruptedError(forKey: .schema, in: container, debugDescription: schema)
        }
        request = try SigningRequest(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.schema, forKey: .schema)
        try request.encode(to: encoder)
    }
}

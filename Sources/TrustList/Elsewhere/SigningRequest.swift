import Basics
import Messages
import X509

/// What a token elsewhere is asked to sign, and who asks: part of a saved plan, or a file of its own.
///
/// Source: docs/offline-signing.md.
public struct SigningRequest: Codable, Sendable, Equatable {
    /// Who asks: `alice@workstation`.
    public let askedBy: String
    public let asked: Timestamp
    /// Of etoken-bridge.
    public let version: String
    /// Everything that will be signed.
    public let list: UnsignedTrustList
    /// The file that it replaces; nil if there is none.
    public let present: [UInt8]?

    public init(
        _ list: UnsignedTrustList, replacing present: [UInt8]?, askedBy: String, at asked: Timestamp, version: String
    ) {
        self.askedBy = SigningAnswer.plain(askedBy)
        self.asked = asked
        self.version = version
        self.list = list
        self.present = present
    }

    private enum CodingKeys: String, CodingKey { case askedBy, asked, version, unsigned, present }

    /// Strict, because someone else may have written it: names are shown.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func refuse(_ key: CodingKeys, _ why: String) -> DecodingError {
            .dataCorruptedError(forKey: key, in: container, debugDescription: why)
        }
        askedBy = try container.decode(String.self, forKey: .askedBy)
        asked = try container.decode(Timestamp.self, forKey: .asked)
        version = try container.decode(String.self, forKey: .version)
        guard SigningAnswer.isName(askedBy) else { throw refuse(.askedBy, "control characters") }
        guard SigningAnswer.isName(version) else { throw refuse(.version, "control characters") }
        func bytes(_ key: CodingKeys) throws -> [UInt8]? {
            guard let text = try container.decodeIfPresent(String.self, forKey: key) else { return nil }
            guard let bytes = [UInt8](base64: text) else { throw refuse(key, "no Base64") }
            return bytes
        }
        guard let unsigned = try bytes(.unsigned) else {
            throw DecodingError.keyNotFound(
                CodingKeys.unsigned, .init(codingPath: container.codingPath, debugDescription: "unsigned"))
        }
        do { list = try UnsignedTrustList(decoding: unsigned) } catch { throw refuse(.unsigned, "\(error)") }
        present = try bytes(.present)
        if let present, (try? TrustListFile(decoding: present)) == nil { throw refuse(.present, "no trust list") }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(askedBy, forKey: .askedBy)
        try container.encode(asked, forKey: .asked)
        try container.encode(version, forKey: .version)
        try container.encode(base64(list.bytes), forKey: .unsigned)
        try container.encodeIfPresent(present.map { base64($0) }, forKey: .present)
    }
}

/// A request as it was received: the answer to it names the file that it came in.
public struct ReceivedRequest: Sendable {
    public let request: SigningRequest
    /// SHA-256 of the whole file that contains it, lower-case hexadecimal.
    public let sha256: String

    /// - Parameter file: the bytes of the plan, or of the request, that contains it.
    public init(_ request: SigningRequest, in file: [UInt8]) {
        self.request = request
        sha256 = Digest.sha256(file).hex
    }
}

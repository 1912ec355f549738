import Basics
import Messages
import X509

/// What comes back from the machine with the token: the signature of a trust list, and a seal over who signed what.
///
/// Nothing in it is trusted until a ``VerifiedAnswer`` has been created from it. Source: docs/offline-signing.md.
public struct SigningAnswer: Codable, Sendable, Equatable {
    static let schema = "etoken-bridge/signature/1"

    /// SHA-256 of the file with the request: the plan. Lower-case hexadecimal.
    public let request: String
    /// SHA-256 of the bytes that were signed.
    public let message: String
    /// Who signed, DER.
    let certificate: [UInt8]
    /// The signature of the trust list.
    let signature: [UInt8]
    /// Who had it signed: `bob@safe`.
    public let signedBy: String
    public let signed: Timestamp
    /// Of etoken-bridge.
    public let version: String
    /// The same key's signature of ``statement``, with SHA-256.
    let seal: [UInt8]

    init(
        request: String, message: String, certificate: [UInt8], signature: [UInt8], signedBy: String,
        signed: Timestamp, version: String, seal: [UInt8]
    ) {
        (self.request, self.message, self.certificate, self.signature) = (request, message, certificate, signature)
        (self.signedBy, self.signed, self.version, self.seal) = (signedBy, signed, version, seal)
    }

    /// Has a token sign a request. An answer that would not be accepted is never returned.
    ///
    /// - Parameters:
    ///   - signer: logged in. It signs twice: the trust list, and the statement.
    ///   - author: `bob@safe`.
    ///   - version: of etoken-bridge.
    /// - Throws: ``AnswerError`` (`request-unusable`) if it is not the signer that the request names, or what the signer
    ///   throws.
    public init(
        to received: ReceivedRequest, by signer: any TrustListSigner, author: String, at time: Timestamp,
        version: String
    ) throws {
        let list = received.request.list
        guard signer.certificate == list.signer else {
            throw AnswerError(
                .requestUnusable,
                localized(
                    "The request is for the certificate with SHA-1 \(list.signer.sha1.hex), and this token has the one with SHA-1 \(signer.certificate.sha1.hex)."
                ))
        }
        let signature = try signer.sign(list.message, digest: list.file.header.digest)
        func answer(_ seal: [UInt8]) -> SigningAnswer {
            SigningAnswer(
                request: received.sha256, message: Digest.sha256(list.message).hex, certificate: list.signer.der,
                signature: signature, signedBy: Self.plain(author), signed: time, version: version, seal: seal)
        }
        // *Unconfirmed*: that every SAST token signs with SHA-256, too (docs/proven.md).
        let seal = try signer.sign(answer([]).statement, digest: .sha256)
        self = try VerifiedAnswer(answer(seal), to: received).answer
    }

    /// What the seal is a signature of: all that the answer says, one line each. A trust list cannot start like this.
    var statement: [UInt8] {
        Array(
            [
                Self.schema, "request \(request)", "message \(message)",
                "certificate \(Digest.sha256(certificate).hex)", "signature \(Digest.sha256(signature).hex)",
                "by \(signedBy)", "at \(signed)", "version \(version)",
            ].map { $0 + "\n" }.joined().utf8)
    }

    /// Whether a reader accepts a name: nothing in it can pass for the end of a line.
    static func isName(_ text: String) -> Bool { text.isPlain(upTo: longestName) }

    private static let longestName = 200

    /// A name in a form that a reader accepts.
    static func plain(_ text: String) -> String {
        var name = text.visible
        while name.utf8.count > longestName { name.removeLast() }
        return name.isEmpty ? "?" : name
    }

    private enum CodingKeys: String, CodingKey {
        case schema, request, message, certificate, signature, signedBy, signed, version, seal
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func refuse(_ key: CodingKeys) -> DecodingError {
            .dataCorruptedError(forKey: key, in: container, debugDescription: key.rawValue)
        }
        // Bytes have one spelling, so that no other text passes for the same answer.
        func bytes(_ key: CodingKeys) throws -> [UInt8] {
            let text = try container.decode(String.self, forKey: key)
            guard let bytes = [UInt8](base64: text), base64(bytes) == text, bytes.count <= 1 << 16 else {
                throw refuse(key)
            }
            return bytes
        }
        func text(_ key: CodingKeys, _ isGood: (String) -> Bool) throws -> String {
            let text = try container.decode(String.self, forKey: key)
            guard isGood(text) else { throw refuse(key) }
            return text
        }
        func isSHA256(_ text: String) -> Bool { [UInt8](hex: text).map { $0.count == 32 && $0.hex == text } == true }
        _ = try text(.schema) { $0 == Self.schema }
        request = try text(.request, isSHA256)
        message = try text(.message, isSHA256)
        certificate = try bytes(.certificate)
        signature = try bytes(.signature)
        signedBy = try text(.signedBy, Self.isName)
        signed = try container.decode(Timestamp.self, forKey: .signed)
        version = try text(.version, Self.isName)
        seal = try bytes(.seal)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.schema, forKey: .schema)
        try container.encode(request, forKey: .request)
        try container.encode(message, forKey: .message)
        try container.encode(base64(certificate), forKey: .certificate)
        try container.encode(base64(signature), forKey: .signature)
        try container.encode(signedBy, forKey: .signedBy)
        try container.encode(signed, forKey: .signed)
        try container.encode(version, forKey: .version)
        try container.encode(base64(seal), forKey: .seal)
    }
}

extension SigningAnswer {
    /// Reads an answer: the file, or the text that was typed or scanned.
    ///
    /// - Parameter received: the request that it has to answer. The text does not repeat what the request says.
    /// - Throws: ``AnswerError`` (`answer-unusable`).
    public init(reading bytes: [UInt8], to received: ReceivedRequest) throws(AnswerError) {
        let text = String(decoding: bytes, as: UTF8.self).trimmed
        guard text.hasPrefix("{") else {
            self = try AnswerText.answer(text, to: received)
            return
        }
        do { self = try JSON.decode(SigningAnswer.self, from: bytes) } catch {
            throw AnswerError(.answerUnusable, localized("The answer cannot be read: \(DecodingFailure.text(error))."))
        }
    }
}

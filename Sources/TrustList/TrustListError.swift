import Messages

/// Why a trust list was refused, or could not be written.
public struct TrustListError: Error, Equatable, Sendable {
    /// What kind of fault it is; stable across releases.
    public enum Code: String, Sendable {
        /// The file holds no bytes.
        case empty
        /// The file is longer than ``TrustListFile/maximumLength``.
        case tooLarge = "too-large"
        /// The first bytes are not those of a trust list.
        case notATrustList = "not-a-trust-list"
        /// The file ends inside a field.
        case truncated
        /// A length disagrees with what it measures.
        case badLength = "bad-length"
        /// A field stands twice in one header or record.
        case duplicateField = "duplicate-field"
        /// A field that must be there is not.
        case missingField = "missing-field"
        /// A field holds a value that has no meaning.
        case badValue = "bad-value"
        /// The signing key cannot be used for this list.
        case unusableSigner = "unusable-signer"
        /// No record fits what was asked for.
        case noSuchRecord = "no-such-record"
        /// Fewer than two tokens would be left.
        case tooFewTokens = "too-few-tokens"
        /// The signature just made does not verify with the signer's certificate.
        case signatureMismatch = "signature-mismatch"
    }

    public let code: Code
    /// Where in the file the fault stands, in bytes from its start; nil for a fault of writing.
    public let offset: Int?
    /// One sentence: what was expected and what was found.
    public let reason: String

    public init(_ code: Code, at offset: Int? = nil, _ reason: String) {
        self.code = code
        self.offset = offset
        self.reason = reason
    }
}

extension TrustListError: CustomStringConvertible {
    public var description: String {
        offset.map { localized("at byte \($0): \(reason)") } ?? reason
    }
}

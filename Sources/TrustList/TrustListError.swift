import Messages

/// Why a trust list was refused, or could not be written.
public struct TrustListError: UserError, Equatable {
    /// The kind of error; stable across releases.
    public enum Code: String, Sendable {
        /// The file is empty.
        case empty
        /// The file is longer than ``TrustListFile/maximumLength``.
        case tooLarge = "too-large"
        /// The first bytes are not those of a trust list.
        case notATrustList = "not-a-trust-list"
        /// The file ends inside a field.
        case truncated
        /// A length disagrees with what it measures.
        case badLength = "bad-length"
        /// A field appears twice in one header or record.
        case duplicateField = "duplicate-field"
        /// A required field is missing.
        case missingField = "missing-field"
        /// A field has a value without a meaning.
        case badValue = "bad-value"
        /// The signing key cannot be used for this list.
        case unusableSigner = "unusable-signer"
        /// No record matches the selection.
        case noSuchRecord = "no-such-record"
        /// Fewer than two tokens would be left.
        case tooFewTokens = "too-few-tokens"
        /// The new signature does not verify with the signer's certificate.
        case signatureMismatch = "signature-mismatch"
    }

    public let code: Code
    /// The position of the error in the file, in bytes from its start; nil for an error in writing.
    public let offset: Int?
    /// One sentence: what was expected and what was found.
    public let reason: LocalizableText

    public init(_ code: Code, at offset: Int? = nil, _ reason: LocalizableText) {
        self.code = code
        self.offset = offset
        self.reason = reason
    }
}

extension TrustListError {
    private var isOfWriting: Bool {
        switch code {
        case .tooFewTokens, .unusableSigner, .noSuchRecord, .signatureMismatch: true
        default: false
        }
    }

    public var text: LocalizableText {
        isOfWriting
            ? localized("The trust list was not created: \(clause).")
            : localized("The trust list is not usable: \(clause).")
    }

    public var clause: LocalizableText {
        offset.map { localized("at byte \($0): \(reason)") } ?? reason
    }

    public var next: LocalizableText? {
        switch code {
        case .tooFewTokens:
            localized("Add a second token, or use --allow-few-tokens if you are sure that you want this.")
        case .unusableSigner, .noSuchRecord, .signatureMismatch:
            localized("See the records of the file that is changed: etoken-bridge ctl show FILE")
        default: localized("Fetch it again from the TFTP server: etoken-bridge ctl fetch --output CTLFile.tlv")
        }
    }
}

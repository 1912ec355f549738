import Messages

/// Why a trust list was refused, or could not be written.
public struct TrustListError: UserError, Equatable {
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
            ? localized("The trust list was not made: \(clause).")
            : localized("The trust list is not usable: \(clause).")
    }

    public var clause: LocalizableText {
        offset.map { localized("at byte \($0): \(reason)") } ?? reason
    }

    public var next: LocalizableText? {
        switch code {
        case .tooFewTokens:
            localized("Add a second token, or give --allow-few-tokens if you know that you want this.")
        case .unusableSigner, .noSuchRecord, .signatureMismatch:
            localized("See the records of the file that is changed: etoken-bridge ctl show FILE")
        default: localized("Fetch it again from the TFTP server: etoken-bridge ctl fetch")
        }
    }
}

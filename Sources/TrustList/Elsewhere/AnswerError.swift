import Messages

/// Why a signature from elsewhere was not requested, or not accepted.
public struct AnswerError: UserError, Equatable {
    public enum Code: String, Sendable {
        /// The request cannot be signed: someone changed it, or it is for another token.
        case requestUnusable = "request-unusable"
        /// The answer cannot be read: it is something else, or was mistyped.
        case answerUnusable = "answer-unusable"
        /// The answer belongs to another request.
        case answerDiffers = "answer-differs"
        /// The answer's signatures do not verify.
        case answerRefused = "answer-refused"
    }

    public let code: Code
    public let text: LocalizableText

    public init(_ code: Code, _ text: LocalizableText) { (self.code, self.text) = (code, text) }

    public var next: LocalizableText? {
        switch code {
        case .requestUnusable:
            localized("Have the request created again, and compare its SHA-256 with that on the other machine.")
        case .answerUnusable:
            localized("Use the whole answer as it was written or shown, from its first character to its last.")
        case .answerDiffers: localized("Have this very file signed, and bring the answer to it.")
        case .answerRefused:
            localized("Do not use this answer: find out who changed it. Then have the file signed again.")
        }
    }
}

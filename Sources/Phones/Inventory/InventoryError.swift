import Messages

/// The list of phones, or the table of models, could not be read.
public struct InventoryError: UserError {
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// A file does not have the required form.
        case badFile = "bad-file"
        /// The cluster's database returns something that is not understood; the text shows it.
        case unexpectedAnswer = "unexpected-answer"
    }

    public let code: Code
    /// What happened, as a sentence without a full stop: names file and line, or the query and its result.
    public let clause: LocalizableText
    public let next: LocalizableText?

    init(_ code: Code, _ clause: LocalizableText, next: LocalizableText) {
        self.code = code
        self.clause = clause
        self.next = next
    }

    public var text: LocalizableText { localized("\(clause).") }
}

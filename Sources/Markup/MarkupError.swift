import Messages

/// Why a document cannot be read.
public struct MarkupError: UserError, Sendable, Hashable {
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The document is longer than the limit.
        case tooLarge
        /// Elements are nested deeper than the limit.
        case tooDeep
        /// A document type declaration, which could define entities: refused in any case.
        case documentType
        /// The parser cannot make sense of it.
        case malformed
    }

    public let code: Code
    public let message: LocalizableText
    /// The line where the parser stopped, if known.
    public let line: Int?

    public init(code: Code, message: LocalizableText, line: Int? = nil) {
        self.code = code
        self.message = message
        self.line = line
    }

    public var text: LocalizableText { localized("The document cannot be read: \(clause).") }
    public var clause: LocalizableText { line.map { localized("line \($0): \(message)") } ?? message }

    static var documentType: MarkupError {
        MarkupError(
            code: .documentType, message: localized("the document declares a document type, which is not allowed"))
    }

    static var tooDeep: MarkupError {
        MarkupError(
            code: .tooDeep,
            message: localized("elements are nested more than \(MarkupElement.maximumDepth) levels deep"))
    }
}

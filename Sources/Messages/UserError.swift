/// An error that a user sees: what happened, and what to do next.
public protocol UserError: Error, CustomStringConvertible {
    associatedtype Code: RawRepresentable<String>

    /// The stable kind of the failure, the same in every language.
    var code: Code { get }
    /// The code in JSON, where errors of all kinds meet.
    var codeName: String { get }
    /// What happened, in whole sentences: names the file, host or token, what was expected and what was found.
    var text: LocalizableText { get }
    /// What happened, as part of another sentence.
    var clause: LocalizableText { get }
    /// What the user can do about it, in whole sentences; nil if the text says it.
    var next: LocalizableText? { get }
    /// The underlying error.
    var cause: (any Error)? { get }
    /// The underlying cause, for debugging: a function and what it returned, a library's own message.
    var details: [LocalizableText] { get }
}

extension UserError {
    public var codeName: String { code.rawValue }
    public var clause: LocalizableText { text }
    public var next: LocalizableText? { nil }
    public var cause: (any Error)? { nil }
    public var details: [LocalizableText] { cause.map { [LocalizableText(describing: $0)] } ?? [] }
    public var description: String { clause.localized }
}

extension LocalizableText {
    /// What went wrong, as part of a sentence: an error's own message.
    public init(describing error: any Error) { self = (error as? any UserError)?.clause ?? .verbatim("\(error)") }

    /// What went wrong, in whole sentences.
    public init(sentence error: any Error) { self = (error as? any UserError)?.text ?? .verbatim("\(error)") }
}

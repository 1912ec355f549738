/// What a check found: about a cluster, a file, a machine.
public struct Finding<FindingCode: Hashable & Sendable, Subject: Hashable & Sendable>: Hashable, Sendable {
    public typealias Code = FindingCode
    public typealias Severity = FindingSeverity

    /// The stable kind of what was found, the same in every language.
    public var code: Code
    public var severity: Severity
    /// The subject: a node, a record; nil for the whole.
    public var subject: Subject?
    /// One sentence: what was expected, and what was found.
    public var text: LocalizableText
    /// What to do about it, a sentence each.
    public var next: [LocalizableText]

    public init(
        code: Code, severity: Severity, subject: Subject? = nil, text: LocalizableText, next: [LocalizableText] = []
    ) {
        (self.code, self.severity, self.subject, self.text, self.next) = (code, severity, subject, text, next)
    }
}

public enum FindingSeverity: String, Codable, Sendable, Hashable, CaseIterable {
    /// As expected.
    case ok
    /// Worth knowing, or unusual.
    case warning
    /// Not as required.
    case error
}

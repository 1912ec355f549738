import Messages
import SmartCards

/// What a check of `doctor` found.
package struct Finding: Sendable {
    package enum Severity: String, Sendable {
        case ok
        /// Worth knowing; the work can be done.
        case warning
        /// Something cannot be done as long as this is so.
        case problem
    }

    /// Which check found it: ``DoctorCheck/name``.
    package let check: String
    package let severity: Severity
    /// What kind of finding it is; stable across releases.
    package let code: String
    /// The reader, and the card in it, that this is about; nil where it is about none.
    package private(set) var reader: Reader?
    /// One sentence or two: what was expected and what was found.
    package let text: LocalizableText
    /// What to do: commands where there are any. Empty for what is well.
    package let next: [LocalizableText]

    /// - Parameter check: the check that found it.
    init(
        _ check: any DoctorCheck, _ severity: Severity, _ code: String, _ text: LocalizableText,
        next: [LocalizableText] = []
    ) {
        self.check = check.name
        self.severity = severity
        self.code = code
        self.text = text
        self.next = next
    }

    /// The same finding, about a reader.
    func about(_ reader: Reader) -> Finding {
        var finding = self
        finding.reader = reader
        return finding
    }
}

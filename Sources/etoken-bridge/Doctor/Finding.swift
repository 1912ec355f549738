import Basics
import Messages
import SmartCards

/// What a check of `doctor` found.
struct Finding: Encodable {
    enum Severity: String, Encodable {
        case ok
        /// Worth knowing; the work can be done.
        case warning
        /// Something cannot be done as long as this is so.
        case problem

        var text: String {
            switch self {
            case .ok: localized("ok").localized
            case .warning: localized("warning").localized
            case .problem: localized("problem").localized
            }
        }
    }

    /// Which check found it: ``DoctorCheck/name``.
    let check: String
    let severity: Severity
    /// What kind of finding it is; stable across releases.
    let code: String
    /// The reader, and the card in it, that this is about; left out where it is about none.
    private(set) var reader: ReaderDocument?
    /// One sentence or two: what was expected and what was found.
    let text: LocalizableText
    /// What to do: commands where there are any. Empty for what is well.
    let next: [LocalizableText]

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
        finding.reader = ReaderDocument(reader)
        return finding
    }

    /// For the terminal, within `width` columns.
    func text(width: Int = 80) -> String {
        let first = severity.text.padded(to: 9)
        let indent = String(repeating: " ", count: first.count)
        var lines = self.text.localized.wrapped(to: width - indent.count).enumerated().map { index, line in
            (index == 0 ? first : indent) + line
        }
        for (number, step) in next.enumerated() {
            let head = localized("Next: ").localized
            let blank = String(repeating: " ", count: head.count)
            let mark = number == 0 ? head : blank
            for (index, line) in step.localized.wrapped(to: width - indent.count - mark.count).enumerated() {
                lines.append(indent + (index == 0 ? mark : blank) + line)
            }
        }
        return lines.joined(separator: "\n")
    }
}

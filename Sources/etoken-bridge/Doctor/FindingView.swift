import Basics
import Doctor
import Messages

extension DoctorFinding {
    private var severityText: String {
        switch severity {
        case .ok: localized("ok").localized
        case .warning: localized("warning").localized
        case .error: localized("problem").localized
        }
    }

    /// For the terminal, within `width` columns.
    func text(width: Int = 80) -> String {
        let first = severityText + String(repeating: " ", count: max(1, 9 - severityText.count))
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

/// A finding in JSON.
struct FindingDocument: Encodable {
    let check, severity, code: String
    let reader: ReaderDocument?
    let text: LocalizableText
    let next: [LocalizableText]

    init(_ finding: DoctorFinding) {
        (check, code) = (finding.code.check, finding.code.name)
        // What other commands call an error is a problem here.
        severity = finding.severity == .error ? "problem" : finding.severity.rawValue
        reader = finding.subject.map { ReaderDocument($0) }
        (text, next) = (finding.text, finding.next)
    }
}

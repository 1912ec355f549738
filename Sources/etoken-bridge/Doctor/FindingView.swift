import Doctor
import Messages

extension Finding.Severity {
    var text: String {
        switch self {
        case .ok: localized("ok").localized
        case .warning: localized("warning").localized
        case .problem: localized("problem").localized
        }
    }
}

extension Finding {
    /// For the terminal, within `width` columns.
    func text(width: Int = 80) -> String {
        let first = severity.text + String(repeating: " ", count: max(1, 9 - severity.text.count))
        let indent = String(repeating: " ", count: first.count)
        var lines = TextWrap.lines(self.text.localized, width: width - indent.count).enumerated().map { index, line in
            (index == 0 ? first : indent) + line
        }
        for (number, step) in next.enumerated() {
            let head = localized("Next: ").localized
            let blank = String(repeating: " ", count: head.count)
            let mark = number == 0 ? head : blank
            for (index, line) in TextWrap.lines(step.localized, width: width - indent.count - mark.count).enumerated() {
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

    init(_ finding: Finding) {
        (check, severity, code) = (finding.check, finding.severity.rawValue, finding.code)
        reader = finding.reader.map { ReaderDocument($0) }
        (text, next) = (finding.text, finding.next)
    }
}

/// Lines of a text, broken between words.
enum TextWrap {
    static func lines(_ text: String, width: Int) -> [String] {
        var lines: [String] = [""]
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}

import Captures
import Messages

/// What is in a capture, as it is shown before it is written, and as JSON.
struct CaptureView: Encodable {
    struct Source: Encodable {
        let source: String
        let answers, bytes, notUnderstood, names, addresses, numbers: Int
    }

    let path: String
    let version: String?
    let sources: [Source]
    let certificates: Int
    let manners: [String]
    let notes: [String]
    let kept: [String]
    let differing: [Int]

    init(_ draft: CaptureDraft, path: String) {
        self.path = path
        version = draft.capture.version
        sources = draft.rows.map {
            Source(
                source: $0.source.rawValue, answers: $0.answers, bytes: $0.bytes, notUnderstood: $0.notUnderstood,
                names: $0.names, addresses: $0.addresses, numbers: $0.numbers)
        }
        certificates = draft.certificates
        manners = draft.capture.manners
        notes = draft.capture.notes
        (kept, differing) = (draft.kept, draft.differing)
    }

    var text: LocalizableText {
        var table = Table(
            localized("SOURCE"), localized("ANSWERS"), localized("BYTES"), localized("NAMES"), localized("ADDRESSES"),
            localized("NUMBERS"), localized("NOT UNDERSTOOD"))
        for source in sources {
            table.add(
                source.source, "\(source.answers)", "\(source.bytes)", "\(source.names)", "\(source.addresses)",
                "\(source.numbers)", "\(source.notUnderstood)")
        }
        var lines: [LocalizableText] = [
            .lines(table.text),
            localized("Names, addresses and numbers count how often one was replaced."),
            localized(
                certificates, one: "1 certificate was recreated, with another key.",
                other: "\(certificates) certificates were recreated, with other keys."),
        ]
        if !manners.isEmpty { lines.append(localized("Otherwise than in a lab: \(manners.joined(separator: ", ")).")) }
        if !kept.isEmpty {
            lines.append(localized("These names stay because they are general words: \(kept.joined(separator: ", "))."))
        }
        lines += notes.map { localized("Not in it: \($0)") }
        if !differing.isEmpty {
            lines.append(
                localized(
                    "With other names these answers are understood differently, which is a mistake of this program: \(differing.map(String.init).joined(separator: ", "))."
                ))
        }
        return lines.joined(separator: "\n")
    }
}

import ArgumentParser
import Basics
import Messages
import Phones

struct PhonesExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: localized("Show which rule of the acceptance model a phone's log, or a trace of TVS, reflects."),
        discussion: localized(
            """
            Reads a phone's console log, its list of status messages, or a trace of the Trust Verification Service, \
            and quotes the lines that a conclusion rests on. The rules are those of docs/phone-acceptance.md, the \
            formats those of docs/phone-logs.md. No cluster is contacted.

            Exit status 9 when a phone refused a file, 1 when nothing in the log is recognised.

            Example:
              etoken-bridge phones explain SEP001122334455.log
            """))

    @Argument(help: .localized("The log; - for standard input."), completion: .file())
    var log: String

    @OptionGroup var common: CommonOptions

    /// Some 50,000 lines, in bytes.
    private static let maximumSize = 4 << 20

    private struct Report: Encodable {
        let file: String
        let entries, events: Int
        let conclusions: [LogExplanation.Conclusion]
    }

    func run() throws {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try Files.read(log == "-" ? "/dev/stdin" : log, limit: Self.maximumSize) } catch
        {
            guard error.code == .tooLarge else { throw error }
            throw Failure(
                Status.failed,
                localized(
                    "\(log) has more than \(Self.maximumSize >> 20) MB; the log of a phone's restart is much smaller."),
                next: localized(
                    "Use the log of the minutes in which the phone restarted; docs/phone-logs.md says where."))
        }
        let explanation = LogExplanation(String(decoding: bytes, as: UTF8.self))
        guard !explanation.conclusions.isEmpty else {
            throw Failure(
                Status.failed,
                explanation.entries == 0
                    ? localized("\(log) contains no line of a phone log or a TVS trace.")
                    : localized(
                        "\(log) is a log of \(explanation.entries) entries, but none of them says what happened to a trust list."
                    ),
                next: localized(
                    "Use the log of the minutes in which the phone restarted; docs/phone-logs.md says where."))
        }
        if common.json {
            try Terminal.json(document(explanation))
        } else {
            for conclusion in explanation.conclusions { Terminal.out(text(conclusion)) }
        }
        if let refusal = explanation.conclusions.last(where: { $0.outcome == .refused }) {
            throw Failure(
                Status.phonesWouldRefuse, localized("A phone refused a trust list at \(refusal.time)."),
                next: localized(
                    "See docs/phone-acceptance.md, rule \(refusal.rules.map(\.rawValue).alternatives)."))
        }
    }

    private func document(_ explanation: LogExplanation) -> Report {
        Report(
            file: log, entries: explanation.entries, events: explanation.events,
            conclusions: explanation.conclusions)
    }

    private func text(_ conclusion: LogExplanation.Conclusion) -> String {
        var lines = ["\(conclusion.time)  \(conclusion.outcome.text)  \(conclusion.text)"]
        if !conclusion.rules.isEmpty {
            lines.append(localized("  rule  \(conclusion.rules.map(\.rawValue).alternatives)").localized)
        }
        for quote in conclusion.quotes {
            lines.append(localized("  line \(quote.line): \(quote.text)").localized)
            lines.append("    \(quote.meaning)")
        }
        return lines.joined(separator: "\n")
    }
}

import ArgumentParser
import Basics
import Captures
import Messages

struct CaptureCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: localized("Run every parser over a capture."),
        discussion: localized(
            """
            Exit status 8 when answers are not understood, 5 when one is understood otherwise than when the capture was taken.

            Example:
              etoken-bridge capture check office.tar.gz
            """))

    @Argument(help: .localized("A file that etoken-bridge capture wrote."), completion: .file())
    var file: String

    @OptionGroup var common: CommonOptions

    func run() throws {
        let capture = try Capture(file: file)
        let check = CaptureCheck(capture)
        if common.json {
            try Terminal.json(CaptureCheckView(capture, check))
        } else {
            Terminal.out(text(capture, check))
        }
        let isDifferent = check.findings.contains { $0.kind == .different }
        guard isDifferent || !check.findings.isEmpty else { return }
        throw Failure(
            isDifferent ? Status.verificationFailed : Status.partlyDone,
            isDifferent
                ? localized("Responses in \(file) are understood differently than when the capture was taken.")
                : localized(
                    check.findings.count, one: "1 answer in \(file) is not understood.",
                    other: "\(check.findings.count) answers in \(file) are not understood."))
    }

    private func text(_ capture: Capture, _ check: CaptureCheck) -> LocalizableText {
        let answers = capture.exchanges.count
        var lines = [
            localized(
                "Taken \(capture.taken.description) of CUCM \(capture.version ?? "-") by etoken-bridge \(capture.program)."
            ),
            localized(
                answers, one: "1 answer: \(check.understood) understood, \(check.passedOver) not read by any parser.",
                other: "\(answers) answers: \(check.understood) understood, \(check.passedOver) not read by any parser."
            ),
        ]
        if !capture.manners.isEmpty {
            lines.append(localized("Otherwise than in a lab: \(capture.manners.joined(separator: ", "))."))
        }
        if !check.findings.isEmpty {
            var table = Table(localized("NUMBER"), localized("SOURCE"), localized("QUESTION"), localized("PROBLEM"))
            for finding in check.findings {
                table.add("\(finding.number)", finding.source.rawValue, finding.question, finding.detail.localized)
            }
            lines.append(.lines(table.text))
        }
        return lines.joined(separator: "\n")
    }
}

/// The result as JSON.
struct CaptureCheckView: Encodable {
    let taken, program: String
    let version: String?
    let manners: [String]
    let answers, understood, passedOver: Int
    let findings: [CaptureCheck.Finding]

    init(_ capture: Capture, _ check: CaptureCheck) {
        (taken, program, version) = (capture.taken.description, capture.program, capture.version)
        (manners, answers) = (capture.manners, capture.exchanges.count)
        (understood, passedOver, findings) = (check.understood, check.passedOver, check.findings)
    }
}

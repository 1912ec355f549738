import Foundation
import ServerFixtures
import Testing

/// What `doctor --json` says.
struct Diagnosis {
    struct Reader: Decodable {
        let name: String
        let atr: String?
    }

    struct Finding: Decodable {
        let check, severity, code, text: String
        let next: [String]
        let reader: Reader?
    }

    private struct Report: Decodable {
        let schema: String
        let problems, warnings: Int
        let findings: [Finding]
    }

    let status: Int32
    let findings: [Finding]

    /// Runs doctor, and checks what every report must satisfy.
    init(
        _ arguments: [String] = [], environment: [String] = [], wrapper: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let program = try Program(["doctor", "--json"] + arguments, environment: environment, wrapper: wrapper)
        status = program.status()
        let said = "\(program.output)\(program.errors)"
        let report = try #require(
            try? JSONDecoder().decode(Report.self, from: Data(program.output.utf8)), "\(said)",
            sourceLocation: sourceLocation)
        findings = report.findings
        #expect(report.schema == "etoken-bridge/1", sourceLocation: sourceLocation)
        #expect(report.problems == findings.count { $0.severity == "problem" }, sourceLocation: sourceLocation)
        #expect(report.warnings == findings.count { $0.severity == "warning" }, sourceLocation: sourceLocation)
        #expect(status == (report.problems == 0 ? 0 : 1), sourceLocation: sourceLocation)
        for finding in findings {
            // Every problem comes with advice.
            #expect(finding.next.isEmpty == (finding.severity == "ok"), "\(finding)", sourceLocation: sourceLocation)
            #expect(finding.text.hasSuffix("."), "\(finding)", sourceLocation: sourceLocation)
        }
    }

    subscript(code: String) -> Finding? { findings.first { $0.code == code } }

    var problems: [String] { findings.filter { $0.severity == "problem" }.map(\.code) }
}

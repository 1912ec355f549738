import Basics
import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

/// The playbook of docs/automation.md, run by Ansible itself.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Automation {
    let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    private func path(_ name: String) -> String { rehearsal.folder.file("change/\(name)") }

    private func playbook(_ approvalTimeout: Int) throws -> Rehearsal.Result {
        let values: [String: Any] = [
            "bridge": Programs.path("etoken-bridge"), "cluster": "lab", "tokens": Rehearsal.tokens,
            "pin_file": rehearsal.rightPIN, "folder": rehearsal.folder.file("change"),
            "attach_to": rehearsal.folder.file("ticket"), "module": rehearsal.moduleOptions,
            "options": ["--accept-stranded"], "approval_timeout": approvalTimeout,
        ]
        let file = rehearsal.folder.file("values.json")
        try JSONSerialization.data(withJSONObject: values).write(to: URL(fileURLWithPath: file))
        return try rehearsal.run(
            "/usr/bin/ansible-playbook",
            [Rehearsal.repository + "/docs/examples/ansible/change-window.yml", "-e", "@" + file],
            environment: [
                "ANSIBLE_HOME=\(rehearsal.folder.file("ansible"))", "ANSIBLE_LOCALHOST_WARNING=False", "LC_ALL=C.UTF-8",
            ])
    }

    @Test func thePlaybookWaitsForTheApprovalAndAttachesTheRecord() throws {
        try FileManager.default.createDirectory(
            atPath: rehearsal.folder.file("ticket"), withIntermediateDirectories: true)
        let before = try rehearsal.clusterState()

        // Nobody approves.
        let waited = try playbook(1)
        #expect(waited.status != 0 && waited.output.contains("Wait for the approval"), "\(waited)")
        let plan = try Data(contentsOf: URL(fileURLWithPath: path("change.plan")))

        // Somebody approves another plan.
        rehearsal.folder.write("change/approved", Array("\(String(repeating: "0", count: 64))  change.plan\n".utf8))
        let other = try playbook(5)
        #expect(other.status != 0 && other.output.contains("approves another plan"), "\(other)")
        #expect(try rehearsal.clusterState() == before)

        rehearsal.folder.write("change/approved", Array("\(Digest.sha256(Array(plan)).hex)  change.plan\n".utf8))
        let run = try playbook(5)
        #expect(run.status == 0, "\(run)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: path("change.plan"))) == plan)
        let file = try TrustListFile(decoding: #require(rehearsal.ctlFile(Rehearsal.publisher)))
        #expect(file.signerRecord?.isToken == true)
        for name in ["change.plan", "plan.json", "plan.html", "record.html", "record.json"] {
            #expect(FileManager.default.fileExists(atPath: rehearsal.folder.file("ticket/\(name)")), "\(name)")
        }
        let pin = try String(contentsOfFile: rehearsal.rightPIN, encoding: .utf8).split(separator: "\n")[0]
        for result in [waited, other, run] {
            #expect(!result.output.contains(pin) && !result.errors.contains(pin))
        }
    }

    /// Each event is a document on a line, and nothing else is said.
    @Test func progressIsReadByPrograms() throws {
        struct Line: Decodable, Equatable {
            let event, time: String
            let step, of: Int?
            let text: [String]
        }
        let run = try rehearsal.migrate("--progress", "json-lines", "--json")
        #expect(run.status == 0, "\(run.errors)")
        _ = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
        let lines = try run.errors.split(separator: "\n").filter { $0.hasPrefix("{") }.map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        let began = lines.filter { $0.event == "began" }
        #expect(began.compactMap(\.step) == Array(1...(began.last?.of ?? 1)) && began.count > 5, "\(began)")
        #expect(lines.contains { $0.event == "proved" } && lines.allSatisfy { !$0.text.isEmpty })
        #expect(!run.errors.contains("proof: "), "\(run.errors)")
        let both = try rehearsal.migrate("--progress", "json-lines", "--quiet")
        #expect(both.status == 64, "\(both)")
    }
}

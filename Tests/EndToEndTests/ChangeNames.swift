import Foundation
import ServerFixtures
import Testing

/// What a change is called, where that is said, and what happens to its record: a change, a dry run of its rollback,
/// the rollback, and another change.
@Suite(.waiting, .timeLimit(.minutes(10))) struct ChangeNames {
    let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    private func migrate(_ arguments: String..., locale: [String] = []) throws -> Rehearsal.Result {
        try rehearsal.run(
            Programs.path("etoken-bridge"), ["migrate"] + arguments + ["--cluster", "lab"], environment: locale)
    }

    private var journals: [String: [UInt8]] {
        get throws {
            let folder = "state/etoken-bridge/journals"
            let names = try FileManager.default.contentsOfDirectory(atPath: rehearsal.folder.file(folder))
            return Dictionary(
                uniqueKeysWithValues: names.map { ($0, rehearsal.folder.bytes("\(folder)/\($0)") ?? []) })
        }
    }

    @Test func theNameIsSaidWhereItIsNeeded() throws {
        // Without --output, so that the folder is the program's own.
        let arguments = rehearsal.migrationArguments(output: "").dropLast(2) + ["--accept-stranded", "--report"]
        let report = rehearsal.folder.file("record.html")
        let made = try rehearsal.run(Programs.path("etoken-bridge"), arguments + [report])
        #expect(made.status == 0, "\(made.errors)")
        let id = try #require(journals.keys.first?.dropLast(".jsonl".count))
        #expect(made.errors.contains("Starting change \(id).\n"))
        #expect(made.output.hasPrefix("Change \(id): finished 20"))
        #expect(made.output.contains("CTL file before: 6720 bytes") && !made.output.contains("Current CTL file"))
        #expect(rehearsal.folder.bytes("state/etoken-bridge/changes/\(id)/CTLFile.tlv") != nil)
        // What is left to do by hand is said without the options of a run.
        #expect(made.output.hasSuffix("Erase, and restart the phone.\n"))

        let shown = try migrate("status", "--change", String(id))
        #expect(shown.status == 0 && shown.output.hasPrefix("Change \(id): finished 20"), "\(shown.errors)")
        let unknown = try migrate("status", "--change", "lab-1")
        #expect(unknown.status == 2 && unknown.errors.contains("has no change called lab-1; there are: \(id)."))
        #expect(unknown.errors.contains("Next: Look at the newest one: etoken-bridge migrate status --cluster lab"))
        let closed = try migrate("resume")
        #expect(closed.status == 2 && closed.errors.contains("The change \(id) is finished."))
        #expect(closed.errors.contains("etoken-bridge migrate status --cluster lab --change \(id)"))

        // The record of this change may be overwritten; that of another one, never.
        #expect(try migrate("status", "--report", report).status == 0)
        let record = rehearsal.folder.text("record.json")
        let before = try rehearsal.clusterState()
        let other = try rehearsal.bridge(
            "cluster", "set-mode", "non-secure", "--cluster", "lab", "--yes", "--accept-stranded", "--report", report)
        #expect(other.status == 1 && other.errors.contains("\(report) already exists and is not overwritten."))
        #expect(try rehearsal.clusterState() == before && rehearsal.folder.text("record.json") == record)

        try germanPlan()
        try wayBack(String(id), report)
    }

    /// What a 7960 holds, and what the cluster is told, in complete German sentences.
    private func germanPlan() throws {
        let plan = try migrate("to-tokenless", "--dry-run", locale: ["LANG=de_DE.UTF-8"])
        #expect(plan.output.contains("utils ctl update CTLFile auf dem Publisher ausführen"), "\(plan.errors)")
        #expect(plan.output.contains("ältere Datei "), "\(plan.output)")
    }

    private func wayBack(_ id: String, _ report: String) throws {
        struct Record: Decodable {
            struct Step: Decodable {
                let id: String
                let texts: [String]
            }
            struct Group: Decodable { let holds, outcome: String }
            struct Forecast: Decodable { let groups: [Group] }
            struct Rollback: Decodable {
                let steps: [Step]
                let forecast: Forecast?
            }
            let state: String
            let rollback: Rollback
        }
        let (before, written) = (try rehearsal.clusterState(), try journals)
        let shown = try migrate("rollback", "--dry-run", "--json")
        #expect(shown.status == 0, "\(shown.errors)")
        let record = try JSONDecoder().decode(Record.self, from: Data(shown.output.utf8))
        #expect(record.state == "finished")
        #expect(
            record.rollback.steps.map(\.id) == [
                "deploy", "upload-certificates", "restart-services-after-rollback", "restart-phones-after-rollback",
                "check-phones-after-rollback",
            ])
        #expect(record.rollback.steps[0].texts.first?.contains("restore the previous file on") == true)
        #expect(record.rollback.steps[1].texts.count == 2)
        #expect(record.rollback.forecast?.groups.map(\.holds).sorted() == ["new-file", "new-file", "old-file"])
        let text = try migrate("rollback", "--dry-run")
        #expect(text.output.contains("Roll back (nothing has been changed):\n 1. Undo: Deploy the file"))
        #expect(try rehearsal.clusterState() == before && journals == written)
        #expect(try migrate("rollback", "--dry-run", "--abandon").status == 64)

        let back = try migrate("rollback", "--yes", "--report", report)
        #expect(back.status == 0, "\(back.errors)")
        #expect(back.errors.contains("Rolling back change \(id).\n"))
        #expect(back.errors.contains("[1/3] Restart Cisco Tftp") && back.errors.contains("[2/3] Restart the phones"))
        #expect(back.errors.contains("[3/3] Check what each phone holds after the rollback"))
        #expect(back.errors.components(separatedBy: "  undoing: ").count == 2 + 1, "\(back.errors)")
        #expect(
            back.output.hasPrefix("Change \(id): rolled back 20") && back.output.contains("AFTER"), "\(back.output)")
        #expect(rehearsal.folder.text("record.json").contains("\"rolled-back\""))
        let again = try migrate("rollback", "--yes")
        #expect(again.status == 2 && again.errors.contains("The change \(id) was rolled back already."))

        let mode = try rehearsal.bridge(
            "cluster", "set-mode", "non-secure", "--cluster", "lab", "--yes", "--no-phone-restart")
        #expect(mode.status == 0, "\(mode.errors)")
        let all = try migrate("status")
        let table = all.output.components(separatedBy: "\n").filter { $0.hasPrefix("lab-") }
        #expect(table.count == 2 && table[0].contains("finished") && table[0].contains("non-secure"), "\(all.output)")
        #expect(table.last?.hasPrefix(id) == true && table.last?.contains("rolled back") == true)
    }
}

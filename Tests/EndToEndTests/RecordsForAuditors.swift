import Foundation
import ServerFixtures
import Testing

/// What the change record says about who, when and what for, and tables on narrow terminals.
@Suite(.waiting, .timeLimit(.minutes(10))) struct RecordsForAuditors {
    private let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    private func run(_ arguments: [String], _ environment: [String] = []) throws -> Rehearsal.Result {
        try rehearsal.run(Programs.path("etoken-bridge"), arguments, environment: environment)
    }

    private func json(_ name: String) throws -> [String: Any] {
        let bytes = Data(rehearsal.folder.bytes(name) ?? [])
        return try #require(JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    }

    @Test func theRecordNamesPeopleTicketAndTime() throws {
        let page = rehearsal.folder.file("record.html")
        let arguments =
            rehearsal.migrationArguments(output: rehearsal.folder.file("out"))
            + ["--accept-stranded", "--ticket", "CHG0042", "--approver", "J. Smith", "--report", page]
        let bad = try run(arguments + ["--ticket", ""])
        #expect(bad.status == 64 && bad.errors.contains("--ticket and --approver must be 1 to 128"), "\(bad.errors)")

        let environment = ["SUDO_USER=alice", "TZ=XYZ-2"]
        let result = try run(arguments, environment)
        #expect(result.status == 0, "\(result.errors)")
        // In local time, and next to it in UTC.
        let times = try Regex("finished [0-9-]{10} [0-9:]{8} XYZ \\([0-9-]{10}T[0-9:]{8}Z\\)")
        #expect(result.output.contains(times), "\(result.output)")
        let html = rehearsal.folder.text("record.html")
        for needle in [
            "CHG0042", "J. Smith (as entered, not checked)", "(sudo: alice)", " XYZ</time>", "--ticket CHG0042",
        ] {
            #expect(html.contains(needle), "\(needle)")
        }
        let record = try json("record.json")
        #expect(record["ticket"] as? String == "CHG0042" && record["approver"] as? String == "J. Smith")
        let first = try #require((record["runs"] as? [[String: Any]])?.first)
        #expect(first["sudoUser"] as? String == "alice")
        #expect((first["command"] as? String)?.hasPrefix("etoken-bridge migrate to-etoken ") == true)
        // The page says how to compare the journal, and that works.
        let journal = try #require(record["journal"] as? [String: Any])
        let (path, lines) = (journal["path"] as? String ?? "", journal["lines"] as? Int ?? 0)
        let sum = try ChildProcess.end(of: ["/bin/sh", "-c", "head -n \(lines) '\(path)' | sha256sum"])
        #expect(sum.output.hasPrefix((journal["sha256"] as? String ?? "?") + " "), "\(sum.output)")
        #expect(((record["leftToDo"] as? [[String: Any]]) ?? []).map { $0["code"] as? String } == ["visit"])

        // Few phones: no list next to it.
        #expect(rehearsal.folder.bytes("record.csv") == nil)
    }

    /// A rollback at another time has a ticket of its own, next to that of the change.
    @Test func aRollbackHasATicketOfItsOwn() throws {
        #expect(try rehearsal.migrate("--ticket", "CHG0042").status == 0)
        let back = ["migrate", "rollback", "--cluster", "lab", "--yes", "--accept-stranded"]
        let bad = try run(back + ["--ticket", ""])
        #expect(bad.status == 64, "\(bad.errors)")
        let done = try run(back + ["--ticket", "CHG0043", "--approver", "J. Smith"])
        #expect(done.status == 0, "\(done.errors)")
        let status = try run(["migrate", "status", "--cluster", "lab"])
        for text in [
            "Ticket: CHG0042\n", "Ticket of migrate rollback, ", ": CHG0043, approved by J. Smith (as entered",
        ] {
            #expect(status.output.contains(text), "\(text): \(status.output)")
        }
        let record = try run(["migrate", "status", "--cluster", "lab", "--json"]).json()
        #expect(record["ticket"] as? String == "CHG0042" && record["approver"] == nil)
        let runs = try #require(record["runs"] as? [[String: Any]])
        #expect(runs.map { $0["ticket"] as? String } == ["CHG0042", "CHG0043"])
        #expect(runs.last?["approver"] as? String == "J. Smith")
    }

    @Test func theChecklistHasDateAndName() throws {
        let page = rehearsal.folder.file("down.html")
        let check = ["migrate", "prepare-downgrade", "--cluster", "lab", "--to", "9.1", "--ticket", "CHG7"]
        let result = try run(check + ["--report", page], ["SUDO_USER=alice"])
        #expect(result.status == 5 && result.output.contains("\nWritten 2"), "\(result.output)")
        let list = try json("down.json")
        let author = try #require(list["writtenBy"] as? [String: Any])
        #expect(
            author["sudoUser"] as? String == "alice" && author["time"] != nil && list["ticket"] as? String == "CHG7")
        let html = rehearsal.folder.text("down.html")
        // What is left to do comes before what is proven.
        let left = try #require(html.range(of: "<h2>Left to do</h2>"))
        let proven = try #require(html.range(of: "<h2>Proven</h2>"))
        #expect(left.lowerBound < proven.lowerBound && html.contains("CHG7") && html.contains("(sudo: alice)"))
    }

    /// Columns stay columns, also where a name is longer than the terminal is wide.
    @Test(arguments: [60, 80]) func tablesKeepTheirColumns(columns: Int) throws {
        let module = rehearsal.moduleOptions
        for command in [
            ["ctl", "show", rehearsal.folder.file("lab/nodes/\(Rehearsal.publisher)/tftp/CTLFile.tlv")],
            ["token", "list"] + module, ["phones", "list", "--cluster", "lab", "--phones"],
            ["cluster", "status", "--cluster", "lab"],
        ] {
            let (_, screen) = try rehearsal.onTerminal(command, columns: columns)
            for line in screen.split(whereSeparator: \.isNewline) {
                #expect(
                    line.count <= columns || line.contains("etoken-bridge ")
                        || !line.drop { $0 == " " }.contains(" "), "\(command): \(line)")
            }
        }
        // Whole where it is no terminal.
        let piped = try run(["token", "list"] + module)
        #expect(!piped.output.contains("..."))
    }
}

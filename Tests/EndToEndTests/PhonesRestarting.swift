import Foundation
import ServerFixtures
import Testing

/// `phones restart` against a lab with many phones.
@Suite(.waiting, .timeLimit(.minutes(10))) struct PhonesRestarting {
    let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal(options: ["--phones", "120", "--nodes", "3"]) }

    private func restart(_ arguments: String...) throws -> Rehearsal.Result {
        try rehearsal.run(
            Programs.path("etoken-bridge"), ["phones", "restart", "--cluster", "lab"] + arguments)
    }

    private func document(_ result: Rehearsal.Result) throws -> [String: Any] {
        try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
    }

    private func status() throws -> [String: Any] {
        try document(rehearsal.run(Programs.path("cluster-lab"), ["status", rehearsal.folder.file("lab"), "--json"]))
    }

    /// How many phones say that the server has what they hold: those have restarted.
    private func started() throws -> Int {
        try waitUntil("the phones have started") { try status()["restarting"] as? Int == 0 }
        let crowd = try #require(try status()["crowd"] as? [[String: Any]])
        return try crowd.filter { $0["ctlOutcome"] as? String == "unchanged" }.reduce(0) {
            $0 + (try #require($1["count"] as? Int))
        }
    }

    @Test func aChoiceInBatches() throws {
        let unasked = try restart("--pool", "Warszawa")
        #expect(unasked.status == 64 && unasked.errors.contains("--yes"))
        let planned = try restart("--pool", "Warszawa", "--dry-run", "--json")
        #expect(planned.status == 0, "\(planned.errors)")
        let plan = try document(planned)
        let names = try #require(plan["left"] as? [String])
        #expect(names.count > 15 && names == names.sorted() && plan["state"] as? String == "planned")
        #expect(try started() == 0)

        let done = try restart("--pool", "Warszawa", "--yes", "--batch", "10", "--pause", "0", "--json")
        #expect(done.status == 0, "\(done.errors)")
        let report = try document(done)
        #expect(report["told"] as? Int == names.count && report["state"] as? String == "finished")
        #expect(
            done.errors.contains("[10/\(names.count)] requested")
                && done.errors.contains("[\(names.count)/\(names.count)]"))
        // Those in a drawer do not receive it.
        let count = try started()
        #expect(count > 10 && count <= names.count)
        let again = try restart("--resume")
        #expect(again.status == 2 && again.errors.contains("There is no stopped restart"))
    }

    @Test func namesFromAFile() throws {
        let plan = try document(restart("--model", "7841", "--dry-run", "--json"))
        let names = try #require(plan["left"] as? [String])
        let list = rehearsal.folder.write("list.csv", "Name,Model\n# these\n\(names[0]),Cisco 7841\n\n\(names[1])\n")
        #expect(
            try document(restart("--names-from", list, "--dry-run", "--json"))["left"] as? [String] == [
                names[0], names[1],
            ])
        rehearsal.folder.write("list.csv", "SEP999999999999\n")
        let wrong = try restart("--names-from", list, "--yes")
        #expect(wrong.status == 2 && wrong.errors.contains("SEP999999999999"))
        let model = try restart("--model", "7842", "--yes")
        #expect(model.status == 2 && model.errors.contains("Cisco 7841"))
        #expect(try restart("--yes").status == 64)
        #expect(try restart("--all", "--resume").status == 64)
        #expect(try restart("--all", "--model", "7841").status == 64)
        #expect(try started() == 0)
    }

    @Test func controlCAndResume() throws {
        let (output, errors) = (rehearsal.folder.file("output"), rehearsal.folder.file("errors"))
        let run = try ChildProcess(
            [
                Programs.path("etoken-bridge"), "phones", "restart", "--cluster", "lab", "--all", "--yes", "--batch",
                "25", "--pause", "3600", "--json",
            ], output: output, errors: errors,
            environment: [
                "XDG_CONFIG_HOME=\(rehearsal.folder.file("config"))",
                "XDG_STATE_HOME=\(rehearsal.folder.file("state"))",
            ])
        waitUntil("25 phones are told") { rehearsal.folder.text("errors").contains("[25/120] requested") }
        // While it runs, no other run continues it.
        let other = try restart("--resume", "--yes")
        #expect(other.status == 1 && other.errors.contains("is changing cluster lab"), "\(other.errors)")
        run.signal(SIGINT)
        #expect(run.wait() == 10, "\(rehearsal.folder.text("errors"))")
        let report = try #require(
            JSONSerialization.jsonObject(with: Data(rehearsal.folder.text("output").utf8)) as? [String: Any])
        #expect(report["told"] as? Int == 25 && (report["left"] as? [String])?.count == 95)
        #expect(rehearsal.folder.text("errors").contains("--resume"))

        let resumed = try restart("--resume", "--yes", "--pause", "0", "--json")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try document(resumed)["told"] as? Int == 95)
        #expect(try restart("--resume").status == 2)
        let heard = try started()
        let crowd = try #require(try status()["crowd"] as? [[String: Any]])
        let registered = try crowd.filter { $0["isRegistered"] as? Bool == true }.reduce(0) {
            $0 + (try #require($1["count"] as? Int))
        }
        #expect(registered > 100 && heard == registered, "\(heard) of \(registered): \(crowd)")
    }

    @Test func aBusyServerIsWaitedForAndAMissingOneEndsIt() throws {
        try rehearsal.fault(Rehearsal.publisher, "throttle", "--delay", "1")
        let busy = try restart("--all", "--yes", "--pause", "0", "--batch", "1000", "--json")
        #expect(busy.status == 0, "\(busy.errors)")
        #expect(busy.errors.contains("too busy"))
        #expect(try document(busy)["told"] as? Int == 120)
        try rehearsal.fault(Rehearsal.publisher, "down")
        let down = try restart("--all", "--yes")
        #expect(down.status == 6 && down.errors.contains(Rehearsal.publisher))
        try rehearsal.fault(Rehearsal.publisher, "login-refused")
        #expect(try restart("--all", "--yes").status == 7)
    }
}

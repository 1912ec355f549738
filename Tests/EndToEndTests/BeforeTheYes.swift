import Foundation
import ServerFixtures
import Testing

/// What a change shows before its question, and what keeps it from starting.
@Suite(.waiting, .timeLimit(.minutes(10))) struct BeforeTheYes {
    private let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    private var command: [String] {
        ["migrate", "to-etoken", "--cluster", "lab", "--accept-stranded", "--phone-timeout", "30", "--pin-file"]
            + [rehearsal.rightPIN, "--output", rehearsal.folder.file("out")] + rehearsal.moduleOptions
            + Rehearsal.tokens.flatMap { ["--token", $0] }
    }

    private func migrate(_ more: [String]) throws -> Rehearsal.Result {
        try rehearsal.run(Programs.path("etoken-bridge"), command + more)
    }

    @Test(arguments: [Rehearsal.subscriber, Rehearsal.publisher])
    func brokenReplicationIsAnError(node: String) throws {
        try rehearsal.fault(node, "replication")
        let before = try rehearsal.clusterState()
        let planned = try migrate(["--dry-run"])
        #expect(planned.status == 8, "\(planned.errors)")
        #expect(planned.output.contains("ERROR    Database replication of \(node) is in state"), "\(planned.output)")
        #expect(planned.output.contains("         Next: Repair it first (utils dbreplication)"))
        let document = try #require(
            JSONSerialization.jsonObject(with: Data(migrate(["--dry-run", "--json"]).output.utf8)) as? [String: Any])
        let finding = try #require((document["findings"] as? [[String: Any]])?.first)
        #expect(finding["severity"] as? String == "error" && finding["code"] as? String == "replication-broken")
        #expect(finding["node"] as? String == node && (finding["next"] as? [String])?.isEmpty == false)

        let refused = try migrate(["--yes"])
        #expect(refused.status == 8 && refused.errors.contains("add --despite-findings."), "\(refused.errors)")
        // With the plan, not alone.
        #expect(refused.errors.contains("New CTL file: tokens") && refused.errors.contains("Cisco 7960"))
        let plan = rehearsal.folder.file("saved.plan")
        #expect(try migrate(["--plan", plan]).status == 8)
        let run =
            [
                "migrate", "run", plan, "--pin-file", rehearsal.rightPIN, "--yes", "--output",
                rehearsal.folder.file("out"),
            ]
            + rehearsal.moduleOptions
        #expect(try rehearsal.run(Programs.path("etoken-bridge"), run).status == 8)
        #expect(try rehearsal.clusterState() == before)
        #expect(try rehearsal.bridge("migrate", "status", "--cluster", "lab").status == 2)

        let done = try rehearsal.run(Programs.path("etoken-bridge"), run + ["--despite-findings", "--json"])
        #expect(done.status == 0 && done.output.contains("\"replication-broken\""), "\(done.errors)")
    }

    @Test func whoIsAskedSeesErrorsAndSteps() throws {
        try rehearsal.fault(Rehearsal.subscriber, "replication")
        let question = "Change cluster lab now, despite these errors? Type yes or no:"
        let (status, screen) = try rehearsal.onTerminal(command, [(question, ""), (question, "no")])
        #expect(status == 1 && screen.contains("ERROR    Database replication of"), "\(screen)")
        #expect(screen.contains("Plan (nothing has been changed):") && screen.contains("Restart the phones"))
        #expect(screen.contains("Left to do by hand after the change for"))
        #expect(try rehearsal.bridge("migrate", "status", "--cluster", "lab").status == 2)
    }

    /// What scrolled past is right above the question again, in figures.
    @Test func theLastThingBeforeTheQuestionIsThePlanInShort() throws {
        let question = "Change cluster lab now? Type yes or no:"
        let (status, screen) = try rehearsal.onTerminal(command, [(question, "no")])
        #expect(status == 1, "\(screen)")
        let lines = screen.split(whereSeparator: \.isNewline).map(String.init)
        func place(_ start: String) throws -> Int {
            try #require(lines.firstIndex { $0.hasPrefix(start) }, "\(start) in \(screen)")
        }
        let places = try [
            "Plan (nothing has been changed):", "Phones: 2 of 3 follow, 1 needs a visit, 0 unknown.", "Records:",
            "+ SAST token SAST-ADN0054f509", "Restarts: Cisco Tftp on ", "Takes about ", "Back-out: until step ",
            "Tried beforehand, and found usable: OS Administration of ", "Change cluster lab now?",
        ].map(place)
        #expect(places == places.sorted() && places[8] - places[1] < 20, "\(screen)")
    }

    /// A plan that restarts phones needs an account for that: said before the question, not at the ninth step.
    @Test func withoutAnApplicationAccountItIsSaidBefore() throws {
        let path = "config/etoken-bridge/config.toml"
        var isApplication = false
        let kept = rehearsal.folder.text(path).split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            if line.hasPrefix("[") { isApplication = line.contains(".application") }
            return !isApplication
        }
        rehearsal.folder.write(path, Array(kept.joined(separator: "\n").utf8), mode: 0o600)
        let before = try rehearsal.clusterState()
        let refused = try migrate(["--yes"])
        #expect(refused.status == 8 && refused.errors.contains("names no application account"), "\(refused)")
        #expect(refused.errors.contains("--no-phone-restart"), "\(refused.errors)")
        #expect(try rehearsal.clusterState() == before)
        let done = try migrate(["--yes", "--no-phone-restart"])
        #expect(done.status == 0, "\(done.errors)")
    }

    /// A saved plan may be run where its token is not inserted: that is said before the question, too.
    @Test func aSavedPlanNeedsItsTokenBeforeTheQuestion() throws {
        let plan = rehearsal.folder.file("saved.plan")
        #expect(try migrate(["--plan", plan]).status == 0)
        let run = ["migrate", "run", plan, "--accept-stranded", "--output", rehearsal.folder.file("out")]
        let (status, screen) = try rehearsal.onTerminal(run + ["--module", rehearsal.folder.file("none.so")])
        #expect(status != 0 && screen.contains("none.so") && !screen.contains("Type yes or no"), "\(screen)")
        let question = "Change cluster lab now? Type yes or no:"
        let (again, asked) = try rehearsal.onTerminal(run + rehearsal.moduleOptions, [(question, "no")])
        #expect(again == 1 && asked.contains("Not confirmed"), "\(asked)")
    }

    /// Phones that would refuse are shown in their table.
    @Test func theTableComesWithTheRefusal() throws {
        let (status, screen) = try rehearsal.onTerminal(
            command.filter { $0 != "--accept-stranded" }, [("1 of 3 phones needs a visit.", "no")])
        #expect(status == 9 && screen.contains("PHONE") && screen.contains("Cisco 8861"), "\(screen)")
        let result = try rehearsal.migrate(accepting: false)
        #expect(result.status == 9 && result.errors.contains("PHONE") && result.output.isEmpty, "\(result.errors)")
    }
}

/// A plan for many phones, as a person reads it.
@Suite(.waiting, .timeLimit(.minutes(10))) struct LargePlans {
    @Test func aPlanForManyPhonesIsShort() throws {
        let rehearsal = try Rehearsal(options: ["--phones", "1000", "--nodes", "4"])
        let planned = try rehearsal.migrate("--dry-run")
        #expect(planned.status == 0, "\(planned.errors)")
        let lines = planned.output.split(separator: "\n").map(String.init)
        let head = try #require(lines.firstIndex { $0.hasPrefix("PHONES") })
        let rows = lines[(head + 1)...].prefix { $0.first?.isNumber == true && !$0.contains("more rows") }
        #expect(rows.count <= 30 && Set(rows).count == rows.count && rows.count > 3, "\(planned.output)")
        #expect(planned.output.contains("--dry-run --json lists all phones by name."), "\(planned.output)")
        // A program has no keys to press.
        #expect(planned.output.contains("it has no keys to press: sign out"))
    }
}

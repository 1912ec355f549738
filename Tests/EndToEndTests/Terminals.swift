import Foundation
import ServerFixtures
import Testing

/// What is shown on a terminal of 80 columns, and what happens when the terminal goes away.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Terminals {
    private let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    /// No line is longer, except those with a command, which are copied unchanged.
    @Test func linesFit() throws {
        let present = rehearsal.folder.file("present.tlv")
        #expect(try rehearsal.bridge("ctl", "fetch", "--cluster", "lab", "--output", present).status == 0)
        let module = rehearsal.moduleOptions
        let commands: [[String]] = [
            ["token", "list"] + module, ["token", "show", Rehearsal.tokens[0]] + module,
            ["cluster", "list"], ["cluster", "status", "--cluster", "lab"],
            ["ctl", "fetch", "--cluster", "lab", "--output", present, "--force"],
            ["trust", "list", "--cluster", "lab", "--store", "CallManager-trust"],
            ["tvs", "query", "--cluster", "lab", "--signer-of", present],
            ["ctl", "show", present], ["ctl", "verify", present], ["ctl", "diff", present, present],
            ["phones", "list", "--cluster", "lab", "--phones"], ["phones", "models"],
            ["phones", "forecast", "--cluster", "lab", "--file", present, "--phones"],
            ["phones", "check", "--cluster", "lab"],
            ["migrate", "prepare-downgrade", "--cluster", "lab", "--to", "9.1"],
            ["migrate", "status", "--cluster", "lab"],
            ["doctor", "--cluster", "lab"] + module,
            // Errors are reported in prose.
            ["ctl", "verify", "/etc/hostname"], ["phones", "list", "--cluster", "nowhere"],
            ["token", "show", "no-such-token"] + module,
            rehearsal.migrationArguments(output: rehearsal.folder.file("out")) + ["--dry-run"],
        ]
        for command in commands {
            let (status, screen) = try rehearsal.onTerminal(command, columns: 80)
            // It does what it should, or says what failed and what to do next.
            let hasFailed = screen.contains("etoken-bridge: ")
            let isFailure = status != 0 && command[0] != "doctor"
            #expect(status < 128 && !screen.isEmpty && hasFailed == isFailure, "\(status), \(command): \(screen)")
            #expect(!hasFailed || screen.contains("Next: "), "\(command): \(screen)")
            for line in screen.split(whereSeparator: \.isNewline) where line.count > 80 {
                let name = command.prefix(2).joined(separator: " ")
                let isOneWord = !line.drop { $0 == " " }.contains(" ")
                #expect(isOneWord || line.contains("etoken-bridge "), "\(name): \(line.count) characters: \(line)")
            }
        }
    }

    /// A change whose progress nobody reads continues: its end is on the cluster and in the journal.
    @Test func aReaderThatGoesAwayEndsNoChange() throws {
        let arguments = rehearsal.migrationArguments(output: rehearsal.folder.file("out")) + ["--accept-stranded"]
        let result = try rehearsal.run(
            "/bin/sh", ["-c", "\"$0\" \"$@\" 2>&1 | head -n 2", Programs.path("etoken-bridge")] + arguments)
        #expect(result.output.split(separator: "\n").count == 2)
        try waitUntil("the change is finished") {
            let status = try rehearsal.bridge("migrate", "status", "--cluster", "lab", "--json")
            return (try? status.json())?["state"] as? String == "finished"
        }
    }

    /// Control-C is answered, and takes effect before the next step.
    @Test func controlCIsNoted() throws {
        let errors = rehearsal.folder.file("errors")
        // Late responses, so that the signal comes within the step.
        try rehearsal.fault("all", "slow", "--delay", "0.3")
        let run = try ChildProcess(
            [Programs.path("etoken-bridge")]
                + rehearsal.migrationArguments(output: rehearsal.folder.file("out")) + ["--accept-stranded"],
            output: "/dev/null", errors: errors, environment: rehearsal.variables)
        waitUntil("the third step begins") { rehearsal.folder.text("errors").contains("[3/10]") }
        run.signal(SIGINT)
        #expect(run.wait() == 10, "\(rehearsal.folder.text("errors"))")
        let text = rehearsal.folder.text("errors")
        #expect(text.contains("\nStopping before the next step, or between two services or phones."), "\(text)")
        #expect(
            text.contains("Interrupted before ") && text.contains("; the cluster is as it was."), "\(text)")
        #expect(text.hasSuffix("Next: Run the same command again when you are ready.\n"), "\(text)")
    }
}

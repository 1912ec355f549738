import Foundation
import ServerFixtures
import Testing

/// What someone sees of a change while it runs, from this terminal and another one, and what an interrupted one says.
@Suite(.waiting, .timeLimit(.minutes(10))) struct RunningChange {
    private let rehearsal: Rehearsal
    private var program: String { Programs.path("etoken-bridge") }

    init() throws { rehearsal = try Rehearsal(options: ["--phones", "60"]) }

    /// A change whose phones are told in batches, with pauses.
    private var arguments: [String] {
        rehearsal.migrationArguments(output: rehearsal.folder.file("out")) + [
            "--accept-stranded", "--batch", "10", "--pause", "4",
        ]
    }

    private func start(_ arguments: [String], errors: String, output: String = "/dev/null") throws -> ChildProcess {
        try ChildProcess(
            [program] + arguments, output: output, errors: rehearsal.folder.file(errors),
            environment: rehearsal.variables)
    }

    private func migrate(_ arguments: String...) throws -> Rehearsal.Result {
        try rehearsal.run(program, ["migrate"] + arguments)
    }

    private struct Record: Decodable {
        struct Step: Decodable {
            let id, state: String
        }
        struct Remaining: Decodable {
            struct Step: Decodable {
                let id: String
                let texts: [String]
            }
            let steps: [Step]
            let seconds: Double
        }
        let id, state: String
        let steps: [Step]
        let remaining: Remaining?
    }

    private func record(_ name: String) throws -> Record {
        try JSONDecoder().decode(Record.self, from: Data(rehearsal.folder.bytes(name) ?? []))
    }

    /// Stopped between two batches, shown, refused without a yes, and gone on with: the record goes along.
    @Test func anInterruptedChangeIsShownBeforeItGoesOn() throws {
        let folder = rehearsal.folder
        let run = try start(arguments + ["--report", folder.file("record.html")], errors: "errors")
        waitUntil("the first batch is told") { folder.text("errors").contains("10 of 6") }
        waitUntil("the record has the step") {
            (try? record("record.json").steps.first { $0.id == "restart-phones" }?.state) == "begun"
        }
        #expect(try record("record.json").state == "unfinished")
        run.signal(SIGINT)
        #expect(run.wait() == 10, "\(folder.text("errors"))")
        #expect(
            folder.text("errors").contains("The new CTL file is on every node. \"Restart the phones\" was interrupted:")
        )
        #expect(folder.text("errors").hasSuffix("Next: etoken-bridge migrate resume --cluster lab\n"))

        let status = try migrate("status", "--cluster", "lab")
        let lines = status.output.components(separatedBy: "\n")
        #expect(lines[0].hasPrefix("Change lab-") && lines[0].hasSuffix(": not finished"), "\(status.output)")
        // Where the change is comes before anything else, with a command in each line.
        let standing = try #require(lines.firstIndex { $0.contains("steps are done.") }, "\(status.output)")
        #expect(standing < 5)
        #expect(lines[standing + 1] == "Resume it: etoken-bridge migrate resume --cluster lab")
        #expect(lines[standing + 2] == "Roll it back: etoken-bridge migrate rollback --cluster lab")

        let dry = try migrate("resume", "--cluster", "lab", "--dry-run")
        let left = /Still to do:\n 1. Restart the phones\n    [1-5]0 phones, over AXL\n 2. Check what each phone/
        #expect(dry.status == 0 && dry.output.firstMatch(of: left) != nil, "\(dry.output)")
        let json = try JSONDecoder().decode(
            Record.self, from: Data(migrate("resume", "--cluster", "lab", "--dry-run", "--json").output.utf8))
        #expect(json.remaining?.steps.map(\.id) == ["restart-phones", "check-phones"])
        #expect((json.remaining?.seconds ?? 0) > 0)

        let silent = try migrate("resume", "--cluster", "lab")
        #expect(silent.status == 64, "\(silent)")
        #expect(silent.errors.contains("There is no terminal to ask on: Resume change lab-"), "\(silent.errors)")
        #expect(silent.errors.contains("This run changed nothing.\nNext: Add --yes to confirm."), "\(silent.errors)")
        let question = "on cluster lab now? Type yes or no:"
        let (no, screen) = try rehearsal.onTerminal(["migrate", "resume", "--cluster", "lab"], [(question, "no")])
        #expect(no == 1 && screen.contains("Still to do:") && screen.contains("nothing was changed"), "\(screen)")
        #expect(try record("record.json").state == "unfinished")
        let (yes, end) = try rehearsal.onTerminal(["migrate", "resume", "--cluster", "lab"], [(question, "yes")])
        #expect(yes == 0 && end.contains("The change record is in \(folder.file("record.html"))"), "\(end)")
        #expect(try record("record.json").state == "finished")

        try wayBack(record("record.json").id)
    }

    /// The record goes along on the way back, and never over another's.
    private func wayBack(_ id: String) throws {
        let folder = rehearsal.folder
        let other = #"{"id": "lab-20200101T000000Z"}"#
        folder.write("record.json", other)
        let back = try migrate("rollback", "--cluster", "lab", "--yes", "--accept-stranded")
        #expect(back.status == 0 && folder.text("record.json") == other, "\(back.errors)")
        let status = try migrate("status", "--cluster", "lab")
        #expect(status.output.hasPrefix("Change \(id): rolled back 20"), "\(status.output)")
        #expect(status.output.contains("\n\nEverything is as it was before: \(id) was rolled back.\n\n"))
        #expect(!status.output.contains("FORECAST") && !status.output.contains("Last failure"), "\(status.output)")
    }

    /// The second terminal sees the steps of the first, with their times, and ends with it.
    @Test func aSecondTerminalFollows() throws {
        let folder = rehearsal.folder
        let nothing = try migrate("status", "--cluster", "lab", "--follow")
        #expect(nothing.status == 2, "\(nothing)")
        let run = try start(arguments, errors: "errors")
        waitUntil("the change begins") { folder.text("errors").contains("[1/10]") }
        let follower = try start(
            ["migrate", "status", "--cluster", "lab", "--follow"], errors: "followed", output: folder.file("status"))
        waitUntil("the phones are told") { folder.text("followed").contains("[9/10] Restart the phones (") }
        let now = try migrate("status", "--cluster", "lab")
        #expect(
            now.output.contains("\nWatch it: etoken-bridge migrate status --cluster lab --follow\n"), "\(now.output)")
        #expect(!now.output.contains("Resume it:") && !now.output.contains("Roll it back:"), "\(now.output)")
        #expect(run.wait() == 0, "\(folder.text("errors"))")
        #expect(follower.wait() == 0)
        let (seen, told) = (folder.text("followed"), folder.text("errors"))
        #expect(
            seen.contains(" started the change: 20") && seen.contains("10 phones have been told to restart"), "\(seen)")
        for text in [seen, told] {
            let steps = text.components(separatedBy: "\n").filter { $0.hasPrefix("[") }
            #expect(steps.count == 10, "\(text)")
            for step in steps { #expect(step.firstMatch(of: /\((\d\d:){2}\d\d\)$/) != nil, "\(step)") }
            #expect(text.components(separatedBy: "\n       took ").count > 5, "\(text)")
        }
        #expect(folder.text("status").hasPrefix("Change lab-") && folder.text("status").contains(": finished 20"))
    }

    /// One line of progress is rewritten on a terminal; colours are there where they are wanted.
    @Test func progressAndColours() throws {
        let terminal = ["TERM=xterm"]
        let bold = "\u{1B}[1m[9/10] Restart the phones"
        let (status, screen) = try rehearsal.onTerminal(arguments, columns: 80, environment: terminal)
        #expect(status == 0 && screen.contains(bold), "\(screen)")
        let progress = screen.components(separatedBy: "\r\u{1B}[K").dropFirst().map {
            $0.prefix { $0 != "\r" && $0 != "\r\n" && $0 != "\u{1B}" }
        }
        #expect(
            progress.contains { $0.hasPrefix("       10 of 6") } && progress.contains { $0.hasPrefix("       20 of 6") }
        )
        #expect(progress.allSatisfy { $0.count < 80 }, "\(progress)")
        #expect(screen.contains("\u{1B}[32mChange lab-"))
        let back = ["migrate", "rollback", "--cluster", "lab", "--accept-stranded"]
        let no = [("Type yes or no:", "no")]
        let red = "\u{1B}[1;31metoken-bridge: Not confirmed"
        #expect(try rehearsal.onTerminal(back, no, environment: terminal).1.contains(red))
        for (options, environment) in [
            ([], ["TERM=xterm", "NO_COLOR=1"]), (["--color", "never"], terminal), ([], ["TERM=dumb"]),
        ] {
            let (_, plain) = try rehearsal.onTerminal(back + options, no, environment: environment)
            #expect(plain.contains("etoken-bridge: Not confirmed") && !plain.contains("\u{1B}["), "\(plain)")
        }
        let quiet = try rehearsal.run(program, back + ["--yes", "--quiet", "--color", "always"])
        #expect(quiet.status == 0 && quiet.errors.isEmpty, "\(quiet.errors)")
        #expect(quiet.output.hasPrefix("\u{1B}[32mChange lab-"), "\(quiet.output)")
    }

    /// What fails, or ends, before the change has started leaves everything as it was, and says so.
    @Test func nothingWasChangedIsSaid() throws {
        let asked = arguments.filter { $0 != "--yes" }
        let before = try rehearsal.clusterState()
        let (_, screen) = try rehearsal.onTerminal(asked, [("Change cluster lab now? Type yes or no:", "\u{3}")])
        #expect(
            screen.contains("Type yes or no: ^C\r\n") && screen.hasSuffix("Nothing was changed.\r\n"), "\(screen)")
        let pin = rehearsal.folder.write("wrong", "00000000\n")
        let wrong = try rehearsal.migrate("--batch", "20", pinFile: pin)
        #expect(wrong.status == 3 && wrong.errors.contains(" Nothing was changed.\n"), "\(wrong.errors)")
        let password = rehearsal.folder.text("lab/credentials/platform")
        rehearsal.folder.write("lab/credentials/platform", "wrong\n")
        let refused = try rehearsal.migrate("--batch", "20")
        #expect(refused.status == 7 && refused.errors.contains(" Nothing was changed.\n"), "\(refused.errors)")
        rehearsal.folder.write("lab/credentials/platform", password)
        #expect(try rehearsal.clusterState() == before)

        // The second Control-C says how to continue.
        let run = try start(arguments, errors: "errors")
        waitUntil("the first batch is told") { rehearsal.folder.text("errors").contains("10 of 6") }
        try rehearsal.fault("all", "slow", "--delay", "5")
        // The pause before the next batch is over; its orders are on their way.
        usleep(6_000_000)
        run.signal(SIGINT)
        usleep(10_000)
        run.signal(SIGINT)
        #expect(run.wait() == 128 + SIGINT)
        #expect(rehearsal.folder.text("errors").contains("Stopping before the next step"))
        #expect(
            rehearsal.folder.text("errors").hasSuffix(
                "\nEnded at once. Continue: etoken-bridge migrate resume --cluster lab\n"))
    }
}

import Foundation
import ServerFixtures
import Testing

/// Control-C within the long steps after the new file is on every node, and the publisher that serves no TFTP.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Interruptions {
    /// Runs or continues a change, and types Control-C once a given text is on the terminal.
    ///
    /// - Returns: its status, what it said, and how many seconds it took to end.
    private func interrupt(
        _ rehearsal: Rehearsal, _ arguments: [String], at words: String
    ) throws -> (status: Int32, text: String, seconds: Double) {
        let name = "errors-\(UUID().uuidString)"
        let run = try ChildProcess(
            [Programs.path("etoken-bridge")] + arguments, output: "/dev/null", errors: rehearsal.folder.file(name),
            environment: rehearsal.variables)
        waitUntil("it says \(words)") { rehearsal.folder.text(name).contains(words) }
        run.signal(SIGINT)
        let start = ContinuousClock.now
        let status = run.wait()
        return (status, rehearsal.folder.text(name), (ContinuousClock.now - start) / .seconds(1))
    }

    @Test func theLongStepsHearControlC() throws {
        let rehearsal = try Rehearsal(options: ["--phones", "250"])
        try rehearsal.fault("all", "slow-start", "--delay", "20")
        let stopped = try interrupt(
            rehearsal, rehearsal.migrationArguments(output: rehearsal.folder.file("out")) + ["--accept-stranded"],
            at: "0 of 4 services")
        #expect(stopped.status == 10, "\(stopped.text)")
        #expect(stopped.seconds < 10)
        #expect(stopped.text.contains("The new CTL file is on every node. "), "\(stopped.text)")
        #expect(stopped.text.contains("was interrupted: 0 of 4 services were restarted."), "\(stopped.text)")
        #expect(stopped.text.hasSuffix("Next: etoken-bridge migrate resume --cluster lab\n"), "\(stopped.text)")
        for node in [Rehearsal.publisher, Rehearsal.subscriber] {
            #expect(rehearsal.ctlFile(node) == rehearsal.folder.bytes("out/CTLFile.tlv"))
        }

        try rehearsal.fault("all", "none")
        // The service restart continues by itself.
        let fetched = ["ctl", "fetch", "--cluster", "lab", "--output", rehearsal.folder.file("now.tlv"), "--force"]
        try waitUntil("Cisco Tftp is up again") {
            try rehearsal.run(Programs.path("etoken-bridge"), fetched).status == 0
        }
        let resume = ["migrate", "resume", "--cluster", "lab", "--yes", "--ticket", "CHG0042"]
        let again = try interrupt(rehearsal, resume, at: "100 of 25")
        #expect(again.status == 10, "\(again.text)")
        #expect(again.seconds < 4)
        #expect(
            again.text.contains("was interrupted: 100 of 25")
                && again.text.contains("phones have been told to restart."), "\(again.text)")

        let last = try rehearsal.run(Programs.path("etoken-bridge"), resume)
        #expect(last.status == 0, "\(last.errors)")
        #expect(last.output.contains("Ticket of migrate resume, "), "\(last.output)")
        #expect(last.errors.contains("150 phones, over AXL") || last.errors.contains("153 phones, over AXL"))
    }

    /// Its file is then ignored, and everything else is as with any cluster.
    @Test func thePublisherNeedNotServeTFTP() throws {
        let rehearsal = try Rehearsal()
        let path = "config/etoken-bridge/config.toml"
        let lines = rehearsal.folder.text(path).components(separatedBy: "\n").flatMap {
            $0.hasPrefix("publisher = true") ? [$0, "tftp = false"] : [$0]
        }
        rehearsal.folder.write(path, lines.joined(separator: "\n"))
        let before = rehearsal.ctlFile(Rehearsal.publisher)
        // The lab's phones ask the publisher nevertheless.
        let result = try rehearsal.migrate("--no-phone-restart")
        #expect(result.status == 0, "\(result.errors)")
        #expect(rehearsal.ctlFile(Rehearsal.subscriber) == rehearsal.folder.bytes("out/CTLFile.tlv"))
        #expect(rehearsal.ctlFile(Rehearsal.publisher) == before)
    }
}

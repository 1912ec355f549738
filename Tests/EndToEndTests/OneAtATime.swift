import Foundation
import ServerFixtures
import Testing

/// While a change runs, no command changes the same cluster.
@Suite(.waiting, .timeLimit(.minutes(10))) struct OneAtATime {
    @Test func commandsWaitForNoChange() throws {
        let rehearsal = try Rehearsal()
        for token in Rehearsal.tokens {
            #expect(try rehearsal.token("export", token, "--output", rehearsal.folder.path).status == 0)
        }
        let present = rehearsal.folder.file("present.tlv")
        #expect(try rehearsal.bridge("ctl", "fetch", "--cluster", "lab", "--output", present).status == 0)
        try rehearsal.fault("all", "slow", "--delay", "0.3")
        let errors = rehearsal.folder.file("errors")
        let change = try ChildProcess(
            [Programs.path("etoken-bridge")]
                + rehearsal.migrationArguments(output: rehearsal.folder.file("out")) + ["--accept-stranded"],
            output: "/dev/null", errors: errors, environment: rehearsal.variables)
        waitUntil("the change begins") { rehearsal.folder.text("errors").contains("[1/10]") }
        let status = try rehearsal.bridge("migrate", "status", "--cluster", "lab")
        #expect(status.output.hasPrefix("A run is in progress on cluster lab (process "), "\(status.output)")
        #expect(status.output.contains("): change lab-"), "\(status.output)")
        let commands: [[String]] = [
            ["ctl", "deploy", present, "--yes"], ["ctl", "delete", "--any-mode", "--yes"],
            ["trust", "upload", rehearsal.folder.file("\(Rehearsal.tokens[0]).pem")],
            ["trust", "remove", "--serial", "01", "--yes"], ["cluster", "restart-services", "--yes"],
            ["phones", "restart", "--all", "--yes"], ["migrate", "to-tokenless", "--yes"],
        ]
        for command in commands {
            let result = try rehearsal.run(Programs.path("etoken-bridge"), command + ["--cluster", "lab"])
            #expect(result.status == 1, "\(command): \(result.errors)")
            #expect(result.errors.contains("is changing cluster lab"), "\(command): \(result.errors)")
        }
        change.signal(SIGINT)
        #expect(change.wait() == 10, "\(rehearsal.folder.text("errors"))")
        // Now nothing prevents it.
        #expect(try rehearsal.bridge("ctl", "deploy", present, "--yes", "--cluster", "lab").status == 0)
    }
}

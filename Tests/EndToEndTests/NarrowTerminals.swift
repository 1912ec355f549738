import Foundation
import ServerFixtures
import Testing

/// What stands on a terminal of 80 columns.
@Suite struct NarrowTerminals {
    private let rehearsal = try! Rehearsal()

    /// No line is longer, but those with a command, which are copied as they are.
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
            // What goes wrong is said in prose.
            ["ctl", "verify", "/etc/hostname"], ["phones", "list", "--cluster", "nowhere"],
            ["token", "show", "no-such-token"] + module,
            rehearsal.migrationArguments(output: rehearsal.folder.file("out")) + ["--dry-run"],
        ]
        for command in commands {
            let (_, screen) = try rehearsal.onTerminal(command, columns: 80)
            #expect(!screen.isEmpty)
            for line in screen.split(whereSeparator: \.isNewline) where line.count > 80 {
                let name = command.prefix(2).joined(separator: " ")
                let isOneWord = !line.drop { $0 == " " }.contains(" ")
                #expect(isOneWord || line.contains("etoken-bridge "), "\(name): \(line.count) characters: \(line)")
            }
        }
    }
}

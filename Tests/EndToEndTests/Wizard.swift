import Foundation
import ServerFixtures
import Testing
import TrustList

/// A person at a terminal who says on the command line as little as possible, and is asked for the rest.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Wizard {
    private let rehearsal: Rehearsal

    init() throws {
        rehearsal = try Rehearsal()
        try rehearsal.useModule()
    }

    private typealias Answers = [(String, String)]

    /// Two tokens are added, the last one signs.
    private static let twoTokens: Answers = [
        ("Add this token to the trust list?", "y"), ("Add this token to the trust list?", "yes"),
        ("Add another token?", ""), ("Which token signs?", ""),
    ]
    /// No introduction on a release that is not known to offer it, and phones that restart.
    private static let asUsual: Answers = [
        ("is not known to create one. Try it?", ""), ("Restart the 3 phones at the end", ""),
    ]

    /// The command that the guide shows at its end, run as it is.
    private func command(in screen: String) throws -> String {
        let lines = screen.split(whereSeparator: \.isNewline).map(String.init)
        let head = try #require(lines.lastIndex { $0.hasPrefix("All of this as one command:") }, "\(screen)")
        return try #require(head + 1 < lines.count ? lines[head + 1] : nil).trimmingCharacters(in: .whitespaces)
    }

    private func paste(_ command: String, _ more: String = "") throws -> Rehearsal.Result {
        try rehearsal.run(
            "/bin/sh",
            [
                "-c",
                command.replacingOccurrences(of: "etoken-bridge ", with: Programs.path("etoken-bridge") + " ") + " "
                    + more,
            ])
    }

    private func noLineIsLonger(than columns: Int, _ screen: String) {
        for line in screen.split(whereSeparator: \.isNewline) where line.count > columns {
            // A line with a command is copied as it is; what someone types comes behind the question.
            let isOneWord = !line.drop { $0 == " " }.contains(" ")
            #expect(isOneWord || line.contains("etoken-bridge "), "\(line.count) characters: \(line)")
        }
    }

    /// From `etoken-bridge migrate` to the finished change, with a 7960 that needs a visit and with every kind of mistake.
    @Test(arguments: [(80, 24), (120, 40)]) func theWholeWay(columns: Int, lines: Int) throws {
        let answers: Answers =
            [
                ("What is to be done?", "frobnicate"), ("That matches none of them", "0"),
                ("That matches none of them", "to-e"),
            ]
            + [("Add this token to the trust list?", "perhaps")] + Self.twoTokens
            + [("is not known to create one", ""), ("Restart the 3 phones at the end", "")]
            + [("1 of 3 phones needs a visit. Continue anyway?", "y"), ("Change cluster lab now?", "yes")]
            + [("PIN of token SAST-ADN008580ef", "Cisco124"), ("Enter the PIN again?", "yes")]
            + [("PIN of token SAST-ADN008580ef", "Cisco123")]
        let (status, screen) = try rehearsal.onTerminal(["migrate"], answers, columns: columns, lines: lines)
        #expect(status == 0, "\(screen)")
        noLineIsLonger(than: columns, screen)
        let list = try TrustListFile(decoding: #require(rehearsal.ctlFile(Rehearsal.publisher)))
        #expect(list.header.signerName.contains("SAST-ADN008580ef"))
        #expect(
            screen.contains("CTL Client") == false && screen.contains("a wrong one was entered before"), "\(screen)")
        let command = try command(in: screen)
        #expect(
            command
                == "etoken-bridge migrate to-etoken --cluster lab --token SAST-ADN0054f509 --token SAST-ADN008580ef --accept-stranded"
        )
        let again = try paste(command, "--yes")
        #expect(again.status == 0 && again.output.contains("nothing to do"), "\(again)")
    }

    @Test(arguments: [(80, 24), (120, 40)]) func inGerman(columns: Int, lines: Int) throws {
        let answers: Answers = [
            ("Was ist zu tun?", "weiß nicht"), ("Das ist nichts davon", "to-etoken"),
            ("Dieses Token in die Vertrauensliste aufnehmen?", "ja"),
            ("Dieses Token in die Vertrauensliste aufnehmen?", "j"), ("Return heißt nein", "nein"),
            ("Welches Token unterzeichnet?", "SAST-ADN0054f509"), ("(Return heißt nein)", ""),
            ("(Return heißt ja)", "ja"), ("1 von 3 Telefonen braucht einen Besuch. Trotzdem", ""),
        ]
        let before = try rehearsal.clusterState()
        let (status, screen) = try rehearsal.onTerminal(
            ["migrate"], answers, columns: columns, lines: lines, environment: ["LANG=de_DE.UTF-8"])
        #expect(status == 9, "\(screen)")
        noLineIsLonger(than: columns, screen)
        #expect(
            screen.contains(
                "  etoken-bridge migrate to-etoken --cluster lab --token SAST-ADN0054f509 --token SAST-ADN008580ef --sign-with SAST-ADN0054f509\r\n"
            ), "\(screen)")
        #expect(try rehearsal.clusterState() == before)
    }

    /// Whoever does not want it ends it with the first no, and has lost no answer.
    @Test func aNoToStrandedPhonesChangesNothing() throws {
        let before = try rehearsal.clusterState()
        let answers = Self.twoTokens + Self.asUsual + [("1 of 3 phones needs a visit.", "")]
        let (status, screen) = try rehearsal.onTerminal(["migrate", "to-etoken"], answers)
        #expect(status == 9 && screen.contains("Cisco 7960"), "\(screen)")
        #expect(try rehearsal.clusterState() == before)
        let pasted = try paste(command(in: screen), "--dry-run")
        #expect(pasted.status == 9, "\(pasted)")
    }

    /// Choices other than the usual ones are in the command, too.
    @Test func everyChoiceIsInTheCommand() throws {
        let answers =
            Self.twoTokens.dropLast() + [
                ("Which token signs?", "1"), ("is not known to create one", "y"), ("Change cluster lab now?", "no"),
            ]
        let (status, screen) = try rehearsal.onTerminal(["migrate", "to-etoken"], Array(answers))
        #expect(status == 1 && screen.contains("introduced first"), "\(screen)")
        #expect(
            try command(in: screen)
                == "etoken-bridge migrate to-etoken --cluster lab --token SAST-ADN0054f509 --token SAST-ADN008580ef --sign-with SAST-ADN0054f509 --introduce always"
        )
        let without =
            Self.twoTokens + [
                ("is not known to create one", "no"), ("Restart the 3 phones", "no"), ("needs a visit", "yes"),
                ("Change cluster lab now?", "no"),
            ]
        let (stopped, shown) = try rehearsal.onTerminal(["migrate", "to-etoken"], without)
        #expect(stopped == 1 && !shown.contains("Restart the phones\r\n"), "\(shown)")
        #expect(try command(in: shown).hasSuffix(" --no-phone-restart --accept-stranded"), "\(shown)")
    }

    /// Nothing but the decision of a person leads to another try, and the token's own count ends it.
    @Test func aWrongPINIsNeverTriedAgainByItself() throws {
        try rehearsal.useModule("pin_tries = 3")
        let whole = ["migrate", "to-etoken", "--cluster", "lab", "--accept-stranded"]
        let command = whole + Rehearsal.tokens.flatMap { ["--token", $0] }
        let before = try rehearsal.clusterState()
        let wrong: Answers = [("Change cluster lab now?", "yes"), ("PIN of token", "Cisco124")]
        let (status, screen) = try rehearsal.onTerminal(command, wrong + [("Enter the PIN again?", "")])
        #expect(status == 3 && screen.contains("2 tries left"), "\(screen)")
        #expect(screen.components(separatedBy: "\r\nPIN of token").count == 2, "\(screen)")
        let (locked, text) = try rehearsal.onTerminal(
            command, wrong + [("Enter the PIN again?", "y")])
        #expect(locked == 4, "\(text)")
        #expect(try rehearsal.clusterState() == before)
    }

    /// Several clusters: a wrong answer is asked again, and names count.
    @Test func theClusterIsChosen() throws {
        try rehearsal.addSecondCluster()
        let (status, screen) = try rehearsal.onTerminal(
            ["migrate", "status"], [("Which cluster?", "3"), ("That matches none of them", "other")])
        #expect(status == 2 && screen.contains("other"), "\(screen)")
        let (asked, shown) = try rehearsal.onTerminal(
            ["migrate", "to-tokenless"], [("Which cluster?", "LAB")])
        #expect(asked == 0 && shown.contains("nothing to do"), "\(shown)")
        #expect(try command(in: shown) == "etoken-bridge migrate to-tokenless --cluster lab")
    }

    /// Without a cluster it starts with `cluster add`, here of a lab.
    @Test func aClusterIsAddedFirst() throws {
        rehearsal.folder.write("config/etoken-bridge/config.toml", "[tokens]\nmodules = ['\(rehearsal.module)']\n")
        let (status, screen) = try rehearsal.onTerminal(
            ["migrate"],
            [
                ("Host name or address of the publisher:", "not a host"),
                ("Type a host name or an IP address", rehearsal.folder.file("lab")),
                ("What is to be done?", "update-certificates"),
            ])
        #expect(status == 0 && screen.contains("nothing to do"), "\(screen)")
        #expect(try command(in: screen) == "etoken-bridge migrate update-certificates --cluster lab")
    }

    /// The other procedures on a cluster that tokens sign.
    @Test func everyProcedureAsksForWhatItNeeds() throws {
        #expect(try rehearsal.migrate().status == 0)
        let lab = ["--cluster", "lab"]
        let (replaced, replacing) = try rehearsal.onTerminal(
            ["migrate", "replace-token"] + lab,
            [
                ("Which token is lost?", "SAST"), ("That matches none of them", "SAST-ADN0054f509"),
                ("Is another token lost as well?", "yes"), ("Which token is lost?", "1"),
                ("No token remains in the file.", "no"), ("Restart the 3 phones", ""),
                ("Change cluster lab now?", "no"),
            ])
        #expect(replaced == 1, "\(replacing)")
        #expect(
            try command(in: replacing)
                == "etoken-bridge migrate replace-token --cluster lab --lost SAST-ADN0054f509 --lost SAST-ADN008580ef")

        let (updated, updating) = try rehearsal.onTerminal(["migrate", "update-certificates"] + lab, Self.twoTokens)
        #expect(updated == 0 && updating.contains("Tokens in the current file: "), "\(updating)")

        let (mode, modes) = try rehearsal.onTerminal(
            ["cluster", "set-mode"] + lab,
            [("Which mode?", "non-secure"), ("Are hardware tokens to sign the new file?", "no")]
                + [("Restart the 3 phones", ""), ("Change cluster lab now?", "n")])
        #expect(mode == 1, "\(modes)")
        #expect(try command(in: modes) == "etoken-bridge cluster set-mode non-secure --cluster lab")

        let (ready, checklist) = try rehearsal.onTerminal(
            ["migrate", "prepare-upgrade"], [("Which release", "soon"), ("Write it like 14.0", "14")])
        #expect(ready != 64 && checklist.contains("14"), "\(checklist)")
        let (down, downgrade) = try rehearsal.onTerminal(
            ["migrate"],
            [
                ("What is to be done?", "prepare-downgrade"), ("Which release", "9.1"), ("Compare your tokens", ""),
                ("Compare this token?", "y"), ("Add another token?", "n"),
            ])
        #expect(down == 5, "\(downgrade)")
        #expect(
            try command(in: downgrade)
                == "etoken-bridge migrate prepare-downgrade --cluster lab --to 9.1 --token SAST-ADN0054f509")

        let (tokenless, asked) = try rehearsal.onTerminal(
            ["migrate"],
            [
                ("What is to be done?", "to-tokenless"), ("does not name the cluster's own signer.", "no"),
                ("Restart the 3 phones", ""), ("Change cluster lab now?", "no"),
            ])
        #expect(tokenless == 1, "\(asked)")

        let plan = rehearsal.folder.file("a plan")
        #expect(try rehearsal.bridge("migrate", "to-tokenless", "--plan", plan, "--accept-stranded").status == 0)
        let (ran, running) = try rehearsal.onTerminal(
            ["migrate", "run"],
            [("File of the saved plan:", "nothing"), ("There is no such file", plan), ("now?", "no")])
        #expect(ran == 1, "\(running)")
        #expect(try command(in: running) == "etoken-bridge migrate run '\(plan)'")
    }

    /// Without a terminal nothing is asked, and what is missing is a wrong command line.
    @Test func withoutATerminalNothingIsAsked() throws {
        let help = try rehearsal.bridge("migrate")
        #expect(help.status == 0 && help.output.contains("SUBCOMMANDS:"), "\(help)")
        for words in [
            ["cluster", "set-mode"], ["migrate", "run"], ["migrate", "prepare-upgrade"], ["migrate", "to-etoken"],
        ] {
            let result = try rehearsal.run(Programs.path("etoken-bridge"), words)
            #expect(result.status == 64 && result.output.isEmpty, "\(words): \(result)")
        }
        #expect(
            try rehearsal.bridge("migrate", "run").errors.hasPrefix("Error: Missing expected argument '<file>'\n"))
    }
}

extension Rehearsal {
    /// Has the configuration name the tokens' module, so that no command has to.
    func useModule(_ more: String = "") throws {
        let path = "config/etoken-bridge/config.toml"
        let text = folder.text(path).components(separatedBy: "\n[tokens]")[0]
        folder.write(path, Array((text + "\n[tokens]\nmodules = ['\(module)']\n\(more)\n").utf8), mode: 0o600)
    }

    /// The same cluster under another name.
    func addSecondCluster() throws {
        let copied = try bridge("cluster", "add", "--lab", folder.file("lab"), "--name", "other")
        guard copied.status == 0 else { throw ChildProcess.Failure(description: "cluster add: \(copied)") }
    }
}

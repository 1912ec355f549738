import Foundation
import ServerFixtures
import Testing

/// The main job with two tokens and one USB port: each is asked for when it is its turn.
@Suite(.waiting, .timeLimit(.minutes(10))) struct OneUSBPort {
    @Test func tokensTakeTurns() throws {
        let tokens = try VirtualTokens()
        let rehearsal = try Rehearsal()
        let output = rehearsal.folder.file("out")
        try tokens.tell(1, "pull")
        let program = try Program(
            [
                "migrate", "to-etoken", "--cluster", "lab", "--module", tokens.module, "--yes", "--phone-timeout", "30",
                "--token", VirtualTokens.labels[0], "--token", VirtualTokens.labels[1], "--sign-with",
                VirtualTokens.labels[0], "--pin-file", tokens.pinFile, "--output", output, "--accept-stranded",
            ],
            environment: tokens.environment + [
                "XDG_CONFIG_HOME=\(rehearsal.folder.file("config"))",
                "XDG_STATE_HOME=\(rehearsal.folder.file("state"))",
            ], onTerminal: true)
        try program.expect("the second token is asked for") {
            $0.contains("Insert the second security token (\(VirtualTokens.labels[1])) and press Return.")
        }
        // Inserting the same one again is noticed.
        try tokens.reinsert(0)
        try program.expect("the first one again") {
            $0.contains { $0.hasPrefix("That is token \(VirtualTokens.labels[0]) again.") }
        }
        try tokens.tell(0, "pull")
        try tokens.tell(1, "insert")
        try program.expect("the signing token is asked for") {
            $0.contains("Insert the signing security token (\(VirtualTokens.labels[0])) and press Return.")
        }
        try tokens.tell(1, "pull")
        try tokens.tell(0, "insert")
        #expect(program.status() == 0, "\(program.output)")
        // The record is wrapped to the terminal.
        #expect(
            program.output.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(
                "signed by \(VirtualTokens.labels[0])"))
        #expect(try tokens.status(0).signatures == 1 && tokens.status(0).verifications == 1)
        #expect(try tokens.status(1).verifications == 0)
    }

    /// The guide on the terminal, too; a token that is removed while its PIN is typed is asked for again, and no answer is lost.
    @Test func theGuideTakesTurnsWithOnePort() throws {
        let tokens = try VirtualTokens()
        let rehearsal = try Rehearsal(cards: tokens, lab: true)
        let pin = try String(contentsOfFile: tokens.pinFile, encoding: .utf8)
        try tokens.tell(1, "pull")
        let program = try Program(
            ["migrate", "to-etoken", "--module", tokens.module, "--phone-timeout", "30"],
            environment: rehearsal.variables, onTerminal: true)
        func answer(_ question: String, _ typed: String, time count: Int = 1) throws {
            try program.expect(question) { lines in lines.count { $0.contains(question) } == count }
            // The question comes just before the echo is switched off.
            usleep(300_000)
            program.type(typed + "\n")
        }
        try answer("Add this token to the trust list?", "y")
        try program.expect("the second token is asked for") {
            $0.contains("Insert the second security token and press Return.")
        }
        try tokens.tell(0, "pull")
        try tokens.tell(1, "insert")
        try answer("Add this token to the trust list?", "y", time: 2)
        try answer("Add another token?", "")
        try answer("Which token signs?", "")
        try answer("is not known to create one. Try it?", "")
        try answer("Restart the 3 phones at the end", "")
        try answer("1 of 3 phones needs a visit.", "yes")
        try answer("Change cluster lab now?", "yes")
        try program.expect("the PIN") { $0.contains { $0.hasPrefix("PIN of token \(VirtualTokens.labels[1])") } }
        try tokens.tell(1, "pull")
        usleep(300_000)
        program.type(pin)
        try answer("Insert it again, and continue?", "y")
        try program.expect("it is asked for") {
            $0.contains("Insert the signing security token (\(VirtualTokens.labels[1])) and press Return.")
        }
        try tokens.tell(1, "insert")
        try program.expect("the PIN again") {
            $0.count { $0.hasPrefix("PIN of token \(VirtualTokens.labels[1])") } == 2
        }
        usleep(300_000)
        program.type(pin)
        #expect(program.status() == 0, "\(program.output)")
        let status = try tokens.status(1)
        #expect(status == .init(tries: 15, verifications: 1, signatures: 1))
        #expect(
            program.lines.last
                == "  etoken-bridge migrate to-etoken --module \(tokens.module) --phone-timeout 30 --cluster lab --token \(VirtualTokens.labels[0]) --token \(VirtualTokens.labels[1]) --accept-stranded",
            "\(program.output)")
    }

    /// Both tokens are tested before the question, and the PIN of the signing one is tried once in all.
    @Test func tokensAreTestedBeforeTheChange() throws {
        let tokens = try VirtualTokens()
        let rehearsal = try Rehearsal(cards: tokens, lab: true)
        let result = try rehearsal.testAndMigrate(pinFiles: [tokens.pinFile, tokens.pinFile])
        #expect(result.status == 0, "\(result)")
        for label in VirtualTokens.labels {
            #expect(result.errors.contains("Token \(label)\n  ok"), "\(result.errors)")
        }
        #expect(try tokens.status(0) == .init(tries: 15, verifications: 1, signatures: 1))
        // The test, the same before the first change, and the file.
        #expect(try tokens.status(1) == .init(tries: 15, verifications: 1, signatures: 3))
    }

    /// A wrong PIN of the token that would not sign stops the change, too; each is tried once.
    @Test func aTokenThatFailsItsTestStopsTheChange() throws {
        let tokens = try VirtualTokens()
        let rehearsal = try Rehearsal(cards: tokens, lab: true)
        let before = try rehearsal.clusterState()
        let wrong = rehearsal.folder.write("wrong", "Cisco124\n")
        let result = try rehearsal.testAndMigrate(pinFiles: [wrong, tokens.pinFile])
        #expect(result.status == 3, "\(result)")
        #expect(try tokens.status(0) == .init(tries: 14, verifications: 1, signatures: 0))
        #expect(try tokens.status(1) == .init(tries: 15, verifications: 1, signatures: 1))
        #expect(try rehearsal.clusterState() == before)
        // The PIN of one token is tried on none of two.
        let one = try rehearsal.migrate("--test-tokens", tokens: VirtualTokens.labels)
        #expect(one.status == 64 && one.errors.contains("contains the PIN of one token, and 2"), "\(one)")
        for token in [0, 1] { #expect(try tokens.status(token).verifications == 1) }
        let planned = try rehearsal.migrate("--test-tokens", "--dry-run", tokens: VirtualTokens.labels)
        #expect(planned.status == 64 && planned.errors.contains("etoken-bridge token test"), "\(planned)")
    }

    /// Without a token's name nobody can say which PIN is whose, so doctor asks for each; a wrong one costs its own token
    /// one try, and does not keep the other from being tested.
    @Test func doctorAsksForEachPIN() throws {
        let tokens = try VirtualTokens()
        let rehearsal = try Rehearsal(cards: tokens)
        let (status, screen) = try rehearsal.onTerminal(
            ["doctor", "--tokens"] + rehearsal.moduleOptions,
            zip(VirtualTokens.labels, ["Cisco124", "Cisco123"]).map { ("PIN of token \($0)", $1) })
        #expect(status == 1 && screen.contains("failed its test"), "\(screen)")
        #expect(try tokens.status(0) == .init(tries: 14, verifications: 1, signatures: 0))
        #expect(try tokens.status(1) == .init(tries: 15, verifications: 1, signatures: 1))
    }
}

extension Rehearsal {
    /// The main job with cards that are tested first, each with the PIN in its own file.
    fileprivate func testAndMigrate(pinFiles: [String]) throws -> Result {
        let uris = zip(VirtualTokens.labels, pinFiles).map { Self.uri($0, pinFile: $1) }
        return try run(
            Programs.path("etoken-bridge"),
            ["migrate", "to-etoken", "--cluster", "lab", "--yes", "--accept-stranded", "--phone-timeout", "30"]
                + ["--test-tokens", "--output", folder.file("out")] + moduleOptions + uris.flatMap { ["--token", $0] })
    }
}

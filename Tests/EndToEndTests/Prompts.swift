import Foundation
import ServerFixtures
import Testing

/// PINs as typed by a person: on a terminal.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Prompts {
    private let rehearsal: Rehearsal
    private let label = "SAST-ADN008580ef"

    init() throws {
        rehearsal = try Rehearsal(lab: false)
        for token in Rehearsal.tokens {
            #expect(try rehearsal.token("export", token, "--output", rehearsal.folder.path).status == 0)
        }
    }

    private var sign: [String] {
        let folder = rehearsal.folder
        return ["ctl", "build", "--force", "--output", folder.file("a.tlv"), "--sign-with", label]
            + Rehearsal.tokens.flatMap { ["--record", "sast:\(folder.file("\($0).pem"))"] } + rehearsal.moduleOptions
    }

    private var prompt: String { "PIN of token \(label) (serial " }

    @Test func thePINIsTypedWithoutEcho() throws {
        let (status, screen) = try rehearsal.onTerminal(sign, [(prompt, "Cisco123")])
        #expect(status == 0, "\(screen)")
        #expect(screen.contains("The PIN is tried once; too many wrong ones lock the token for good."))
        #expect(!screen.contains("Cisco123"))
        let (refused, errors) = try rehearsal.onTerminal(sign, [(prompt, "Cisco124")])
        #expect(refused == 3 && !errors.contains("Cisco124"), "\(errors)")
        // The next prompt knows it.
        #expect(try rehearsal.onTerminal(sign, [(prompt, "Cisco123")]).1.contains("a wrong one was entered before"))
    }

    @Test func returnAloneUsesNoTry() throws {
        let question = "Try the factory PIN Cisco123? Type yes or no:"
        let (no, screen) = try rehearsal.onTerminal(sign, [(prompt, ""), (question, "n")])
        #expect(no == 1 && screen.contains("no PIN attempt was used"), "\(screen)")
        let (yes, _) = try rehearsal.onTerminal(sign, [(prompt, ""), (question, "yes")])
        #expect(yes == 0)
    }

    /// Anything other than yes or no decides nothing, and the question is repeated.
    @Test(arguments: [("YES", true), (" y ", true), ("Yes", true), ("No", false), ("N", false)])
    func answersCountAsWhatTheyMean(answer: String, isYes: Bool) throws {
        let question = "Type yes or no:"
        let (status, screen) = try rehearsal.onTerminal(
            sign, [(prompt, ""), (question, ""), (question, "perhaps"), (question, answer)])
        #expect(status == (isYes ? 0 : 1), "\(screen)")
    }

    @Test func thePINIsChanged() throws {
        let change = ["token", "change-pin", label] + rehearsal.moduleOptions
        let again = "Repeat the new PIN of token"
        let (differ, screen) = try rehearsal.onTerminal(
            change, [(prompt, "Cisco123"), ("New PIN of token", "Krakow-12"), (again, "Krakow-13")])
        #expect(differ == 1 && screen.contains("The two new PINs differ"), "\(screen)")
        let (done, text) = try rehearsal.onTerminal(
            change, [(prompt, "Cisco123"), ("New PIN of token", "Krakow-12"), (again, "Krakow-12")])
        #expect(done == 0 && !text.contains("Krakow-1"), "\(text)")
        #expect(try rehearsal.onTerminal(sign, [(prompt, "Krakow-12")]).0 == 0)
    }

    /// The real pinentry for terminals.
    @Test func aPinentryAsks() throws {
        try FileManager.default.createDirectory(
            atPath: rehearsal.folder.file("config/etoken-bridge"), withIntermediateDirectories: true)
        rehearsal.folder.write("config/etoken-bridge/config.toml", "[tokens]\npinentry = 'pinentry-tty'\n")
        let (status, screen) = try rehearsal.onTerminal(sign, [("PIN:", "Cisco123")])
        #expect(status == 0, "\(screen)")
        #expect(screen.contains("The PIN of token \(label)") && !screen.contains("Cisco123"))
        rehearsal.folder.write("config/etoken-bridge/config.toml", "[tokens]\npinentry = '/nowhere/pinentry'\n")
        let (missing, errors) = try rehearsal.onTerminal(sign, [])
        #expect(missing == 2 && errors.contains("/nowhere/pinentry"), "\(errors)")
    }

    @Test func withoutATerminalNothingIsAsked() throws {
        let result = try rehearsal.run(Programs.path("etoken-bridge"), sign)
        #expect(result.status == 64)
        #expect(result.errors.contains("there is no terminal to prompt on"))
    }

    @Test func aDescriptorGivesThePIN() throws {
        let command = ([Programs.path("etoken-bridge")] + sign).map { "'\($0)'" }.joined(separator: " ")
        let result = try rehearsal.run("/bin/bash", ["-c", "\(command) --pin-fd 5 5<<<Cisco123"])
        #expect(result.status == 0, "\(result.errors)")
    }
}

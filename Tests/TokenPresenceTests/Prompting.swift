import Foundation
import ServerFixtures
import Testing

/// A missing token is asked for on a terminal, and waited for.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Prompting {
    private static let first = VirtualTokens.labels[0]
    private static let second = VirtualTokens.labels[1]

    private func arguments(_ tokens: VirtualTokens, _ output: String) -> [String] {
        let certificates = VirtualTokens.labels.map { "\(tokens.folder)/keys/\($0).pem" }
        return [
            "ctl", "build", "--output", output, "--record", "sast:\(certificates[0])", "--record",
            "sast:\(certificates[1])", "--sign-with", Self.second, "--module", tokens.module, "--pin-file",
            tokens.pinFile,
        ]
    }

    @Test func theSigningTokenIsAskedFor() throws {
        let tokens = try VirtualTokens()
        let output = TemporaryFolder()
        try tokens.tell(1, "pull")
        let program = try Program(
            arguments(tokens, output.file("ctl.tlv")), environment: tokens.environment, onTerminal: true)
        let question = "Insert the first security token (\(Self.second)) and press Return."
        try program.expect("the question") { $0.contains(question) }
        program.type("\n")
        try program.expect("how to end it") { $0.contains { $0.hasSuffix("or quit with Control-C.") } }
        // A different token is reported, and not used.
        try tokens.reinsert(0)
        try program.expect("the wrong one") { $0.contains("Token \(Self.first) is not the one that is needed now.") }
        try tokens.tell(1, "insert")
        #expect(program.status() == 0, "\(program.output)")
        #expect(program.lines.contains("Token \(Self.second) (serial 008580ef) found."))
        #expect(output.bytes("ctl.tlv") != nil)
        #expect(try tokens.status(1).signatures == 1)
        #expect(try tokens.status(0).verifications == 0)
    }

    @Test func controlCEndsTheQuestion() throws {
        let tokens = try VirtualTokens()
        let output = TemporaryFolder()
        try tokens.tell(1, "pull")
        let program = try Program(
            arguments(tokens, output.file("ctl.tlv")), environment: tokens.environment, onTerminal: true)
        try program.expect("the question") { $0.contains { $0.hasPrefix("Insert the first") } }
        program.type("\u{03}")
        #expect(program.status() != 0)
        #expect(output.bytes("ctl.tlv") == nil)
    }

    @Test func withoutATerminalNothingIsAsked() throws {
        let tokens = try VirtualTokens()
        let output = TemporaryFolder()
        try tokens.tell(1, "pull")
        let program = try Program(arguments(tokens, output.file("ctl.tlv")), environment: tokens.environment)
        #expect(program.status() == 2)
        #expect(program.errors.contains("No token is called \"\(Self.second)\"; found: \(Self.first)"))
    }
}

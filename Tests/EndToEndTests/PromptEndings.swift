import Foundation
import ServerFixtures
import Testing

/// However a PIN prompt ends, the terminal is as before, and no try is used unless someone typed a PIN.
@Suite(.waiting, .timeLimit(.minutes(10))) struct PromptEndings {
    private let rehearsal: Rehearsal
    private let module: String

    init() throws {
        rehearsal = try Rehearsal(lab: false)
        let folder = rehearsal.folder
        module = folder.file("fake.so")
        try ChildProcess.run([
            "cc", "-shared", "-fPIC", "-o", module, Rehearsal.repository + "/Tests/TokensTests/fake-module.c", "-ldl",
        ])
        let serial = String(UInt32.random(in: 0x1000_0000..<0xf000_0000), radix: 16)
        folder.write("fake.so.rules", "token FAKE \(serial) c\ncard \(folder.write("card", "Cisco123 3 3\n"))\n")
        folder.write("new", "736284\n")
    }

    private struct End {
        let status: Int
        let isSame: Bool
        let screen: String
    }

    private func end(_ actions: [[Any]]) throws -> End {
        let list = String(decoding: try JSONSerialization.data(withJSONObject: actions), as: UTF8.self)
        let result = try rehearsal.run(
            "/usr/bin/python3",
            [
                Rehearsal.repository + "/Tests/EndToEndTests/prompt-endings.py", "PIN of token", list,
                Programs.path("etoken-bridge"), "token", "change-pin", "FAKE", "--module", module,
                "--new-pin-file", rehearsal.folder.file("new"),
            ]
        )
        let json = try result.json()
        return End(
            status: try #require(json["status"] as? Int), isSame: try #require(json["same"] as? Bool),
            screen: try #require(json["screen"] as? String))
    }

    private var left: Substring { rehearsal.folder.text("card").split(separator: " ")[1] }
    private var tries: Int { rehearsal.folder.text("fake.so.log").split(separator: "\n").count { $0 == "C_SetPIN" } }

    @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGALRM])
    func aSignalFromOutside(number: Int32) throws {
        let end = try end([["signal", Int(number)]])
        #expect(end.isSame && end.status == -Int(number), "\(end)")
        #expect(tries == 0)
    }

    @Test(arguments: [("\u{3}", -SIGINT), ("Cis\u{3}", -SIGINT), ("\u{1c}", -SIGQUIT)])
    func controlCharactersThatEnd(typed: String, status: Int32) throws {
        let end = try end([["type", typed]])
        #expect(end.isSame && end.status == Int(status), "\(end)")
        #expect(tries == 0)
    }

    @Test(arguments: ["\u{4}", "Cisco\u{4}\u{4}"])
    func theEndOfTheInputCancels(typed: String) throws {
        let end = try end([["type", typed]])
        #expect(end.isSame && end.status == 2 && end.screen.contains("Nothing that was typed has been used."), "\(end)")
        #expect(tries == 0)
    }

    @Test(arguments: ["\u{1b}[D\r", "\u{1b}[200~Cisco123\u{1b}[201~\r", "\u{16}\u{1a}\r", "Cis\tco123\r"])
    func keysThatNobodyMeansAsAPIN(typed: String) throws {
        let end = try end([["type", typed]])
        #expect(end.isSame && end.status == 2 && end.screen.contains("control character"), "\(end)")
        #expect(!end.screen.contains("Cisco123") && tries == 0)
    }

    /// The half that was typed before is not part of the PIN.
    @Test func suspendedAndContinued() throws {
        let end = try end([["type", "Half\u{1a}"], ["continue"], ["type", "Cisco123\r"]])
        #expect(end.isSame && end.status == 0, "\(end)")
        #expect(left == "3" && tries == 1)
    }
}

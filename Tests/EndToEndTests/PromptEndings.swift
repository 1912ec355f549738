import Foundation
import ServerFixtures
import Testing

/// Ways to end the program's prompts: the terminal is as before, and no PIN that nobody meant is tried.
@Suite(.waiting, .timeLimit(.minutes(20))) struct PromptEndings {
    /// The prompts, and what is typed before each.
    enum Prompt: String, CaseIterable {
        case pin, newPIN, repetition, confirmation, insertion, password

        /// Whether what is typed is not shown.
        var isSecret: Bool { ![.confirmation, .insertion].contains(self) }
    }

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
        folder.write("old", "Cisco123\n")
        try ChildProcess.run([
            "openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", folder.file("own.key"), "-out",
            folder.file("own.pem"), "-subj", "/CN=SAST-ADN00000001", "-days", "365",
        ])
    }

    private struct End {
        let status: Int
        let isSame: Bool
        let screen: String
    }

    /// - Parameter actions: once the prompt is there.
    private func end(_ actions: [[Any]], at prompt: Prompt = .pin) throws -> End {
        let folder = rehearsal.folder
        let change = ["token", "change-pin", "FAKE", "--module", module]
        var rehearsal = rehearsal
        let (words, first, command): (String, [[Any]], [String]) =
            switch prompt {
            case .pin: ("PIN of token", [], change + ["--new-pin-file", folder.file("new")])
            case .newPIN: ("New PIN of token", [], change + ["--pin-file", folder.file("old")])
            case .repetition:
                (
                    "PIN of token", [["type", "736284\r"], ["wait", "Repeat the new PIN of token"]],
                    change + ["--pin-file", folder.file("old")]
                )
            case .confirmation:
                (
                    "PIN of token", [["type", "\r"], ["wait", "Type yes or no"]],
                    change + ["--new-pin-file", folder.file("new")]
                )
            case .insertion:
                (
                    "and press Return", [],
                    [
                        "ctl", "build", "--allow-few-tokens", "--output", folder.file("a.tlv"), "--sign-with",
                        "SAST-ADN00000000", "--module",
                        module, "--record", "sast:\(folder.file("own.pem"))",
                    ]
                )
            case .password: ("Password of", [], ["phones", "list", "--cluster", "lab"])
            }
        if prompt == .password {
            rehearsal = try Rehearsal()
            let file = rehearsal.folder.file("config/etoken-bridge/config.toml")
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            let kept = lines.filter { !$0.hasPrefix("password_file") && !$0.hasPrefix("password_command") }
            try (kept.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        }
        let list = String(decoding: try JSONSerialization.data(withJSONObject: first + actions), as: UTF8.self)
        let result = try rehearsal.run(
            "/usr/bin/python3",
            [
                Rehearsal.repository + "/Tests/EndToEndTests/prompt-endings.py", words, list,
                Programs.path("etoken-bridge"),
            ] + command
        )
        let json = try result.json()
        return End(
            status: try #require(json["status"] as? Int), isSame: try #require(json["same"] as? Bool),
            screen: try #require(json["screen"] as? String))
    }

    private var left: Substring { rehearsal.folder.text("card").split(separator: " ")[1] }
    private var tries: Int { rehearsal.folder.text("fake.so.log").split(separator: "\n").count { $0 == "C_SetPIN" } }

    /// SIGPWR and a real-time signal end a program, too; SIGSEGV is what a library of ours may fail with.
    @Test(arguments: [
        SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGALRM, SIGPWR, SIGPOLL, SIGSTKFLT, 34, SIGSEGV, SIGABRT,
    ])
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

    /// The same at every prompt: a signal, Control-C, a hang-up.
    @Test(arguments: Prompt.allCases, [SIGTERM, SIGHUP, SIGINT])
    func everyPromptIsEndedBySignals(prompt: Prompt, number: Int32) throws {
        let end = try end([number == SIGINT ? ["type", "Cis\u{3}"] : ["signal", Int(number)]], at: prompt)
        #expect(end.isSame && end.status == -Int(number), "\(end)")
        #expect(tries == 0)
    }

    /// Also after something that was not entered: half a "yes" is none.
    @Test(arguments: Prompt.allCases, ["\u{4}", "y\u{4}\u{4}"])
    func theEndOfTheInputCancels(prompt: Prompt, typed: String) throws {
        let end = try end([["type", typed]], at: prompt)
        #expect(end.isSame && end.status == 1, "\(end)")
        #expect(tries == 0 && left == "3")
    }

    @Test(arguments: ["\u{1b}[D\r", "\u{1b}[200~Cisco123\u{1b}[201~\r", "\u{16}\u{1a}\r", "Cis\tco123\r"])
    func keysThatNobodyMeansAsAPIN(typed: String) throws {
        for prompt in [Prompt.pin, .newPIN, .password] {
            let end = try end([["type", typed]], at: prompt)
            #expect(end.isSame && end.status == 1 && end.screen.contains("control character"), "\(end)")
            #expect(!end.screen.contains("Cisco123") && tries == 0)
        }
    }

    /// The half that was typed before is not part of the PIN, and a shell's own mode of the terminal is not taken over.
    @Test func suspendedAndContinued() throws {
        let end = try end([["type", "Half\u{1a}"], ["continue"], ["type", "Cisco123\r"]])
        #expect(end.isSame && end.status == 0, "\(end)")
        #expect(left == "3" && tries == 1)
    }

    @Test func everyPromptCanBeSuspended() throws {
        for prompt in Prompt.allCases where prompt.isSecret && prompt != .pin {
            let end = try end([["type", "Half\u{1a}"], ["continue"], ["type", "\u{3}"]], at: prompt)
            #expect(end.isSame && end.status == -Int(SIGINT), "\(prompt): \(end)")
        }
        #expect(tries == 0)
    }
}

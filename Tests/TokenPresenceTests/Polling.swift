import Foundation
import ServerFixtures
import Testing

/// Tokens that no smart card service reports are polled for.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Polling {
    /// No pcscd: its socket path does not exist.
    private let noService = "PCSCLITE_CSOCK_NAME=/nonexistent/pcscd.comm"

    @Test func softwareTokensComeAndGo() throws {
        let tokens = try MockTokens()
        let program = try Program(
            ["token", "watch", "--module", tokens.module], environment: tokens.environment + [noService])
        try program.expect("both") { $0.count == 2 && $0.allSatisfy { $0.contains("present") } }
        let pin = tokens.folder.text("tokens/pin").split(separator: "\n")[0]
        try run(
            tokens,
            ["softhsm2-util", "--init-token", "--free", "--label", "THIRD", "--pin", "\(pin)", "--so-pin", "\(pin)"])
        try program.expect("a third one") { $0.last?.contains("inserted   THIRD") == true }
        try run(tokens, ["softhsm2-util", "--delete-token", "--token", "THIRD"])
        try program.expect("its end") { $0.last?.contains("removed    THIRD") == true }
        program.signal(SIGHUP)
        #expect(program.status() == 0)
        #expect(program.lines.count == 4, "\(program.output)")
    }

    /// Tokens of another machine: p11-kit's server stands in for ssh's end of the connection.
    @Test func remoteTokensComeAndGo() throws {
        let tokens = try MockTokens()
        let libraries = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib")
        let clients = libraries.map { "/usr/lib/\($0)/pkcs11/p11-kit-client.so" }
        let client = try #require(clients.first(where: FileManager.default.isReadableFile))
        let socket = tokens.folder.file("remote.socket")
        let serve = {
            try ChildProcess(
                [
                    "p11-kit", "server", "-f", "-n", socket, "--provider", tokens.module,
                    "pkcs11:token=SAST-ADN0054f509",
                ],
                environment: tokens.environment)
        }
        let program = try Program(
            ["token", "watch", "--module", client],
            environment: [noService, "P11_KIT_SERVER_ADDRESS=unix:path=\(socket)"])
        for _ in 0..<2 {
            let server = try serve()
            try program.expect("the token of the other side") {
                $0.last?.contains("SAST-ADN0054f509 (serial") == true && $0.last?.contains("removed") == false
            }
            unlink(socket)
            // The server has a process for each connection, which outlives it.
            let connections = try String(
                contentsOfFile: "/proc/\(server.id)/task/\(server.id)/children", encoding: .utf8)
            for id in connections.split(separator: " ").compactMap({ pid_t($0) }) + [server.id] { kill(id, SIGTERM) }
            try program.expect("its end") { $0.last?.contains("removed    SAST-ADN0054f509") == true }
        }
        program.signal(SIGINT)
        #expect(program.status() == 0)
    }

    private func run(_ tokens: MockTokens, _ arguments: [String]) throws {
        try ChildProcess.run(["/usr/bin/env"] + tokens.environment + arguments)
    }
}

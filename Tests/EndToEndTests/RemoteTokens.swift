import Foundation
import ServerFixtures
import Testing

/// Tokens of another machine, over p11-kit's remoting. docs/tokens-on-linux.md shows the same by hand.
@Suite(.waiting, .timeLimit(.minutes(10))) struct RemoteTokens {
    private static let label = "SAST-ADN008580ef"
    static let client = "/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so"

    /// A server for the tokens of a rehearsal, on a socket in its folder.
    static func serve(_ rehearsal: Rehearsal, _ module: String, as name: String) throws -> ChildProcess {
        let socket = rehearsal.folder.file(name)
        let server = try ChildProcess(
            ["p11-kit", "server", "--foreground", "--name", socket, "--provider", module, "pkcs11:"],
            output: rehearsal.folder.file("\(name).log"), environment: rehearsal.tokenEnvironment)
        waitUntil("\(name) is served: \(rehearsal.folder.text("\(name).log"))") { access(socket, F_OK) == 0 }
        return server
    }

    /// Lists and signs with what the socket offers, without any module for the tokens.
    private static func useTokens(_ rehearsal: Rehearsal, socket: String) throws {
        let folder = rehearsal.folder
        func bridge(_ arguments: [String]) throws -> Rehearsal.Result {
            try rehearsal.run(
                "/usr/bin/env",
                ["-u", "SOFTHSM2_CONF", "-u", "PCSCLITE_CSOCK_NAME"]
                    + ["P11_KIT_SERVER_ADDRESS=unix:path=\(folder.file(socket))", Programs.path("etoken-bridge")]
                    + arguments + ["--module", client])
        }
        let list = try bridge(["token", "list"])
        #expect(list.status == 0 && list.output.contains(label), "\(list.errors)")
        #expect(try bridge(["token", "export", "--all", "--output", folder.path]).status == 0)
        let sign =
            ["ctl", "build", "--output", folder.file("a.tlv"), "--sign-with", label]
            + Rehearsal.tokens.flatMap { ["--record", "sast:\(folder.file("\($0).pem"))"] }
        let wrong = try bridge(sign + ["--pin-file", folder.write("wrong", "12345678\n")])
        #expect(wrong.status == 3, "\(wrong.errors)")
        let signed = try bridge(sign + ["--pin-file", rehearsal.rightPIN])
        #expect(signed.status == 0, "\(signed.errors)")
        #expect(try rehearsal.bridge("ctl", "verify", folder.file("a.tlv")).status == 0)
    }

    @Test func mockTokensAreUsedThroughASocket() throws {
        let rehearsal = try Rehearsal(lab: false)
        let server = try Self.serve(rehearsal, rehearsal.moduleOptions[1], as: "p11")
        try Self.useTokens(rehearsal, socket: "p11")
        // A server that has gone away is reported as an error in time, not a hang.
        kill(server.id, SIGKILL)
        let gone = try rehearsal.run(
            "/usr/bin/env",
            [
                "P11_KIT_SERVER_ADDRESS=unix:path=\(rehearsal.folder.file("p11"))", Programs.path("etoken-bridge"),
                "token", "show", Self.label, "--module", Self.client,
            ])
        #expect(gone.status != 0 && !gone.errors.isEmpty)
    }

    @Test func cardsAreUsedThroughASocket() throws {
        let cards = try VirtualTokens()
        let rehearsal = try Rehearsal(cards: cards)
        let server = try Self.serve(rehearsal, cards.module, as: "p11")
        try Self.useTokens(rehearsal, socket: "p11")
        #expect(try cards.status(1) == .init(tries: 15, verifications: 2, signatures: 1))
        _ = server
    }

    /// The socket is forwarded by a real sshd, as between the machine with the token and the one with the network.
    @Test(.enabled(if: OpenSSHServer.isPossible, "sshd with accounts of its own takes root"))
    func aSocketIsForwardedOverSSH() throws {
        let rehearsal = try Rehearsal(lab: false)
        let folder = rehearsal.folder
        let ssh = try OpenSSHServer()
        let server = try Self.serve(rehearsal, rehearsal.moduleOptions[1], as: "far")
        folder.write("password", ssh.password)
        let key = try ChildProcess.run(["ssh-keyscan", "-t", "rsa", "-p", "\(ssh.port)", ssh.address])
        folder.write("known", key.split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\n") + "\n")
        let tunnel = try ChildProcess(
            [
                "sshpass", "-f", folder.file("password"), "ssh", "-N", "-o",
                "UserKnownHostsFile=\(folder.file("known"))",
                "-o", "ExitOnForwardFailure=yes", "-p", "\(ssh.port)",
                "-L", "\(folder.file("near")):\(folder.file("far"))", "\(ssh.user)@\(ssh.address)",
            ], output: folder.file("ssh.log"))
        waitUntil("the tunnel is there: \(folder.text("ssh.log")) \(ssh.log)") {
            access(folder.file("near"), F_OK) == 0
        }
        try Self.useTokens(rehearsal, socket: "near")
        _ = (server, tunnel)
    }
}

import Cluster
import Configuration
import Messages
import Secrets
import ServerFixtures
import Testing
import TrustList

/// Our SSH client against a real OpenSSH server.
@Suite(
    .waiting, .timeLimit(.minutes(10)),
    .enabled(if: OpenSSHServer.isPossible, "sshd needs root for an account of its own"))
struct SSHShellTests {
    func node(_ server: OpenSSHServer, hostKey: String? = nil, legacy: Bool = false) -> NodeConfiguration {
        NodeConfiguration(
            name: "node", address: server.address, sshPort: server.port, sshHostKey: hostKey ?? server.fingerprint,
            legacySSH: legacy)
    }

    func shell(_ server: OpenSSHServer, legacy: Bool = false) throws(ClusterError) -> SSHShell {
        try SSHShell(node(server, legacy: legacy), user: server.user, password: secret(server.password))
    }

    @Test(arguments: [OpenSSHServer.Login.password, .keyboardInteractive])
    func commandsAreAnswered(login: OpenSSHServer.Login) throws {
        let server = try OpenSSHServer(login: login)
        let shell = try shell(server)
        let commandLine = PlatformCommandLine(shell)
        #expect(try commandLine.version() == ClusterVersion("10.5.1.10000-7"))
        #expect(try commandLine.securityMode() == .mixed)
        #expect(try commandLine.deleteTFTPFile("CTLFile.tlv").deleted == 1)
        #expect(try shell.run(ShellCommand("show wide")) == String(repeating: "x", count: 450))
        let pem = "-----BEGIN CERTIFICATE-----\r\nAAAA\r\nBBBB\r\n-----END CERTIFICATE-----\r\n"
        let text = try commandLine.importTrustCertificate(pem: pem, unit: "Phone-SAST-trust")
        #expect(text.contains("Please restart services"))
        #expect(
            server.commands.suffix(1)
                == ["pem -----BEGIN CERTIFICATE-----|AAAA|BBBB|-----END CERTIFICATE-----"])
        #expect(server.commands.contains("answer y"))
        let error = #expect(throws: ClusterError.self) { try commandLine.showITL() }
        #expect(error?.code == .notSupported)
        #expect(error?.description.contains(server.password) == false)
    }

    @Test func longOutputIsPagedWhereItHasToBe() throws {
        let lines = (1...100).map { "line \($0)" }
        let new = try OpenSSHServer()
        #expect(try shell(new).run(ShellCommand("show long")).split(separator: "\n").map(String.init) == lines)
        #expect(!new.commands.contains("key ' '"))
        let old = try OpenSSHServer(arguments: "--old")
        #expect(try shell(old).run(ShellCommand("show long")).split(separator: "\n").map(String.init) == lines)
        #expect(old.commands.filter { $0 == "key ' '" }.count == 4)
    }

    @Test func aChangedHostKeyStopsBeforeTheLogin() throws {
        let server = try OpenSSHServer()
        let other = "SHA256:" + String(repeating: "A", count: 43)
        let error = #expect(throws: ClusterError.self) {
            try SSHShell(node(server, hostKey: other), user: server.user, password: secret(server.password))
        }
        #expect(error?.code == .notTrusted)
        #expect(error?.expected?.localized == other)
        #expect(error?.found?.localized == server.fingerprint)
        #expect(!server.log.contains("Failed") && !server.log.contains("Accepted"))
        #expect(try SSHShell.fingerprint(of: node(server)) == server.fingerprint)
    }

    static let types = ["rsa", "ecdsa", "ed25519"]

    /// A server has a key of each type; whichever of them is pinned, it is the one that counts.
    @Test(arguments: types) func anyKeyOfAServerCanBePinned(type: String) throws {
        let server = try OpenSSHServer(keys: Self.types)
        let pin = try #require(server.fingerprints[type])
        let shell = try SSHShell(
            node(server, hostKey: pin), user: server.user, password: secret(server.password))
        #expect(try shell.run(ShellCommand("show wide")).count == 450)
        #expect(try SSHShell.fingerprint(of: node(server, hostKey: pin)) == pin)
        // One that it does not have is still refused, before the login.
        let strange = try OpenSSHServer(keys: ["ecdsa"])
        let error = #expect(throws: ClusterError.self) {
            try SSHShell(node(strange, hostKey: pin), user: strange.user, password: secret(strange.password))
        }
        #expect(error?.code == .notTrusted && error?.found?.localized == strange.fingerprint)
        #expect(!strange.log.contains("Failed") && !strange.log.contains("Accepted"))
    }

    @Test(arguments: [OpenSSHServer.Login.password, .keyboardInteractive])
    func aWrongPasswordIsTriedOnce(login: OpenSSHServer.Login) throws {
        let server = try OpenSSHServer(login: login)
        let error = #expect(throws: ClusterError.self) {
            try SSHShell(node(server), user: server.user, password: secret("wrong-secret"))
        }
        #expect(error?.code == .loginRefused, "\(String(describing: error))")
        #expect(error?.message.localized.contains(server.user) == true && error?.account == .platform)
        #expect(error?.description.contains("wrong-secret") == false)
        let failures = server.log.split(separator: "\n").filter {
            $0.contains("Failed password") || $0.contains("authentication failure")
                || $0.contains("PAM: Authentication failure")
        }
        #expect(failures.count == 1, "\(server.log)")
    }

    @Test func anUnknownQuestionIsNotAnswered() throws {
        let server = try OpenSSHServer()
        let shell = try shell(server)
        let error = #expect(throws: ClusterError.self) { try shell.run(ShellCommand("utils ask something")) }
        #expect(error?.code == .unexpectedQuestion)
        #expect(error?.found?.localized == "This will erase everything. Do you want to continue? (yes/no):")
        #expect(!shell.isOpen)
        #expect(!server.commands.contains { $0.hasPrefix("answer") && $0 != "answer " })
    }

    @Test func silenceAndHangingUpAreTold() throws {
        let server = try OpenSSHServer()
        let silent = try shell(server)
        let slow = #expect(throws: ClusterError.self) { try silent.run(ShellCommand("utils hang", timeout: 0.5)) }
        #expect(slow?.code == .timedOut)
        let after = #expect(throws: ClusterError.self) { try silent.run(ShellCommand("show version active")) }
        #expect(after?.code == .closed)
        let dropped = #expect(throws: ClusterError.self) { try shell(server).run(ShellCommand("utils drop")) }
        #expect(dropped?.code == .closed)
    }

    @Test func nobodyThere() throws {
        let address = Loopback.address()
        let node = NodeConfiguration(
            name: "node", address: address, sshPort: try Loopback.port(on: address), sshHostKey: "SHA256:")
        let error = #expect(throws: ClusterError.self) {
            try SSHShell(node, user: "u", password: secret("p"), timeout: 5)
        }
        #expect(error?.code == .unreachable, "\(String(describing: error))")
    }

    @Test func oldAlgorithmsNeedToBeAllowed() throws {
        let server = try OpenSSHServer(
            algorithms: """
                KexAlgorithms diffie-hellman-group14-sha1
                HostKeyAlgorithms ssh-rsa
                Ciphers aes128-cbc
                """)
        let error = #expect(throws: ClusterError.self) { try shell(server) }
        #expect(error?.code == .noCommonSSHAlgorithm, "\(String(describing: error))")
        // The long lists of names are for those who ask.
        #expect(error?.description.contains("kex") == false && error?.cause.map { "\($0)".isEmpty } == false)
        #expect(error?.next?.localized.contains("legacy_ssh = true") == true)
        #expect(try PlatformCommandLine(shell(server, legacy: true)).securityMode() == .mixed)
    }

    /// It may hang up before its own list of algorithms has come. It has answered nevertheless.
    @Test func anOldServerThatHangsUpIsNotTakenForNobody() throws {
        let server = try PythonServer(script: "ssh-cut.py")
        for (legacy, code) in [(false, ClusterError.Code.noCommonSSHAlgorithm), (true, .closed)] {
            let node = NodeConfiguration(
                name: "node", address: server.address, sshPort: server.port, sshHostKey: "SHA256:", legacySSH: legacy)
            let error = #expect(throws: ClusterError.self) {
                try SSHShell(node, user: "u", password: secret("p"), timeout: 10)
            }
            #expect(error?.code == code, "\(String(describing: error))")
        }
    }
}

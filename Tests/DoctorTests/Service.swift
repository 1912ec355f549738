import Foundation
import ServerFixtures
import Testing

/// What may be wrong with the smart card service.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Service {
    private let folder = TemporaryFolder()
    private var socket: String { folder.file("pcscd.comm") }
    private var environment: [String] { ["PCSCLITE_CSOCK_NAME=\(socket)"] }

    /// A file put over another one, for one program only.
    private func hiding(_ paths: [String]) -> [String] {
        let mounts = paths.map { "mount --bind /dev/null \($0) && " }.joined()
        return (geteuid() == 0 ? ["unshare", "-m"] : ["unshare", "-rm"]) + ["sh", "-c", mounts + "exec \"$@\"", "sh"]
    }

    private static let python = "/usr/bin/python3"

    @Test func notRunning() throws {
        let diagnosis = try Diagnosis(environment: environment)
        let finding = try #require(diagnosis["service-not-running"])
        #expect(finding.severity == "problem" && finding.text.contains(socket))
        #expect(finding.text.contains("PCSCLITE_CSOCK_NAME"))
        #expect(finding.next.first?.hasPrefix("sudo ") == true)
    }

    @Test func notInstalled() throws {
        let diagnosis = try Diagnosis(environment: environment, wrapper: hiding(["/usr/sbin/pcscd"]))
        #expect(diagnosis["service-not-installed"]?.next == ["sudo apt install pcscd libccid"])
    }

    @Test func libraryNotInstalled() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib")
        let libraries = folders.map { "/usr/lib/\($0)/libpcsclite.so.1" }
        let library = try #require(libraries.first(where: FileManager.default.fileExists))
        let diagnosis = try Diagnosis(environment: environment, wrapper: hiding([library]))
        #expect(diagnosis["library-missing"]?.text.contains("libpcsclite.so.1") == true)
        // The other commands still work without it.
        let tokens = try MockTokens()
        let list = try Program(
            ["token", "list", "--module", tokens.module], environment: tokens.environment, wrapper: hiding([library]))
        #expect(list.status() == 0)
        #expect(list.output.contains("SAST-ADN008580ef"))
    }

    @Test func socketLeftBehind() throws {
        try ChildProcess.run([
            Self.python, "-c", "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", socket,
        ])
        let diagnosis = try Diagnosis(environment: environment)
        #expect(diagnosis["service-gone"]?.text.contains(socket) == true)
    }

    /// Another user's socket. Root may open everything, so root runs the program without its capabilities.
    @Test func socketForbidden() throws {
        let listener = try ChildProcess([Self.python, "-c", Self.listen, socket])
        try listening()
        let isRoot = geteuid() == 0
        if isRoot { chown(socket, 65534, 65534) }
        chmod(socket, isRoot ? 0o600 : 0)
        let wrapper = isRoot ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : []
        let finding = try #require(try Diagnosis(environment: environment, wrapper: wrapper)["socket-forbidden"])
        #expect(finding.text.contains("may not open"))
        #expect(finding.text.contains(isRoot ? "owner nobody, mode 0600" : "mode 00"))
        withExtendedLifetime(listener) {}
    }

    /// Debian 12 builds pcscd without polkit; one with it hangs up on users whom polkit refuses, as this stand-in does.
    /// libpcsclite turns that into SCARD_W_SECURITY_VIOLATION.
    @Test func refusedByPolkit() throws {
        let service = try ChildProcess([Self.python, "-c", Self.listen, socket])
        try listening()
        let finding = try #require(try Diagnosis(environment: environment)["service-refuses"])
        #expect(finding.text.contains("polkit"))
        #expect(finding.next.first?.contains("org.debian.pcsc-lite.access_pcsc") == true)
        withExtendedLifetime(service) {}
    }

    /// A service that immediately reports that it has no room (SCARD_E_NO_MEMORY).
    @Test func serviceFails() throws {
        let service = try ChildProcess([Self.python, "-c", Self.fail, socket])
        try listening()
        let finding = try #require(try Diagnosis(environment: environment)["service-fails"])
        #expect(finding.text.contains("is out of resources"))
        withExtendedLifetime(service) {}
    }

    /// pcscd of another release, as when a container uses the host's: it answers the first question, and no other.
    @Test func anotherVersion() throws {
        let service = try ChildProcess([Self.python, "-c", Self.other, socket])
        try listening()
        let diagnosis = try Diagnosis(environment: environment)
        let finding = try #require(diagnosis["service-other-version"], "\(diagnosis.findings)")
        #expect(finding.text.contains("(9.1)") && diagnosis["service-refuses"] == nil)
        #expect(finding.next.first == "dpkg -l pcscd libpcsclite1")
        withExtendedLifetime(service) {}
    }

    private func listening() throws {
        waitUntil("the service listens") { access(folder.file("pcscd.comm.ready"), F_OK) == 0 }
    }

    /// Listens; what it does with clients follows.
    private static let server = """
        import socket, struct, sys
        server = socket.socket(socket.AF_UNIX)
        server.bind(sys.argv[1])
        server.listen()
        open(sys.argv[1] + ".ready", "w")

        """

    /// Hangs up on every client.
    private static let listen = server + "while True: server.accept()[0].close()\n"

    /// Says that its version is 9.1, and that it cannot be used (SCARD_E_NO_SERVICE), as pcscd does.
    private static let other =
        server + """
            while True:
                client = server.accept()[0]
                while header := client.recv(8, socket.MSG_WAITALL):
                    size, command = struct.unpack("=II", header)
                    body = client.recv(size, socket.MSG_WAITALL)
                    if command != 0x11: break
                    client.sendall(struct.pack("=III", 9, 1, 0x8010001D))
                client.close()
            """

    /// pcscd's protocol up to this point: the version is fine, no context is returned.
    private static let fail =
        server + """
            while True:
                client = server.accept()[0]
                while header := client.recv(8, socket.MSG_WAITALL):
                    size, command = struct.unpack("=II", header)
                    body = bytearray(client.recv(size, socket.MSG_WAITALL))
                    if command == 0x01: struct.pack_into("=I", body, 8, 0x80100006)
                    client.sendall(body)
                client.close()
            """
}

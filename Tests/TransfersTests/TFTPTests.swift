import Glibc
import Messages
import ServerFixtures
import Testing
import Transfers

/// Against atftpd.
@Suite(.waiting, .timeLimit(.minutes(10))) struct TFTPTests {
    let server: TFTPServer
    var address: String { server.address }
    var port: UInt16 { server.port }

    init() throws { server = try TFTPServer() }

    @Test(arguments: [0, 1, 511, 512, 513, 1024, 4947, 5728, 70_000])
    func filesComeWhole(size: Int) throws {
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        server.folder.write("CTLFile.tlv", content, mode: 0o644)
        #expect(try TFTPClient.read("CTLFile.tlv", host: address, port: port) == content)
    }

    @Test func absentFilesAreToldApart() {
        let error = expectError(.notFound) { try TFTPClient.read("ITLFile.tlv", host: address, port: port) }
        #expect(error?.location.localized == "tftp://\(address):\(port)/ITLFile.tlv")
    }

    @Test func longFilesAreRefused() {
        server.folder.write("long", [UInt8](repeating: 1, count: 3000), mode: 0o644)
        expectError(.tooLarge) { try TFTPClient.read("long", host: address, port: port, maximumSize: 2999) }
    }

    @Test func nobodyThere() throws {
        let address = Loopback.address()
        let start = ContinuousClock.now
        let error = #expect(throws: TransferError.self) {
            try TFTPClient.read("CTLFile.tlv", host: address, port: port, timeout: 1)
        }
        #expect(error?.code == .timedOut || error?.code == .unreachable, "\(String(describing: error))")
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    /// The server answers from a port of its own, so that anyone could send data in between. What comes from another
    /// address than the server's is not taken.
    @Test func dataOfAnotherHostIsNotTaken() throws {
        let server = try PythonServer(script: "tftp-intruder.py", arguments: [Loopback.address()])
        let good = [UInt8](repeating: UInt8(ascii: "g"), count: 512 + 100)
        #expect(try TFTPClient.read("CTLFile.tlv", host: server.address, port: server.port) == good)
        #expect(server.log.contains("intruded"))
    }
}

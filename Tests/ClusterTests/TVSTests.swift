import Configuration
import Messages
import ServerFixtures
import Testing
import TrustList
import X509

@testable import Cluster

@Suite(.waiting, .timeLimit(.minutes(10))) struct TVSMessageTests {
    @Test func messagesAreWrittenAsDocumented() throws {
        let message = TVSMessage(
            .queryCertificateRequest, sessionID: 0x0102_0304,
            elements: [.init(.deviceName, [1] + Array("CP".utf8)), .init(.serialNumber, [0x83])])
        #expect(
            message.encode() == [
                0x57, 1, 3, 0, 1, 2, 3, 4, 0, 10, 1, 0, 3, 1, 0x43, 0x50, 5, 0, 1, 0x83,
            ])
        #expect(try TVSMessage(decoding: message.encode()) == message)
        #expect(try TVSMessage(decoding: message.encode())[.serialNumber] == [0x83])
    }

    @Test func malformedMessagesAreRefused() {
        let good = TVSMessage(.verifyResponse, sessionID: 1, elements: [.init(.status, [0]), .init(.roles, [0, 21])])
            .encode()
        for length in 0..<good.count {
            #expect(throws: TVSMessage.Malformed.self) { try TVSMessage(decoding: Array(good[..<length])) }
        }
        #expect(throws: TVSMessage.Malformed.self) { try TVSMessage(decoding: good + [0]) }
        for (index, byte) in [(0, 0x58), (1, 2), (9, 8), (12, 9), (14, 7)] as [(Int, UInt8)] {
            var bad = good
            bad[index] = byte
            #expect(throws: TVSMessage.Malformed.self, "byte \(index)") { try TVSMessage(decoding: bad) }
        }
    }
}

@Suite(.waiting, .timeLimit(.minutes(10))) struct TVSClientTests {
    let folder = TemporaryFolder()
    let server: PythonServer
    let identity: TestIdentity
    let certificate: Certificate

    init() throws {
        identity = try TestIdentity(in: folder, host: "127.0.0.1")
        let token = try TestIdentity(in: folder, name: "token", host: "127.0.0.1", legacy: true)
        certificate = try Certificate(pem: folder.text("token.pem"))
        folder.write("token.der", certificate.der)
        #expect(token.pin != identity.pin)
        server = try PythonServer(
            script: "tvs-server.py", arguments: [identity.certificateFile, identity.keyFile, folder.file("token.der")])
    }

    func client(pin: String? = nil) throws(ClusterError) -> TVSClient {
        try TVSClient(
            NodeConfiguration(
                name: "pub", address: server.address, tvsPort: server.port, tvsPin: pin ?? identity.pin),
            timeout: 5)
    }

    @Test func certificatesAreFoundByNameAndSerialNumber() throws {
        let answer = try client().queryCertificate(
            subject: "cn=subject", issuer: "cn=issuer", serialNumber: [0x83, 0xE9],
            deviceName: "CP-8861-SEPB000B4BA0AEE")
        #expect(answer == TVSAnswer(isValid: true, roles: [.sast, .tvs], timeToLive: 86400, certificate: certificate))
        #expect(server.log.contains(#"question 3 [1, 3, 4, 5] b'\x01CP-8861-SEPB000B4BA0AEE'"#))
        let unknown = try client().queryCertificate(subject: "cn=other", issuer: "cn=issuer", serialNumber: [1])
        #expect(unknown == TVSAnswer(isValid: false, roles: [], timeToLive: nil, certificate: nil))
    }

    @Test func certificatesAreVerified() throws {
        #expect(try client().verify(certificate).isValid)
        #expect(try !client().verify(Certificate(pem: folder.text("server.pem"))).isValid)
    }

    @Test(arguments: ["twice", "nostatus", "badcert", "session", "command", "magic", "huge"])
    func wrongAnswersAreRefused(kind: String) throws {
        let error = #expect(throws: ClusterError.self) { try client().verify(certificate, deviceName: kind) }
        #expect(error?.code == .unexpectedAnswer, "\(String(describing: error))")
    }

    @Test func connectionsThatEndEarlyAreToldApart() throws {
        let error = #expect(throws: ClusterError.self) { try client().verify(certificate, deviceName: "cut") }
        #expect(error?.code == .closed, "\(String(describing: error))")
        let stranger = #expect(throws: ClusterError.self) {
            try client(pin: TestIdentity.wrongPin).verify(certificate)
        }
        #expect(stranger?.code == .notTrusted && stranger?.found?.localized == identity.pin)
        let port = try Loopback.port(on: "127.77.1.3")
        let node = NodeConfiguration(name: "n", address: "127.77.1.3", tvsPort: port, tvsPin: identity.pin)
        let nobody = #expect(throws: ClusterError.self) { try TVSClient(node).verify(certificate) }
        #expect(nobody?.code == .unreachable)
        #expect(!server.log.contains("question 1 [1, 2] b'\\x01CP-8861-SEP000000000000'"))
    }
}

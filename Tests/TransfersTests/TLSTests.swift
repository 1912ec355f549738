import ServerFixtures
import Testing
import Transfers

@Suite(.waiting, .timeLimit(.minutes(10))) struct TLSTests {
    @Test func aWrongPinSendsNoRequest() throws {
        let server = try Nginx()
        let stranger = HTTPSession(tls: TLSOptions(trust: .pinned(publicKey: TestIdentity.wrongPin)))
        let error = expectError(.notTrusted) { try stranger.send(.form("\(server.url)/", [FormField("a", "b")])) }
        #expect(error?.curlCode == 90)
        #expect(server.accessLog == "")
        let session = HTTPSession(tls: TLSOptions(trust: .pinned(publicKey: server.identity.pin)))
        #expect(try session.send(.get(server.url)).text == "hello")
    }

    @Test func anAuthorityVouchesForItsServersOnly() throws {
        let server = try Nginx()
        let other = try Nginx()
        let session = HTTPSession(tls: TLSOptions(trust: .authority(file: server.identity.certificateFile)))
        #expect(try session.send(.get(server.url)).text == "hello")
        expectError(.notTrusted) { try session.send(.get(other.url)) }
        #expect(other.accessLog == "")
        let missing = HTTPSession(tls: TLSOptions(trust: .authority(file: "/nonexistent/ca.pem")))
        expectError(.invalidRequest) { try missing.send(.get(server.url)) }
    }

    @Test func aCertificateForAnotherHostIsNotTrusted() throws {
        let folder = TemporaryFolder()
        let address = Loopback.address()
        let identity = try TestIdentity(in: folder, host: "192.0.2.1")
        let server = try PythonServer(
            script: "tls-echo.py", arguments: [identity.certificateFile, identity.keyFile])
        expectError(.notTrusted) {
            try TLSStream(
                host: server.address, port: server.port,
                tls: TLSOptions(trust: .authority(file: identity.certificateFile)))
        }
        #expect(address != "192.0.2.1")
    }

    @Test func oldTLSNeedsToBeAllowed() throws {
        let server = try Nginx(legacy: true)
        let pin = TLSTrust.pinned(publicKey: server.identity.pin)
        expectError(.handshakeFailed) { try HTTPSession(tls: TLSOptions(trust: pin)).send(.get(server.url)) }
        let wrong = TLSOptions(trust: .pinned(publicKey: TestIdentity.wrongPin), legacyTLS: true)
        expectError(.notTrusted) { try HTTPSession(tls: wrong).send(.get(server.url)) }
        #expect(server.accessLog == "")
        let session = HTTPSession(tls: TLSOptions(trust: pin, legacyTLS: true))
        #expect(try session.send(.get(server.url)).text == "hello")
    }

    @Test(arguments: ["", "sha256//", "sha256//short=", "sha1//AAAA", "/etc/passwd"])
    func unfitPinsAreRefused(pin: String) {
        let session = HTTPSession(tls: TLSOptions(trust: .pinned(publicKey: pin)))
        expectError(.invalidRequest) { try session.send(.get("https://127.0.0.1:9/")) }
    }
}

@Suite(.waiting, .timeLimit(.minutes(10))) struct TLSStreamTests {
    let folder = TemporaryFolder()
    let server: PythonServer
    let identity: TestIdentity

    init() throws {
        identity = try TestIdentity(in: folder, host: "127.0.0.1")
        server = try PythonServer(script: "tls-echo.py", arguments: [identity.certificateFile, identity.keyFile])
    }

    func connect() throws(TransferError) -> TLSStream {
        try TLSStream(
            host: server.address, port: server.port, tls: TLSOptions(trust: .pinned(publicKey: identity.pin)))
    }

    @Test func bytesGoOutAndComeBack() throws {
        let stream = try connect()
        try stream.send([1, 2, 3])
        #expect(try stream.receive(exactly: 3) == [1, 2, 3])
        let large = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try stream.send(Array(large[..<100_000]))
        #expect(try stream.receive(exactly: 100_000) == Array(large[..<100_000]))
        stream.close()
        expectError(.closed) { try stream.send([1]) }
    }

    @Test func silenceTimesOut() throws {
        let stream = try connect()
        try stream.send(Array("mute".utf8))
        let start = ContinuousClock.now
        expectError(.timedOut) { try stream.receive(exactly: 4, timeout: 0.3) }
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test func theEndIsSeen() throws {
        let stream = try connect()
        try stream.send(Array("close".utf8))
        #expect(try stream.receive(upTo: 10) == [])
        expectError(.closed) { try stream.receive(exactly: 1) }
    }

    @Test func aWrongPinEndsTheConnection() throws {
        expectError(.notTrusted) {
            try TLSStream(
                host: server.address, port: server.port,
                tls: TLSOptions(trust: .pinned(publicKey: TestIdentity.wrongPin)))
        }
        #expect(!server.log.contains("received"))
    }

    @Test func nobodyThere() throws {
        let port = try Loopback.port(on: "127.77.1.2")
        expectError(.unreachable) {
            try TLSStream(
                host: "127.77.1.2", port: port, tls: TLSOptions(trust: .pinned(publicKey: TestIdentity.wrongPin)))
        }
    }
}

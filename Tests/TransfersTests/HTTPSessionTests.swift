import Messages
import ServerFixtures
import Testing
import Transfers

@Suite(.waiting, .timeLimit(.minutes(10))) struct HTTPSessionTests {
    let server: PythonServer
    let session = HTTPSession()

    init() throws { server = try PythonServer() }

    @Test func answersHaveStatusHeadersAndBody() throws {
        let answer = try session.send(.get("\(server.url)/echo?a=b"))
        #expect(answer.status == 200)
        #expect(answer.header("x-test") == "some value")
        #expect(answer.text.hasPrefix("GET /echo?a=b\n"))
        let missing = try session.send(.get("\(server.url)/nothing"))
        #expect(missing.status == 404)
        #expect(missing.text == "no such page")
    }

    @Test func formsAreEncoded() throws {
        let answer = try session.send(
            .form("\(server.url)/echo", [FormField("j_username", "a b"), FormField("j_password", "p&=+é/*")]))
        #expect(answer.text.contains("Content-Type: application/x-www-form-urlencoded\n"))
        #expect(answer.text.hasSuffix("\n\nj_username=a+b&j_password=p%26%3D%2B%C3%A9%2F*"))
    }

    @Test func emptyPostsAreSent() throws {
        let answer = try session.send(HTTPRequest(.post, "\(server.url)/echo"))
        #expect(answer.text.hasPrefix("POST /echo\n"))
        #expect(answer.text.contains("Content-Length: 0\n"))
        let other = try session.send(HTTPRequest(.post, "\(server.url)/echo", body: .bytes([], contentType: "a/b")))
        #expect(other.text.contains("Content-Length: 0\n"))
    }

    @Test func multipartBodiesHaveFieldsAndFiles() throws {
        let content: [UInt8] = [0, 1, 13, 10, 255] + Array(repeating: 7, count: 3000)
        let answer = try session.send(
            .multipart(
                "\(server.url)/echo",
                [
                    .field("struts.token.name", "token"), .field("directory", ""),
                    .file("file", fileName: "CTLFile.tlv", content: content),
                ]))
        let body = answer.body
        func contains(_ part: [UInt8]) -> Bool { body.firstRange(of: part) != nil }
        #expect(contains(Array("Content-Disposition: form-data; name=\"struts.token.name\"\r\n\r\ntoken\r\n".utf8)))
        #expect(contains(Array("Content-Disposition: form-data; name=\"directory\"\r\n\r\n\r\n".utf8)))
        #expect(
            contains(
                Array(
                    """
                    Content-Disposition: form-data; name="file"; filename="CTLFile.tlv"\r
                    Content-Type: application/octet-stream\r\n\r\n
                    """.utf8) + content + [13, 10]))
        #expect(answer.text.contains("Content-Type: multipart/form-data; boundary="))
        #expect(!answer.text.contains("Expect:"))
    }

    @Test func headersAndBasicCredentialsAreSent() throws {
        let answer = try session.send(
            HTTPRequest(
                .post, "\(server.url)/echo", headers: [HTTPHeader("SOAPAction", "\"CUCM:DB ver=10.5 a\"")],
                authentication: BasicCredentials(user: "u", password: Array("pä:".utf8)),
                body: .bytes(Array("<a/>".utf8), contentType: "text/xml")))
        #expect(answer.text.contains("Authorization: Basic dTpww6Q6\n"))
        #expect(answer.text.contains("SOAPAction: \"CUCM:DB ver=10.5 a\"\n"))
        #expect(answer.text.hasSuffix("\n\n<a/>"))
        // The next request does not inherit them.
        #expect(try !session.send(.get("\(server.url)/echo")).text.contains("Authorization"))
    }

    @Test func aHeaderCannotSmuggleAnother() {
        #expect(throws: TransferError.self) {
            try session.send(HTTPRequest(.get, "\(server.url)/echo", headers: [HTTPHeader("A", "b\r\nC: d")]))
        }
    }

    @Test func cookiesBelongToTheSession() throws {
        _ = try session.send(.get("\(server.url)/cookie"))
        #expect(try session.send(.get("\(server.url)/echo")).text.contains("Cookie: JSESSIONID=abc\n"))
        #expect(try !HTTPSession().send(.get("\(server.url)/echo")).text.contains("Cookie"))
        session.forgetCookies()
        #expect(try !session.send(.get("\(server.url)/echo")).text.contains("Cookie"))
    }

    @Test func redirectsAreFollowedOnlyWhenAsked() throws {
        let stopped = try session.send(.get("\(server.url)/redirect"))
        #expect(stopped.status == 302)
        #expect(stopped.header("Location") == "/echo?redirected")
        let followed = try session.send(HTTPRequest(.get, "\(server.url)/redirect", followsRedirects: true))
        #expect(followed.status == 200)
        #expect(followed.url == "\(server.url)/echo?redirected")
        #expect(followed.header("Location") == nil)
        expectError(.protocolError) {
            try session.send(HTTPRequest(.get, "\(server.url)/loop", followsRedirects: true))
        }
    }

    /// Not to another host, and not to another port of the same: what is sent there, a session's cookie for example, is
    /// for this server only.
    @Test func redirectsToOtherServersAreNotFollowed() throws {
        let other = try PythonServer()
        for target in [
            "\(other.url)/echo", "http://\(server.address):1/echo", "ftp://\(server.address)/x", "file:///etc/hostname",
        ] {
            let error = #expect(throws: TransferError.self) {
                try session.send(HTTPRequest(.get, "\(server.url)/away?\(target)", followsRedirects: true))
            }
            #expect(error?.code == .protocolError || error?.code == .invalidRequest, "\(String(describing: error))")
        }
        #expect(!other.log.contains("/echo"))
        let same = "\(server.url.replacing("http:", with: "HTTP:"))/echo?same"
        #expect(try session.send(HTTPRequest(.get, "\(server.url)/away?\(same)", followsRedirects: true)).status == 200)
    }

    /// A session with a pin sends nothing that the pin does not protect.
    @Test func aPinnedSessionDoesNotUsePlainHTTP() throws {
        let pinned = HTTPSession(
            tls: TLSOptions(trust: .pinned(publicKey: "sha256//" + String(repeating: "A", count: 43) + "=")))
        let error = expectError(.invalidRequest) { try pinned.send(.get("\(server.url)/echo")) }
        #expect(error?.message.localized.contains("http would not check that") == true)
        #expect(!server.log.contains("/echo"))
    }

    @Test func limitsHold() throws {
        expectError(.tooLarge) { try session.send(HTTPRequest(.get, "\(server.url)/large", maximumBodySize: 99_999)) }
        #expect(
            try session.send(HTTPRequest(.get, "\(server.url)/large", maximumBodySize: 100_000)).body.count == 100_000)
        expectError(.timedOut) { try session.send(HTTPRequest(.get, "\(server.url)/slow", timeout: 0.3)) }
        expectError(.closed) { try session.send(.get("\(server.url)/cut")) }
    }

    @Test func nobodyThere() throws {
        let port = try Loopback.port(on: "127.77.1.1")
        let error = expectError(.unreachable) { try session.send(.get("http://127.77.1.1:\(port)/a?secret=1")) }
        #expect(error?.location.localized == "http://127.77.1.1:\(port)/a")
        #expect(error?.description.contains("secret") == false)
        expectError(.unreachable) { try session.send(.get("http://no-such-host.invalid/")) }
    }

    @Test(arguments: [
        "", "no scheme", "ftp://a/b", "file:///etc/passwd", "http://", "http://user:password@host/", "http://a/b c",
        "https://127.0.0.1/",
    ])
    func unfitURLsAreRefused(url: String) {
        let error = expectError(.invalidRequest) { try session.send(.get(url)) }
        #expect(error?.description.contains("password") == false)
    }

    @Test func aSessionIsSharedBetweenThreads() async throws {
        await withTaskGroup(of: Int?.self) { group in
            for index in 0..<20 {
                group.addTask { try? session.send(.get("\(server.url)/echo?\(index)")).status }
            }
            for await status in group { #expect(status == 200) }
        }
    }
}

/// Expects an error with this code and returns it.
@discardableResult
func expectError<T>(
    _ code: TransferError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> T
) -> TransferError? {
    do {
        _ = try body()
        Issue.record("no error, \(code) expected", sourceLocation: sourceLocation)
    } catch let error as TransferError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        return error
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
    return nil
}

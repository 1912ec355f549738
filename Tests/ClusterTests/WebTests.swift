import Basics
import Cluster
import Configuration
import Messages
import Secrets
import ServerFixtures
import Testing
import Transfers
import X509

/// A node's web side, imitated from the facts alone.
struct WebNode {
    let folder = TemporaryFolder()
    let identity: TestIdentity
    let server: PythonServer

    /// - Parameter away: where it redirects to after a login, instead of to its own page.
    init(release: Int, plainForm: Bool = false, away: String? = nil) throws {
        identity = try TestIdentity(in: folder, host: "127.0.0.1")
        server = try PythonServer(
            script: "cucm-web.py",
            arguments: [identity.certificateFile, identity.keyFile, "\(release)"] + (plainForm ? ["--plain-form"] : [])
                + (away.map { ["--away", $0] } ?? []))
    }

    func node(pin: String? = nil) -> NodeConfiguration {
        NodeConfiguration(
            name: "pub", isPublisher: true, address: server.address, httpsPort: server.port,
            tlsPin: pin ?? identity.pin)
    }

    func administration(
        _ version: String? = nil, password: String = "p&=+ é", pin: String? = nil
    ) throws -> OSAdministration {
        try OSAdministration(
            node(pin: pin), version: version.flatMap { ClusterVersion($0) }, user: "admin",
            password: secret(password))
    }

    func expireSessions() throws {
        let session = HTTPSession(tls: TLSOptions(trust: .pinned(publicKey: identity.pin)))
        _ = try session.send(.get("https://\(server.address):\(server.port)/test/expire"))
    }

    func requests(_ text: String) -> Int { server.log.split(separator: "\n").filter { $0.hasPrefix(text) }.count }
}

@Suite(.waiting, .timeLimit(.minutes(10))) struct OSAdministrationTests {
    @Test(arguments: [(10, false), (12, false), (10, true), (12, true)])
    func filesAndCertificatesAreUploaded(release: Int, plainForm: Bool) throws {
        let web = try WebNode(release: release, plainForm: plainForm)
        let administration = try web.administration("\(release).5.1")
        try administration.uploadTFTPFile(name: "CTLFile.tlv", contents: Array(repeating: 13, count: 5728))
        try administration.uploadTFTPFile(name: "other.tlv", contents: [1], directory: "sub")
        #expect(web.requests("file CTLFile.tlv '' 5728") == 1)
        #expect(web.requests("file other.tlv 'sub' 1") == 1)

        let pem = web.folder.text("server.pem")
        let certificate = try Certificate(pem: pem)
        #expect(try administration.trustCertificates(unit: "Phone-SAST-trust") == [])
        try administration.uploadTrustCertificate(unit: "Phone-SAST-trust", pem: pem, fileName: "a b&c.pem")
        try administration.uploadTrustCertificate(unit: "tomcat-trust", pem: pem, fileName: "t.pem")
        #expect(
            try administration.trustCertificates(unit: "Phone-SAST-trust")
                == [TrustedCertificate(store: "Phone-SAST-trust", name: "a b&c.pem", certificate: certificate)])
        try administration.deleteTrustCertificate(unit: "Phone-SAST-trust", name: "a b&c.pem")
        #expect(try administration.trustCertificates(unit: "Phone-SAST-trust") == [])
        let gone = #expect(throws: ClusterError.self) {
            try administration.deleteTrustCertificate(unit: "Phone-SAST-trust", name: "a b&c.pem")
        }
        #expect(gone?.code == .notFound)
        // One login for everything.
        #expect(web.requests("POST /cmplatform/" + (release < 11 ? "WEB-INF" : "j_security_check")) == 1)
    }

    @Test(arguments: [10, 12]) func anExpiredSessionIsRenewedOnce(release: Int) throws {
        let web = try WebNode(release: release)
        let administration = try web.administration()
        try administration.uploadTFTPFile(name: "a", contents: [1])
        try web.expireSessions()
        try administration.uploadTFTPFile(name: "b", contents: [1])
        #expect(web.requests("file b '' 1") == 1)
    }

    /// After the login it goes only where the login went: not to another host that happens to have the same key.
    @Test func aRedirectAfterTheLoginStaysOnTheNode() throws {
        let other = try WebNode(release: 12)
        for target in [
            "https://\(other.server.address):\(other.server.port)/cmplatform/", "http://127.0.0.1/", "//evil/x",
        ] {
            let web = try WebNode(release: 12, away: target)
            let error = #expect(throws: ClusterError.self) { try web.administration().connect() }
            #expect(error?.code == .unexpectedAnswer, "\(String(describing: error))")
            #expect(error?.message.localized.contains("another server") == true)
        }
        #expect(other.requests("GET") == 0)
        let web = try WebNode(release: 12, away: "/cmplatform")
        try web.administration().connect()
    }

    /// A password is in the form of a login, and in the header of each request to AXL and the REST interface; libcurl
    /// makes copies of both. None is left once the client is gone.
    @Test func aPasswordIsGoneFromMemoryAfterItsUse() throws {
        let web = try WebNode(release: 12)
        let needle = MemoryNeedle()
        let encoded = needle.base64()
        func secret() -> Secret {
            var bytes = needle.bytes()
            return Secret(consuming: &bytes)
        }
        do {
            let kept = secret()
            #expect(try needle.count() > 0)
            _ = kept
        }
        #expect(try needle.count() == 0 && encoded.count() == 0)
        let form = #expect(throws: ClusterError.self) {
            try OSAdministration(web.node(), version: nil, user: "admin", password: secret()).connect()
        }
        #expect(form?.code == .loginRefused)
        #expect(try needle.count() == 0, "form")
        let rest = #expect(throws: ClusterError.self) {
            _ = try CertificateREST(web.node(), user: "admin", password: secret()).trustCertificates(of: "x")
        }
        #expect(rest != nil)
        #expect(try needle.count() == 0 && encoded.count() == 0, "REST")
        let axl = #expect(throws: ClusterError.self) {
            _ = try AXLClient(
                web.node(), version: #require(ClusterVersion("12.5.1")), user: "admin", password: secret()
            )
            .executeSQLQuery("select 1")
        }
        #expect(axl != nil)
        #expect(try needle.count() == 0 && encoded.count() == 0, "AXL")
    }

    @Test func refusalsAreShown() throws {
        let web = try WebNode(release: 10)
        let administration = try web.administration()
        let full = #expect(throws: ClusterError.self) {
            try administration.uploadTFTPFile(name: "full.tlv", contents: [1])
        }
        #expect(full?.code == .refused)
        #expect(full?.found?.localized == "Error: No space left on device")
        let junk = #expect(throws: ClusterError.self) {
            try administration.uploadTrustCertificate(unit: "tomcat-trust", pem: "junk")
        }
        #expect(junk?.code == .refused)
        let unit = #expect(throws: ClusterError.self) {
            try administration.uploadTrustCertificate(unit: "CallManager-trust", pem: "x")
        }
        #expect(unit?.code == .notSupported)
        #expect(unit?.found?.localized == "tomcat-trust, Phone-SAST-trust")
    }

    /// One login for all that ask at once, and one more when the session has expired.
    @Test(arguments: [10, 12]) func whoAsksAtOnceSharesOneLogin(release: Int) throws {
        let web = try WebNode(release: release)
        let administration = try web.administration("\(release).5.1")
        for logins in 1...2 {
            let worked = Concurrently.map(Array(0..<6)) { _ in
                (try? administration.trustCertificates(unit: "Phone-SAST-trust")) != nil
            }
            #expect(worked == Array(repeating: true, count: 6))
            #expect(web.requests("POST /cmplatform/" + (release < 11 ? "WEB-INF" : "j_security_check")) == logins)
            try web.expireSessions()
        }
    }

    @Test func aWrongPasswordIsTriedOnce() throws {
        let web = try WebNode(release: 12)
        for attempt in 1...5 {
            let error = #expect(throws: ClusterError.self) {
                try web.administration(password: "wrong-secret").trustCertificates(unit: "tomcat-trust")
            }
            #expect(error?.code == (attempt <= 4 ? .loginRefused : .tooManyLogins))
            if attempt == 1 {
                // The page's sentence, not the whole page.
                #expect(error?.found?.localized == "Log on failed - Invalid User ID or Password")
                #expect(error?.message.localized.contains("admin") == true && error?.account == .platform)
            }
            #expect(error?.description.contains("wrong-secret") == false)
            #expect(web.requests("POST") == attempt)
        }
    }

    @Test func aChangedKeyGetsNosecret() throws {
        let web = try WebNode(release: 12)
        let error = #expect(throws: ClusterError.self) {
            try web.administration(pin: TestIdentity.wrongPin).uploadTFTPFile(name: "a", contents: [])
        }
        #expect(error?.code == .notTrusted)
        #expect(error?.expected?.localized == TestIdentity.wrongPin)
        #expect(error?.found?.localized == web.node().tlsPin)
        #expect(web.requests("GET") + web.requests("POST") == 0)
        var node = web.node()
        node.tlsPin = nil
        let unpinned = #expect(throws: ClusterError.self) {
            try OSAdministration(node, version: nil, user: "admin", password: secret("p"))
        }
        #expect(unpinned?.code == .configuration)
    }
}

@Suite(.waiting, .timeLimit(.minutes(10))) struct SOAPTests {
    let web: WebNode

    init() throws { web = try WebNode(release: 10) }

    func axl(password: String = "p&=+ é") throws -> AXLClient {
        try AXLClient(
            web.node(), version: #require(ClusterVersion("10.5.1.10000-7")), user: "admin",
            password: secret(password))
    }

    @Test func queriesGiveRows() throws {
        let table = try axl().executeSQLQuery("select name, model from device where a < 'b'")
        #expect(table.columns == ["name", "model"])
        #expect(table["name"] == (0..<7).map { "SEP\($0)" })
        #expect(table.rows[0][1] == "Cisco 7975 & <b>")
        #expect(web.requests("action \"CUCM:DB ver=10.5 executeSQLQuery\"") == 1)
    }

    @Test func largeAnswersComeInPages() throws {
        #expect(try axl().executeSQLQuery("select large from device").rows.count == 7)
        #expect(web.requests("action") == 4)
    }

    /// A column that is NULL in a whole page is left out there (it was an index out of range).
    @Test func pagesMayHaveFewerColumns() throws {
        let table = try axl().executeSQLQuery("select large sparse from device")
        #expect(table.columns == ["name", "model"] && table.rows.map(\.count) == Array(repeating: 2, count: 7))
        #expect(table["model"]?.dropFirst(3).allSatisfy { $0 == "" } == true)
    }

    /// A schema that the server does not have: one of those that it names.
    @Test func theSchemaIsNegotiated() throws {
        let client = try AXLClient(
            web.node(), version: #require(ClusterVersion("7.0")), user: "admin", password: secret("p&=+ é"))
        #expect(try client.executeSQLQuery("select name from device").rows.count == 7)
        #expect(client.schema == "15.0")
        #expect(web.requests("action \"CUCM:DB ver=15.0 executeSQLQuery\"") == 1)
    }

    @Test func aServerWithoutMemoryIsAskedForLess() throws {
        #expect(try axl().executeSQLQuery("select memory from device").rows.count == 7)
        let ended = try axl()
        #expect(try ended.executeSQLQuery("select session from device").rows.count == 7)
        #expect(web.requests("ended") == 1)
    }

    @Test func phonesAreRestarted() throws {
        try axl().restartPhone("SEP1")
        let error = #expect(throws: ClusterError.self) { try axl().restartPhone("SEPNONE") }
        #expect(error?.code == .refused)
        #expect(error?.message.localized.contains("SEPNONE was not found") == true)
    }

    @Test func refusedLoginsAndOtherAnswers() throws {
        let login = #expect(throws: ClusterError.self) {
            try axl(password: "wrong-secret").executeSQLQuery("select 1")
        }
        #expect(login?.code == .loginRefused)
        let broken = #expect(throws: ClusterError.self) { try axl().executeSQLQuery("select broken") }
        #expect(broken?.code == .unexpectedAnswer)
        #expect(broken?.found?.localized.contains("maintenance") == true)
    }

    @Test func phonesHaveAddresses() throws {
        let phones = try RISClient(web.node(), user: "admin", password: secret("p&=+ é")).phones()
        #expect(phones.map(\.name) == ["SEP1", "SEP2"])
        #expect(phones.map(\.address) == ["192.0.2.5", nil])
        #expect(phones.map(\.isRegistered) == [true, false])
        #expect(phones[0].model == 437 && phones[0].node == "pub")
    }
}

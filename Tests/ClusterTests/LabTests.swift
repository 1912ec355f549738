import Basics
import Cluster
import Configuration
import Messages
import Secrets
import ServerFixtures
import Testing
import TrustList
import X509

/// Every interface of a cluster, against the lab.
@Suite(.waiting, .timeLimit(.minutes(10))) struct LabTests {
    @Test(arguments: ["10.5", "12.5"])
    func theCommandLine(release: String) throws {
        let lab = try RunningLab(release: release)
        let cluster = ClusterClient(try lab.cluster())
        let publisher = try cluster.publisher()
        let commandLine = try cluster.commandLine(of: publisher)
        #expect("\(try commandLine.version())".hasPrefix(release))
        #expect(try commandLine.securityMode() == .mixed)
        #expect(try Set(commandLine.nodeNames()) == Set(cluster.configuration.nodes.map(\.name)))
        for (kind, statement) in [(TrustListKind.ctl, try commandLine.showCTL()), (.itl, try commandLine.showITL())] {
            #expect(try statement.fits(cluster.trustListHosts[0].fetch(kind)))
        }
        #expect(try commandLine.ownCertificates().contains { $0.unit == "CallManager" })
        #expect(try commandLine.services().contains { $0.name == "Cisco Tftp" && $0.isRunning })
        try commandLine.restart("Cisco Tftp")
        let phones = try commandLine.runSQL(
            "select d.name, tm.name as model from device d, typemodel tm where d.tkmodel=tm.enum and d.tkclass=1")
        #expect(phones.rows.count == 3)
        let wrong = #expect(throws: ClusterError.self) { try commandLine.runSQL("select nothing from nowhere") }
        #expect(wrong?.code == .unexpectedAnswer)

        let certificate = try certificate()
        try commandLine.importTrustCertificate(pem: certificate.pem, unit: "Phone-SAST-trust")
        let entry = try #require(commandLine.trustCertificates().first { $0.unit == "Phone-SAST-trust" })
        #expect(try commandLine.certificateText(entry).contains(certificate.subject.value(of: "CN") ?? "?"))
        let junk = #expect(throws: ClusterError.self) {
            try commandLine.importTrustCertificate(
                pem: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", unit: "Phone-SAST-trust")
        }
        #expect(junk?.code == .refused)
        try commandLine.deleteTrustCertificate(unit: entry.unit, name: entry.name)
        #expect(try !commandLine.trustCertificates().contains(entry))
        try commandLine.updateTokenlessTrustList()
    }

    @Test(arguments: ["10.5", "12.5"])
    func theTrustStoreOverTheWeb(release: String) throws {
        let lab = try RunningLab(release: release)
        let cluster = ClusterClient(try lab.cluster())
        let administration = try cluster.administration(of: cluster.publisher())
        let certificates = [try certificate(), try certificate()]
        for certificate in certificates {
            try administration.uploadTrustCertificate(unit: "Phone-SAST-trust", pem: certificate.pem)
        }
        // Repeating it is not an error.
        try administration.uploadTrustCertificate(unit: "Phone-SAST-trust", pem: certificates[0].pem)
        let listed = try administration.trustCertificates(unit: "Phone-SAST-trust")
        #expect(Set(listed.map(\.certificate)) == Set(certificates))
        #expect(try cluster.tvs().verify(certificates[0]).roles.contains(.sast))
        let name = try #require(listed.first { $0.certificate == certificates[0] }).name
        try administration.deleteTrustCertificate(unit: "Phone-SAST-trust", name: name)
        #expect(
            try administration.trustCertificates(unit: "Phone-SAST-trust").map(\.certificate) == [certificates[1]])
    }

    @Test(arguments: ["10.5", "12.5"])
    func trustListsComeAndGo(release: String) throws {
        let lab = try RunningLab(release: release)
        let cluster = ClusterClient(try lab.cluster())
        let hosts = try cluster.trustListHosts
        #expect(hosts.count == 2)
        let before = try #require(try hosts[0].fetch(.ctl))
        #expect(try hosts[1].fetch(.ctl) == before)
        #expect(try hosts[0].fetch(.itl) != nil)
        for host in hosts {
            try host.delete()
            #expect(try host.fetch(.ctl) == nil)
            try host.delete()
            try host.deploy(before)
            #expect(try host.fetch(.ctl) == before)
        }
    }

    @Test func theTrustVerificationServiceKnowsTheSigner() throws {
        let lab = try RunningLab()
        let cluster = ClusterClient(try lab.cluster())
        let bytes = try #require(try cluster.trustListHosts[0].fetch(.ctl))
        let header = try TrustListFile(decoding: bytes).header
        let answer = try cluster.tvs().queryCertificate(
            subject: header.signerName, issuer: header.caName, serialNumber: header.serialNumber)
        #expect(answer.isValid && answer.certificate != nil)
        let unknown = try cluster.tvs().verify(certificate())
        #expect(!unknown.isValid)
        let query = try cluster.tvs().queryCertificate(subject: "CN=x", issuer: "CN=y", serialNumber: [1])
        #expect(!query.isValid && query.certificate == nil)
    }

    @Test func phonesAreFoundAndRestarted() throws {
        let lab = try RunningLab()
        let cluster = ClusterClient(try lab.cluster())
        let devices = try cluster.axl().executeSQLQuery("select name from device order by name")["name"]
        let phones = try #require(devices).filter { $0.hasPrefix("SEP") }
        #expect(phones.count == 3)
        let registered = try cluster.ris().phones()
        #expect(Set(registered.map(\.name)) == Set(phones))
        #expect(try cluster.ris().phones(named: [phones[0]]).map(\.name) == [phones[0]])
        let file = try #require(try cluster.trustListHosts[0].fetch(.ctl))
        for phone in registered {
            let page = cluster.phonePage(address: try #require(phone.address), phone: phone.name)
            #expect(try page.information().name == phone.name)
            let held = try #require(try page.trustLists().ctl)
            #expect(PhoneTrustLists.matches(held, md5: Digest.md5(file), sha1: Digest.sha1(file)))
            try cluster.axl().restartPhone(phone.name)
        }
        let error = #expect(throws: ClusterError.self) { try cluster.axl().restartPhone("SEP000000000000") }
        #expect(error?.code == .refused)
    }

    /// A node ends a command line that is idle: it is opened again, unless a command was under way.
    @Test func anIdleCommandLineIsOpenedAgain() throws {
        let lab = try RunningLab()
        try lab.fault(RunningLab.publisher, ["cli-idle"], options: ["--delay", "2"])
        let cluster = ClusterClient(try lab.cluster())
        let commandLine = try cluster.commandLine(of: cluster.publisher())
        #expect(try commandLine.securityMode() == .mixed)
        interruptibleSleep(3)
        #expect(try commandLine.securityMode() == .mixed)
        #expect(commandLine.shell.isOpen)
    }

    /// An expired password is recognised in both ways in which a node may ask for a new one, and no new one is sent. The
    /// password is sent once, and works again once the account does.
    @Test(arguments: ["password-expired", "expired-in-shell"], ["10.5", "15"])
    func anExpiredPasswordIsTold(fault: String, release: String) throws {
        let lab = try RunningLab(release: release)
        let node = RunningLab.publisher
        try lab.fault(node, [fault])
        let cluster = ClusterClient(try lab.cluster())
        let attempts: [() throws -> Void] = [
            { _ = try cluster.commandLine(of: cluster.publisher()) },
            { try cluster.trustListHost(cluster.publisher()).deploy([1]) },
        ]
        for attempt in attempts {
            let error = #expect(throws: ClusterError.self, performing: attempt)
            #expect(error?.code == .passwordExpired && error?.account == .platform, "\(String(describing: error))")
            #expect(error?.next?.localized.contains("Log in on the console of \(node)") == true)
            #expect(error?.description.contains(lab.password("platform")) == false)
        }
        #expect(!lab.log.contains("a new password was sent"), "\(lab.log)")
        try lab.fault(node, ["none"])
        let again = ClusterClient(try lab.cluster())
        #expect(try again.commandLine(of: again.publisher()).securityMode() == .mixed)
    }

    /// A login page that calls an expired password wrong: it is tried once.
    @Test func anExpiredPasswordThatIsCalledWrong() throws {
        let lab = try RunningLab(options: ["--manners", "web-expired-as-wrong"])
        try lab.fault(RunningLab.publisher, ["password-expired"])
        let cluster = ClusterClient(try lab.cluster())
        let host = try cluster.trustListHost(cluster.publisher())
        for _ in 0..<2 {
            let error = #expect(throws: ClusterError.self) { try host.deploy([1]) }
            #expect(error?.code == .loginRefused && error?.account == .platform, "\(String(describing: error))")
        }
        #expect(lab.log.ranges(of: "expired password on OS Administration").count == 1, "\(lab.log)")
    }

    /// Before 11.0 a trust certificate comes back if one node still has it.
    @Test func beforeElevenEveryNodeDeletes() throws {
        let lab = try RunningLab(release: "10.5")
        let cluster = ClusterClient(try lab.cluster())
        let certificate = try certificate()
        for way in [TrustTransport.web, .ssh] {
            let stores = TrustStores(of: cluster, by: way)
            #expect(try stores.upload(certificate).outcome == .uploaded)
            // By hand, on the publisher alone.
            let name = try #require(stores.list(TrustStores.phoneSAST).certificates.first).name
            try cluster.commandLine(of: cluster.publisher())
                .deleteTrustCertificate(unit: TrustStores.phoneSAST, name: name)
            #expect(try stores.list(TrustStores.phoneSAST).certificates.isEmpty)
            interruptibleSleep(6)
            #expect(try stores.list(TrustStores.phoneSAST).certificates.count == 1)
            #expect(try stores.remove { $0.isSame(as: certificate) }.outcome == .removed)
            interruptibleSleep(6)
            #expect(try stores.list(TrustStores.phoneSAST).certificates.isEmpty)
        }
        #expect(try TrustStores(of: cluster).remove { $0.isSame(as: certificate) }.outcome == .notThere)
    }

    @Test func whoeverAsksAtOnceSharesOneLogin() throws {
        let lab = try RunningLab()
        let cluster = ClusterClient(try lab.cluster())
        let publisher = try cluster.publisher()
        let shells = Concurrently.map(Array(0..<6)) { _ in
            (try? cluster.commandLine(of: publisher)).map { ObjectIdentifier($0.shell as AnyObject) }
        }
        #expect(Set(shells).count == 1 && shells[0] != nil)
        let administrations = Concurrently.map(Array(0..<6)) { _ -> ObjectIdentifier? in
            guard let administration = try? cluster.administration(of: publisher),
                (try? administration.trustCertificates(unit: TrustStores.phoneSAST)) != nil
            else { return nil }
            return ObjectIdentifier(administration)
        }
        #expect(Set(administrations).count == 1 && administrations[0] != nil)
    }

    /// The publisher of a large cluster does not serve phones.
    @Test func onlyNodesThatServeTrustListsAreAskedForThem() throws {
        let node = { (name: String, serves: Bool) in
            NodeConfiguration(name: name, isPublisher: name == "pub", address: "127.0.0.1", servesTFTP: serves)
        }
        func names(_ nodes: [NodeConfiguration]) throws -> [String] {
            try ClusterClient(ClusterConfiguration(name: "c", nodes: nodes)).trustListHosts.map(\.node)
        }
        #expect(try names([node("a", true), node("pub", true), node("b", false)]) == ["pub", "a"])
        #expect(try names([node("a", true), node("pub", false), node("b", true)]) == ["a", "b"])
        let error = #expect(throws: ClusterError.self) { try names([node("pub", false)]) }
        #expect(error?.code == .configuration && error?.description.contains("tftp = true") == true)
    }

    @Test func nothingIsSentToAStranger() throws {
        let lab = try RunningLab()
        var configuration = try lab.cluster()
        for index in configuration.nodes.indices {
            configuration.nodes[index].tlsPin = TestIdentity.wrongPin
            configuration.nodes[index].tvsPin = TestIdentity.wrongPin
            configuration.nodes[index].sshHostKey = "SHA256:" + String(repeating: "A", count: 43)
        }
        let cluster = ClusterClient(configuration)
        let publisher = try cluster.publisher()
        let attempts: [() throws -> Void] = [
            { _ = try cluster.commandLine(of: publisher) },
            { _ = try cluster.administration(of: publisher).trustCertificates(unit: "Phone-SAST-trust") },
            { _ = try cluster.axl().executeSQLQuery("select name from device") }, { _ = try cluster.ris().phones() },
            { _ = try cluster.tvs().verify(certificate()) },
        ]
        for attempt in attempts {
            let error = #expect(throws: ClusterError.self, performing: attempt)
            #expect(error?.code == .notTrusted)
        }
    }

    @Test func wrongPasswordsAreToldApart() throws {
        let lab = try RunningLab()
        // The two accounts have different passwords; each is tried in place of the other.
        let swapped = [
            Account.platform: lab.password("application"), .application: lab.password("platform"),
        ]
        let cluster = ClusterClient(
            try lab.cluster(),
            credentials: CredentialProvider { (account, _) throws(ClusterError) in secret(swapped[account] ?? "") })
        let publisher = try cluster.publisher()
        let attempts: [() throws -> Void] = [
            { _ = try cluster.commandLine(of: publisher) },
            { try cluster.trustListHost(publisher).deploy([1]) },
            { _ = try cluster.axl().executeSQLQuery("select name from device") }, { _ = try cluster.ris().phones() },
        ]
        for attempt in attempts {
            let error = #expect(throws: ClusterError.self, performing: attempt)
            #expect(error?.code == .loginRefused, "\(String(describing: error))")
            for password in swapped.values { #expect(error?.description.contains(password) == false) }
        }
    }

    /// A certificate that a token could hold.
    private func certificate() throws -> Certificate {
        let serial = (0..<4).map { _ in UInt8.random(in: 1...127) }
        let name = "SAST-ADN" + serial.map { String($0, radix: 16) }.joined()
        let folder = TemporaryFolder()
        try ChildProcess.run([
            "openssl", "req", "-x509", "-newkey", "rsa:1024", "-sha1", "-nodes", "-days", "30", "-subj",
            "/O=Cisco Systems/OU=IPCBU/CN=\(name)", "-keyout", folder.file("key"), "-out", folder.file("pem"),
        ])
        return try Certificate(pem: folder.text("pem"))
    }
}

import Basics
import Cluster
import Configuration
import Messages
import Testing

@testable import Operations

/// Parsers for what a cluster says about its health, and the rules by which it is judged.
@Suite(.timeLimit(.minutes(5))) struct StatusTests {
    private let runtimeState = """
        DDB and Replication Services: ALL RUNNING

        Cluster Detailed View from PUB (3 Servers):

                                 PING        REPLICATION REPL. DBver& REPL. REPLICATION SETUP
        SERVER-NAME IP ADDRESS   (msec) RPC? STATUS      QUEUE TABLES LOOP? (RTMT) & details
        ----------- ------------ ------ ---- ----------- ----- ------ ----- -----------------
        pub         10.48.47.153 0.052  Yes  Connected   0     match  Yes   (2) PUB Setup Completed
        sub1        10.48.47.154 0.166  Yes  (3) Connected 0   match  Yes   (2) Setup Completed
        sub2        10.48.47.155 Failed No   Off-Line    N/A   N/A    N/A   (4) Setup Failed
        """

    @Test func replicationIsRead() throws {
        let states = try #require(StatusAnswers.replication(runtimeState))
        #expect(states.map(\.name) == ["pub", "sub1", "sub2"] && states.map(\.state.state) == [2, 2, 4])
        #expect(states[0].state.text == "(2) PUB Setup Completed" && states[0].state.isGood)
        #expect(!states[2].state.isGood)
        // Rows have short names; nodes are named in full, by their addresses, in capitals.
        for (name, address) in [
            ("sub1", "sub1.example.com"), ("sub1.example.com", "192.0.2.1"), ("SUB1", "x"), ("10.48.47.154", "y"),
            ("other", "10.48.47.154"),
        ] {
            let node = NodeConfiguration(name: name, address: address)
            #expect(states.filter { $0.isOf(node) }.map(\.name) == ["sub1"], "\(name)")
        }
        let single = "Runtime state cannot be performed on a cluster with\na single active node"
        #expect(StatusAnswers.replication(single) == [])
        #expect(StatusAnswers.replication("No valid command entered") == nil)
        #expect(StatusAnswers.replication("") == nil)
    }

    @Test func datesAreRead() {
        #expect(StatusAnswers.date("Thu Jan 01 00:00:00 GMT 1970")?.seconds == 0)
        #expect(StatusAnswers.date("Wed Mar 04 14:02:00 CET 2020")?.seconds == 1_583_330_520)
        #expect(StatusAnswers.date("Sat Feb 29 23:59:59 UTC 2020")?.seconds == 1_583_020_799)
        #expect(StatusAnswers.date("Feb 14 19:35:12 2035 GMT")?.description == "2035-02-14T19:35:12Z")
        #expect(StatusAnswers.date("Mar  4 14:02:00 2020 GMT")?.seconds == 1_583_330_520)
        for text in ["", "Mar 04 14:02:00 CET 2020", "Wed Foo 04 14:02:00 CET 2020", "Wed Mar 04 14:02 CET 2020"] {
            #expect(StatusAnswers.date(text) == nil, "\(text)")
        }
    }

    @Test func certificatesWithoutPEMAreRead() {
        let text = """
            [
              Version: V3
              Serial Number: 56B4D1C3
              Validity From: Wed Mar 04 14:02:00 CET 2015
                       To:   Wed Mar 04 14:02:00 CET 2020
            ]
            """
        let entry = CertificateListEntry(unit: "tomcat", name: "tomcat.pem", description: "")
        let certificate = StatusAnswers.certificate(text, entry: entry)
        #expect(certificate.serialNumber == "56b4d1c3" && certificate.notAfter == Timestamp(1_583_330_520))
        #expect(certificate.sha1 == nil && certificate.unit == "tomcat")
    }

    /// OpenSSL's layout: the serial number on its own line, the date after "Not After :".
    @Test func certificatesInOpenSSLsLayoutAreRead() {
        let text = """
                    Serial Number:
                        66:55:e8:64:ca:0f:7d:19
                    Issuer: L=Krakow, CN=a, O=Cisco
                        Not Before: Feb 15 19:35:12 2030 GMT
                        Not After : Feb 14 19:35:12 2035 GMT
            """
        let entry = CertificateListEntry(unit: "tomcat", name: "tomcat.pem", description: "")
        let certificate = StatusAnswers.certificate(text, entry: entry)
        #expect(certificate.serialNumber == "6655e864ca0f7d19")
        #expect(certificate.notAfter?.description == "2035-02-14T19:35:12Z")
        #expect(CertificateDescription("Serial Number: 17 (0x11)").serialNumber == [0x11])
    }

    /// The database, `show network cluster` and the services spell a server in their own ways.
    @Test(arguments: [("PUB", "SUB1"), ("pub.example.com", "sub1.example.com"), ("192.0.2.11", "Sub1")])
    func serversAreFoundInAnySpelling(publisher: String, subscriber: String) throws {
        let shell = AnsweringShell([
            "run sql select name from processnode":
                "name\n==================\nEnterpriseWideData\n\(publisher)\n\(subscriber)\n",
            "show network cluster": """
            192.0.2.11 pub.example.com pub Publisher callmanager DBPub authenticated
            192.0.2.12 sub1.example.com sub1 Subscriber callmanager DBSub authenticated
            """,
            "run sql " + PlatformCommandLine.servicesQuery: """
            node             service
            ================ ================================
            \(subscriber.padding(17))Cisco Tftp
            \(publisher.padding(17))Cisco Trust Verification Service
            """,
        ])
        let servers = try PlatformCommandLine(shell).servers()
        #expect(servers.map(\.name) == [publisher, subscriber] && servers.map(\.isPublisher) == [true, false])
        #expect(servers.map(\.address) == ["192.0.2.11", "192.0.2.12"])
        #expect(servers.map(\.services) == [["Cisco Trust Verification Service"], ["Cisco Tftp"]])
    }

    @Test func aNodeIsCalledByEachOfItsNames() {
        let node = NodeConfiguration(name: "Pub.example.com", address: "192.0.2.11")
        for name in ["pub", "PUB.EXAMPLE.COM", "192.0.2.11"] { #expect(node.isCalled(name), "\(name)") }
        for name in ["pub.example.org", "pub2", "192", "192.0.2.1", "", "pub.example.com.evil.org"] {
            #expect(!node.isCalled(name), "\(name)")
        }
        let addressed = NodeConfiguration(name: "192.0.2.11", address: "192.0.2.11")
        #expect(!addressed.isCalled("192") && addressed.isCalled("192.0.2.11"))
    }

    @Test func theNetworkViewIsRead() {
        let line = NetworkClusterLine(
            "192.168.125.10 cucm15.example.com cucm15 Publisher callmanager DBPub authenticated")
        #expect(line?.names == ["192.168.125.10", "cucm15.example.com", "cucm15"])
        #expect(line?.isPublisher == true && line?.product == "callmanager")
        #expect(NetworkClusterLine("Server Table (processnode) Entries") == nil)
        #expect(NetworkClusterLine("cucm15") == nil)
        #expect(NetworkClusterLine("10.0.0.2 sub Subscriber")?.product == nil)
    }

    // MARK: - Findings

    private func file(_ sha1: String?) -> ClusterStatus.File {
        sha1.map { ClusterStatus.File(state: .file, length: 1, md5: "m", sha1: $0) }
            ?? ClusterStatus.File(state: .absent)
    }

    private func node(_ name: String, ctl: String? = "c1", itl: String? = nil) -> ClusterStatus.Node {
        ClusterStatus.Node(
            name: name, address: "10.0.0.1", isPublisher: name == "pub", isConfiguredForTFTP: true,
            version: "10.5.1.10000-7",
            services: [ClusterService.tftp, ClusterService.callManager].map {
                ServiceStatus(name: $0, state: "STARTED")
            },
            certificates: [
                ClusterStatus.Certificate(
                    unit: "CallManager", name: "CallManager.pem", sha1: name, notAfter: Timestamp(5_000_000_000))
            ], replication: ClusterStatus.Replication(state: 2, text: "(2)"),
            ctl: ClusterStatus.Served(tftp: file(ctl), http: file(ctl)),
            itl: ClusterStatus.Served(tftp: file(itl ?? name), http: file(itl ?? name)), failures: [])
    }

    private var sound: ClusterStatus {
        ClusterStatus(
            cluster: "c", taken: Timestamp(1_700_000_000), version: "10.5.1.10000-7", securityMode: .mixed,
            nodes: [node("pub"), node("sub")],
            trustLists: [
                ClusterStatus.TrustList(
                    kind: "CTLFile.tlv", length: 1, md5: "m", sha1: "c1",
                    records: ["pub", "sub"].map {
                        ClusterStatus.TrustList.Record(
                            role: 2, subject: $0, certificateSHA1: $0, notAfter: Timestamp(5_000_000_000))
                    })
            ], serversNotConfigured: [], nodesNotInCluster: [])
    }

    private func codes(_ change: (inout ClusterStatus) -> Void) -> [StatusFinding.Code] {
        var status = sound
        change(&status)
        return status.findings().map(\.code)
    }

    private func failure(_ code: ClusterError.Code) -> ClusterStatus.Failure {
        .init(ClusterError(code, operation: .verbatim("read"), node: "sub", message: .verbatim("it does not work")))
    }

    /// What a release does not know is a warning; a node from which nothing could be read is an error, whatever it said.
    @Test func aNodeThatWasNotReadIsAnError() {
        var status = sound
        status.nodes[1].failures = [failure(.notSupported)]
        #expect(status.findings().map(\.severity) == [.warning])
        status.nodes[1].version = nil
        #expect(status.findings().map(\.severity) == [.error])
        status.nodes[1].failures = [failure(.noCommonSSHAlgorithm)]
        #expect(status.findings().map(\.severity) == [.error])
        #expect(status.findings()[0].next.contains { $0.localized.contains("legacy_ssh = true for sub") })
        status.nodes[1].failures = [failure(.noCommonAlgorithm)]
        #expect(status.findings()[0].next.contains { $0.localized.contains("legacy_tls = true for sub") })
    }

    /// A node that is down is reported once, with how to look further, and not again for every file.
    @Test func aNodeThatIsDownIsOneError() {
        var status = sound
        let silent = ClusterStatus.File(state: .failed, error: failure(.unreachable))
        status.nodes[1].ctl = ClusterStatus.Served(tftp: silent, http: silent)
        status.nodes[1].itl = ClusterStatus.Served(tftp: silent, http: silent)
        #expect(status.findings().count == 4)
        status.nodes[1].failures = [failure(.unreachable)]
        #expect(status.findings().map(\.code) == [.nodeNotRead])
        #expect(status.findings()[0].next.last?.localized.contains("etoken-bridge doctor --cluster c") == true)
    }

    @Test func whatExpiresIsNamedWithItsNodeAndWhatToDo() {
        var status = sound
        status.nodes[1].certificates?[0].notAfter = Timestamp(status.taken.seconds + 86400)
        status.trustLists.append(
            ClusterStatus.TrustList(
                kind: "ITLFile.tlv", length: 1, md5: "m", sha1: "sub",
                records: [.init(role: 0, dnsName: "sub", subject: "CN=x", notAfter: Timestamp(5))]))
        let findings = status.findings()
        #expect(findings.map(\.node) == ["sub", "sub"])
        #expect(findings[0].text.localized.contains("CN=x in the ITLFile.tlv of sub expired"), "\(findings[0].text)")
        #expect(
            findings[1].text.localized.hasPrefix("The CallManager certificate of sub expires"), "\(findings[1].text)")
        #expect(findings[1].next.last?.localized.contains("migrate update-certificates --cluster c") == true)
        #expect(findings.allSatisfy { !$0.next.isEmpty })
    }

    /// A cluster of release 12.5 or so: ITLRecovery signs, the lists name everything that the publisher has.
    private func modern(byToken: Bool = false) -> ClusterStatus {
        typealias Record = ClusterStatus.TrustList.Record
        var status = sound
        status.version = "12.5.1.11900-146"
        for index in status.nodes.indices { status.nodes[index].version = status.version }
        for (unit, sha1) in [("ITLRecovery", "rec"), ("CAPF", "capf")] {
            status.nodes[0].certificates?.append(
                ClusterStatus.Certificate(
                    unit: unit, name: unit + ".pem", sha1: sha1, notAfter: Timestamp(5_000_000_000), keyBits: 2048,
                    isRSA: true))
        }
        let recovery = Record(role: 0, dnsName: "pub", subject: "CN=ITLRECOVERY_pub.x;O=c", certificateSHA1: "rec")
        status.trustLists[0].records += [recovery, Record(role: 4, dnsName: "pub", certificateSHA1: "capf")]
        status.trustLists[0].signerSHA1 = "rec"
        if byToken {
            status.trustLists[0].records.append(Record(role: 0, dnsName: "", certificateSHA1: "token"))
            status.trustLists[0].signerSHA1 = "token"
        }
        for node in ["pub", "sub"] {
            status.trustLists.append(
                ClusterStatus.TrustList(
                    kind: "ITLFile.tlv", length: 1, md5: "m", sha1: node, signer: "CN=ITLRECOVERY_pub.x;O=c",
                    signerSHA1: "rec", records: [recovery]))
        }
        return status
    }

    /// What the publisher has was regenerated, and the CTL file was not.
    @Test func staleRecordsAreFound() throws {
        #expect(modern().findings() == [])
        func findings(byToken: Bool = false, _ unit: String, _ sha1: String) -> [StatusFinding] {
            var status = modern(byToken: byToken)
            let index = status.nodes[0].certificates!.firstIndex { $0.unit == unit }!
            status.nodes[0].certificates![index].sha1 = sha1
            return status.findings()
        }
        let capf = findings("CAPF", "new")
        #expect(capf.map(\.code) == [.certificateNotInFile] && capf[0].severity == .error && capf[0].node == "pub")
        #expect(capf[0].text.localized.contains("former CAPF certificate"))
        let recovery = findings("ITLRecovery", "new")
        #expect(recovery.map(\.code) == [.certificateNotInFile] && recovery[0].severity == .error)
        #expect(recovery[0].text.localized.contains("FN70613"))
        #expect(recovery[0].next.map(\.localized).filter { $0.contains("utils ctl") }.count == 2)
        #expect(recovery[0].next[0].localized.contains("Cisco CTIManager"))
        // A token's file is not signed by ITLRecovery: the record alone is old.
        let token = findings(byToken: true, "ITLRecovery", "new")
        #expect(token.map(\.code) == [.certificateNotInFile])
        #expect(token[0].next[0].localized.contains("migrate update-certificates"))
        // A file without such a record, and a cluster in non-secure mode, lack nothing.
        var older = modern()
        older.trustLists[0].records.removeAll { $0.certificateSHA1 == "rec" || $0.role == 4 }
        older.trustLists.removeLast(2)
        older.nodes[0].certificates!.removeAll { $0.unit == "ITLRecovery" }
        #expect(older.findings() == [])
    }

    /// The CTL file has nobody who may sign the ITL file.
    @Test func anITLSignerThatIsNotInTheCTLFileIsFound() {
        var status = modern(byToken: true)
        #expect(status.findings() == [])
        status.trustLists[0].records.removeAll { $0.certificateSHA1 == "rec" }
        #expect(status.findings().map(\.code) == [.itlSignerNotInFile, .itlSignerNotInFile])
        #expect(status.findings().map(\.severity) == [.warning, .warning])
        // Up to 11.5 a server's own certificate signs its ITL file.
        for index in 1...2 { status.trustLists[index].signerSHA1 = ["pub", "sub"][index - 1] }
        #expect(status.findings() == [])
    }

    @Test func tokensOnNewReleasesAreNamed() {
        for (version, isSo) in [
            ("12.5.1.11900-146", false), ("14.0.1.12900-161", false), ("14.0.1.13900-155", true),
            ("15.0.1.10000-32", true),
        ] {
            var status = modern(byToken: true)
            status.version = version
            for index in status.nodes.indices { status.nodes[index].version = version }
            #expect(status.findings().map(\.code) == (isSo ? [.tokensNotSupported] : []), "\(version)")
            status = modern()
            status.version = version
            #expect(!status.findings().contains { $0.code == .tokensNotSupported }, "\(version)")
        }
    }

    @Test func keysTrustAndSizesAreChecked() {
        var status = modern()
        for (bits, isRSA, isSound) in [
            (2048, true, true), (4096, true, true), (3072, true, false), (384, false, false),
        ] {
            status.nodes[0].certificates![1].keyBits = bits
            status.nodes[0].certificates![1].isRSA = isRSA
            #expect(status.findings().map(\.code) == (isSound ? [] : [.keyUnusable]), "\(bits)")
        }
        status = modern()
        status.trusted = [
            .init(store: "Phone-SAST-trust", name: "SAST-1.pem", notAfter: Timestamp(status.taken.seconds + 5)),
            .init(store: "Phone-SAST-trust", name: "SAST-2.pem", notAfter: Timestamp(status.taken.seconds - 5)),
        ]
        #expect(status.findings().map(\.code) == [.trustExpired])
        #expect(status.findings()[0].text.localized.contains("SAST-2.pem in Phone-SAST-trust expired"))
        status = modern()
        status.trustLists[1].length = 65_537
        #expect(status.findings().map(\.code) == [.itlTooLarge])
        status.trustLists[1].length = 1
        status.trustLists[1].records += (0..<39).map { .init(role: 21, certificateSHA1: "\($0)") }
        #expect(status.findings().map(\.code) == [.itlTooLarge])
        status.trustLists[1].fault = .verbatim("x")
        #expect(status.findings()[0].next.map(\.localized).contains { $0.contains("itlfileflags.txt") })
    }

    /// If no TVS can be asked from here, nobody knows beforehand what phones will accept.
    @Test func aTVSThatCannotBeReachedIsFound() {
        var status = sound
        for index in status.nodes.indices {
            status.nodes[index].services?.append(
                ServiceStatus(name: ClusterService.trustVerification, state: "STARTED"))
        }
        #expect(status.findings() == [])
        for (index, severities) in [(1, [FindingSeverity.warning]), (0, [.error, .error])] {
            status.nodes[index].tvsFailure = .verbatim("nothing is listening there")
            #expect(status.findings().allSatisfy { $0.code == .tvsNotReached })
            #expect(status.findings().map(\.severity) == severities)
        }
    }

    @Test func everyRuleFindsWhatItIsFor() {
        #expect(codes { _ in } == [])
        #expect(codes { $0.nodes[1].version = "10.5.2.1-1" } == [.versionsDiffer])
        #expect(codes { $0.serversNotConfigured = ["x"] } == [.nodesDiffer])
        #expect(codes { $0.nodesNotInCluster = ["x"] } == [.nodesDiffer])
        #expect(codes { $0.nodes[1].ctl?.http = file("c2") } == [.filesDiffer])
        #expect(codes { $0.nodes[1].itl?.http = file("i2") } == [.filesDiffer])
        #expect(
            codes { $0.nodes[0].ctl?.tftp = file(nil) } == [
                .noFileInMixedMode, .filesDiffer, .filesDiffer, .filesDiffer,
            ])
        #expect(codes { $0.securityMode = .nonSecure } == [.fileInNonSecureMode, .fileInNonSecureMode])
        #expect(codes { $0.trustLists[0].fault = .verbatim("x") } == [.fileUnusable])
        #expect(codes { $0.nodes[1].certificates?[0].sha1 = "new" } == [.certificateNotInFile])
        #expect(codes { $0.nodes[1].certificates?[0].notAfter = nil } == [.certificateNotRead])
        #expect(
            codes { $0.nodes[1].certificates?[0].notAfter = Timestamp($0.taken.seconds - 1) } == [.certificateExpired])
        #expect(
            codes { $0.nodes[1].certificates?[0].notAfter = Timestamp($0.taken.seconds + 86400) } == [
                .certificateExpires
            ])
        #expect(codes { $0.trustLists[0].records[0].notAfter = Timestamp(5) } == [.certificateExpired])
        #expect(codes { $0.nodes[1].services?[1].state = "STOPPED" } == [.serviceNotRunning])
        #expect(
            codes {
                $0.nodes[1].services?[1].state = "STOPPED"
                $0.nodes[1].services?[1].remark = "Service Not Activated"
            } == [])
        #expect(codes { $0.nodes[1].isConfiguredForTFTP = false } == [.tftpRoleDiffers])
        #expect(codes { $0.nodes[1].replication?.state = 3 } == [.replicationBroken])
        #expect(codes { $0.nodes[1].failures = [failure(.unreachable)] } == [.nodeNotRead])
        // Errors come before warnings.
        #expect(
            codes {
                $0.nodes[0].isConfiguredForTFTP = false
                $0.nodes[1].replication?.state = 3
            } == [.replicationBroken, .tftpRoleDiffers])
    }

    /// A node can print any number.
    @Test func datesThatAreNoneAreNot() {
        let most = "9223372036854775807"
        for text in [
            "Wed Mar 04 \(most):00:00 CET 2030", "Wed Mar 04 00:\(most):00 CET 2030",
            "Wed Mar \(most) 00:00:00 CET 2030", "Wed Mar -\(most) 00:00:00 CET 2030",
            "Wed Mar 04 00:00:00 CET \(most)", "Wed Mar 04 -1:00:00 CET 2030", "Wed Mar 32 00:00:00 CET 2030",
        ] { #expect(StatusAnswers.date(text) == nil, "\(text)") }
        #expect(Timestamp(year: 2030, month: 1, day: .max) == nil && Timestamp(year: 2030, month: 1, day: .min) == nil)
    }
}

/// Answers each command with a text.
private struct AnsweringShell: ClusterShell {
    let node = "node"
    let isOpen = true
    private let answers: [String: String]

    init(_ answers: [String: String]) { self.answers = answers }

    func run(_ command: ShellCommand) throws(ClusterError) -> String {
        answers[command.text] ?? "No valid command entered"
    }

    func close() {}
}

extension String {
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

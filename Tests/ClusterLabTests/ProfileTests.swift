import Basics
import Configuration
import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

@testable import ClusterLab

/// How the releases differ.
@Suite(.waiting, .timeLimit(.minutes(10))) struct ProfileTests {
    @Test(arguments: RunningLab.profiles) func commandLine(release: String) async throws {
        try await RunningLab.with(release: release) { lab in
            let screen = try await lab.type([
                "set cli pagination off", "show version active", "show cert list own", "utils ctl reset localkey", "y",
                "show ctl", "file delete tftp CTLFile.tlv", "y", "show ctl", "exit",
            ])
            let number = release.prefix { $0 != "(" }
            #expect(screen.contains("Active Master Version: \(number)."))
            #expect(try lab.cluster().version?.description.hasPrefix(number + ".") == true)
            let isOld = ["8.6", "9.1"].contains(release)
            #expect(screen.contains("admin:utils ctl reset localkey\nNo valid command entered\n") == isOld)
            #expect(screen.contains("CTL file has been reset") == !isOld)
            #expect(screen.contains("tomcat/tomcat.pem: Self-signed certificate"))
            let hasRecovery = try #require(LabRelease(rawValue: release)).hasITLRecovery
            #expect(screen.contains("ITLRecovery/ITLRecovery.pem: ") == hasRecovery)
            #expect(screen.contains("CTL File not found. Please run CTLClient plugin"))
            #expect(screen.contains("run the CLI - utils ctl..") == !isOld)
        }
    }

    /// Who has the role SAST and who signs, as in Cisco's table: the CTL Client's file before 10, CallManager's up to
    /// 11.5, with ITLRecovery as the second signer from 10.5(2) on, and ITLRecovery's from 12.0 on.
    @Test(arguments: RunningLab.profiles) func trustLists(release: String) async throws {
        try await RunningLab.with(release: release) { lab in
            let lists = try TrustListsOfALab(lab, release)
            let list = try lists.ctl()
            let signers = list.records.filter { $0.role == .sast }
            let tokens =
                (try? FileManager.default.contentsOfDirectory(atPath: lab.directory + "/tokens"))?
                .filter { $0.hasSuffix(".pem") }.sorted() ?? []
            if ["8.6", "9.1"].contains(release) {
                #expect(list.records.map(\.role) == [.sast, .ccmTFTP, .capf, .ccmTFTP, .sast])
                #expect(tokens == ["SAST-ADN0054f509.pem", "SAST-ADN008580ef.pem"])
                for (token, record) in zip(tokens, signers) {
                    let pem = try String(contentsOfFile: "\(lab.directory)/tokens/\(token)", encoding: .utf8)
                    #expect(record.certificate == (try Certificate(pem: pem)).der)
                    #expect(record.isToken && record.certificateSignature == nil)
                }
                #expect(list.records[1].dnsName == (try lab.address(RunningLab.publisher)))
                #expect(list.records.allSatisfy { $0.certificateSignature == nil })
            } else {
                #expect(Set(signers.map(\.certificate)) == Set(try lists.names.map { try lists.own($0).der }))
                #expect(signers.count == lists.names.count && tokens.isEmpty)
                #expect(try list.isSigned(by: lists.own(lists.signer)))
                let address = try lab.address(RunningLab.publisher).split(separator: ".").compactMap { UInt8($0) }
                #expect(signers.allSatisfy { $0.ipAddress == address && $0.dnsName == RunningLab.publisher })
                if lists.names.contains("ITLRecovery") {
                    let name = try #require(lists.own("ITLRecovery").subject.value(of: "CN"))
                    #expect(
                        name.hasPrefix("ITLRECOVERY_\(RunningLab.publisher).")
                            && list.records.contains(where: \.isITLRecovery))
                }
                _ = try await lab.type(["utils ctl reset localkey", "y", "exit"])
                let reset = try TrustListFile(decoding: try lab.served(RunningLab.subscriber))
                #expect(try reset.isSigned(by: lists.own(lists.otherSigner)))
                #expect(reset.records == list.records)
            }
            #expect(try await lab.status().phones.allSatisfy { $0.ctlOutcome == "accepted" })
            let bits =
                [
                    "8.6": (1024, 1024), "9.1": (1024, 1024), "10.5(1)": (1024, 2048), "10.5": (1024, 2048),
                ][release] ?? (2048, 2048)
            #expect(try (lists.own("CallManager").publicKey.bits, lists.own("tomcat").publicKey.bits) == bits)
        }
    }

    /// A node's CallManager certificate twice: as a signer, and as TFTP in non-secure and CCM+TFTP in mixed mode. From
    /// 12.0 on ITLRecovery signs.
    @Test(arguments: ["10.5", "11.5", "12.5"]) func identityTrustLists(release: String) async throws {
        try await RunningLab.with(release: release) { lab in
            let lists = try TrustListsOfALab(lab, release)
            for role in [Role.ccmTFTP, .tftp] {
                for node in [RunningLab.publisher, RunningLab.subscriber] {
                    let itl = try TrustListFile(decoding: lab.served(node, "ITLFile.tlv"))
                    let own = try lists.own("CallManager", of: node)
                    #expect(itl.records.filter { $0.certificate == own.der }.map(\.role) == [.sast, role])
                    let signer = lists.signer == "ITLRecovery" ? try lists.own("ITLRecovery") : own
                    #expect(try itl.isSigned(by: signer) && itl.signerRecord?.certificate == signer.der)
                }
                if role == .ccmTFTP {
                    let answer = try await lab.type(["utils ctl set-cluster non-secure-mode", "y", "exit"])
                    #expect(answer.contains("Cluster set to Non Secure Mode"))
                }
            }
        }
    }

    /// A certificate that all nodes share is in the CTL file once, with the publisher's names.
    @Test func oneCallManagerCertificateForAllNodes() async throws {
        try await RunningLab.with(release: "12.5", ["--multi-server-certificate", "--nodes", "3"]) { lab in
            let lists = try TrustListsOfALab(lab, "12.5")
            let servers = try lists.ctl().records.filter { $0.role == .ccmTFTP }
            #expect(servers.map(\.dnsName) == [RunningLab.publisher])
            let shared = try lists.own("CallManager").der
            #expect(servers.map(\.certificate) == [shared])
            let itl = try TrustListFile(decoding: lab.served(RunningLab.subscriber, "ITLFile.tlv"))
            #expect(itl.records.contains { $0.role == .ccmTFTP && $0.certificate == shared })
        }
    }

    /// Certificates of Phone-SAST-trust become signers by `utils ctl update CTLFile`: from 12 on, unless a lab is told
    /// otherwise.
    @Test(arguments: [
        ("12.5", nil, true, true), ("12.5", "servers", false, true), ("11.5", nil, false, false),
        ("12.5", "none", false, false), ("11.5", "all", true, true),
    ])
    func trustedSigners(release: String, kinds: String?, tokens: Bool, servers: Bool) async throws {
        let options = kinds.map { ["--sast-trust", $0] } ?? []
        try await RunningLab.with(release: release, options) { lab in
            let token = try TestToken("SAST-ADN0054f509        ")
            let stranger = try TestToken(serverNamed: "cucm-other")
            for certificate in [token.certificate, stranger.certificate] {
                let pem = try lab.file(Array(certificate.pem.utf8))
                _ = try await lab.client("osadmin", RunningLab.publisher, "certificate", "Phone-SAST-trust", pem)
            }
            let answer = try await lab.type(["utils ctl update CTLFile", "y", "exit"])
            #expect(answer.contains("CTL file Updated"))
            let signers = try TrustListsOfALab(lab, release).ctl().records.filter { $0.role == .sast }
            #expect(signers.contains { $0.certificate == token.certificate.der && $0.isToken } == tokens)
            #expect(signers.contains { $0.certificate == stranger.certificate.der && !$0.isToken } == servers)
        }
    }

    /// What an upgrade does to ITLRecovery, or someone to CAPF: the nodes have another certificate than the CTL file, and
    /// ITL files are signed with it. A repair puts it back.
    @Test func staleCertificates() async throws {
        try await RunningLab.with(release: "12.5") { lab in
            let lists = try TrustListsOfALab(lab, "12.5")
            let before = try (lists.own("ITLRecovery"), lists.own("CAPF"))
            try await lab.fault(RunningLab.publisher, "stale-itlrecovery", "stale-capf")
            let ctl = try lists.ctl()
            #expect(try ctl.isSigned(by: before.0))
            for purpose in ["ITLRecovery", "CAPF"] {
                let own = try lists.own(purpose)
                #expect(!ctl.records.contains { $0.certificate == own.der })
                let itl = try TrustListFile(decoding: lab.served(RunningLab.subscriber, "ITLFile.tlv"))
                #expect(itl.records.contains { $0.certificate == own.der })
                if purpose == "ITLRecovery" { #expect(try itl.isSigned(by: own)) }
            }
            let screen = try await lab.type(["show cert own ITLRecovery", "exit"])
            #expect(screen.contains(try lists.own("ITLRecovery").serialNumber.hex.uppercased()))
            try await lab.fault(RunningLab.publisher, "none")
            let after = try (lists.own("ITLRecovery"), lists.own("CAPF"))
            #expect(after == before)
        }
    }

    @Test(arguments: RunningLab.profiles) func transports(release: String) async throws {
        try await RunningLab.reading(release: release) { lab in
            let node = RunningLab.publisher
            let isOld = ["8.6", "9.1"].contains(release)
            let hasOldSSH = isOld || release.hasPrefix("10.5") || release == "11.5"
            #expect(try lab.cluster().nodes.allSatisfy { $0.legacyTLS == isOld })
            #expect(try lab.cluster().nodes.allSatisfy { $0.legacySSH == hasOldSSH })
            let url = try lab.https(node) + "/cmplatform"
            #expect(try ChildProcess.end(of: ["curl", "-sk", "--tlsv1.2", url]).status == (isOld ? 35 : 0))
            let session = try ChildProcess.end(of: [
                "openssl", "s_client", "-connect", "\(try lab.address(node)):\(try lab.port(\.httpsPort, node))",
                "-tls1", "-cipher", "DEFAULT:@SECLEVEL=0",
            ])
            #expect(!session.output.contains("Cipher is (NONE)") == hasOldSSH)
            // Today's defaults of OpenSSH's client.
            let host = "administrator@\(try lab.address(node))"
            let plain = try ChildProcess.end(of: [
                "sshpass", "-f", lab.directory + "/credentials/platform", "ssh", "-p",
                "\(try lab.port(\.sshPort, node))",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", host,
            ])
            #expect(plain.errors.contains("no matching") == hasOldSSH, "\(plain.errors)")
            #expect(try await lab.ssh(["exit"]).status == 0)
        }
    }
}

/// The signers that a lab's release has in the CTL file that it writes itself, by Cisco's table.
private struct TrustListsOfALab {
    let lab: RunningLab
    /// The certificates with the role SAST; the signer's name; that after `utils ctl reset localkey`.
    let names: [String]
    let signer: String
    let otherSigner: String

    init(_ lab: RunningLab, _ release: String) throws {
        self.lab = lab
        let numbers = try #require(LabRelease(rawValue: release)).fullVersion.split(separator: ".").compactMap {
            Int($0)
        }
        let hasRecovery = numbers[0] > 10 || (numbers[0] == 10 && numbers[1] == 5 && numbers[2] >= 2)
        names = hasRecovery ? ["CallManager", "ITLRecovery"] : ["CallManager"]
        signer = numbers[0] >= 12 ? "ITLRecovery" : "CallManager"
        otherSigner = numbers[0] >= 12 || !hasRecovery ? "CallManager" : "ITLRecovery"
    }

    func own(_ purpose: String, of node: String = RunningLab.publisher) throws -> Certificate {
        let path = "\(lab.directory)/nodes/\(node)/keys/\(purpose).pem"
        return try Certificate(pem: String(contentsOfFile: path, encoding: .utf8))
    }

    func ctl() throws -> TrustListFile { try TrustListFile(decoding: lab.served(RunningLab.publisher)) }
}

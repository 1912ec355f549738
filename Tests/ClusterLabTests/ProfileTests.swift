import ClusterLab
import Configuration
import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

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
            let isNew = ["12.5", "14", "15"].contains(release)
            #expect(screen.contains("admin:utils ctl reset localkey\nNo valid command entered\n") == isOld)
            #expect(screen.contains("CTL file has been reset") == !isOld)
            #expect(screen.contains("tomcat/tomcat.pem: Self-signed certificate"))
            #expect(screen.contains("ITLRecovery/ITLRecovery.pem: ") == isNew)
            #expect(screen.contains("CTL File not found. Please run CTLClient plugin"))
            #expect(screen.contains("run the CLI - utils ctl..") == !isOld)
        }
    }

    /// The CTL Client's file before 10, CallManager's signature in 10, ITLRecovery's from 12 on.
    @Test(arguments: RunningLab.profiles) func trustLists(release: String) async throws {
        try await RunningLab.with(release: release) { lab in
            let keys = "\(lab.directory)/nodes/\(RunningLab.publisher)/keys"
            func own(_ name: String) throws -> Certificate {
                try Certificate(pem: try String(contentsOfFile: "\(keys)/\(name).pem", encoding: .utf8))
            }
            let list = try TrustListFile(decoding: try lab.served(RunningLab.publisher))
            let signers = list.records.filter { $0.role == .sast }
            let tokens =
                (try? FileManager.default.contentsOfDirectory(atPath: lab.directory + "/tokens"))?
                .filter { $0.hasSuffix(".pem") }.sorted() ?? []
            switch release {
            case "8.6", "9.1":
                #expect(list.records.map(\.role) == [.sast, .ccmTFTP, .capf, .ccmTFTP, .sast])
                #expect(tokens == ["SAST-ADN0054f509.pem", "SAST-ADN008580ef.pem"])
                for (token, record) in zip(tokens, signers) {
                    let pem = try String(contentsOfFile: "\(lab.directory)/tokens/\(token)", encoding: .utf8)
                    #expect(record.certificate == (try Certificate(pem: pem)).der)
                    #expect(record.isToken && record.certificateSignature == nil)
                }
                #expect(list.records[1].dnsName == (try lab.address(RunningLab.publisher)))
                #expect(list.records.allSatisfy { $0.certificateSignature == nil })
            case "10.5(1)", "10.5":
                #expect(signers.map(\.certificate) == [try own("CallManager").der])
                #expect(try list.isSigned(by: own("CallManager")))
            default:
                #expect(signers.map(\.certificate) == [try own("ITLRecovery").der, try own("CallManager").der])
                #expect(try list.isSigned(by: own("ITLRecovery")))
                _ = try await lab.type(["utils ctl reset localkey", "y", "exit"])
                let reset = try TrustListFile(decoding: try lab.served(RunningLab.subscriber))
                #expect(try reset.isSigned(by: own("CallManager")))
                #expect(reset.records == list.records)
            }
            if !["8.6", "9.1"].contains(release) { #expect(tokens.isEmpty) }
            #expect(try await lab.status().phones.allSatisfy { $0.ctlOutcome == "accepted" })
            let bits =
                [
                    "8.6": (1024, 1024), "9.1": (1024, 1024), "10.5(1)": (1024, 2048), "10.5": (1024, 2048),
                ][release] ?? (2048, 2048)
            #expect(try (own("CallManager").publicKey.bits, own("tomcat").publicKey.bits) == bits)
        }
    }

    @Test(arguments: RunningLab.profiles) func transports(release: String) async throws {
        try await RunningLab.with(release: release) { lab in
            let node = RunningLab.publisher
            let isOld = ["8.6", "9.1"].contains(release)
            let hasOldSSH = isOld || release.hasPrefix("10.5")
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

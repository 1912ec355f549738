import Basics
import ClusterLab
import Configuration
import Foundation
import ServerFixtures
import Testing
import X509

/// The Trust Verification Service, queried by a Python client and by openssl.
@Suite(.waiting, .timeLimit(.minutes(10))) struct TVSTests {
    private func elements(_ answer: [String: Any]) throws -> [String: String] {
        try (answer["elements"] as? [String: String]).required("elements in \(answer)")
    }

    @Test func certificatesOfTheStoreAndOfTheFile() async throws {
        try await RunningLab.with { lab in
            let token = try TestToken("SAST-ADN0054f509        ")
            let subject = "cn=\"SAST-ADN0054f509        \";ou=IPCBU;o=\"Cisco Systems"
            let issuer = "cn=Cisco Manufacturing CA;o=Cisco Systems"
            let serial = token.certificate.serialNumber.hex
            func query(_ issuer: String) async throws -> [String: String] {
                let answer = try await lab.client("tvs", "query", subject, issuer, serial)
                #expect(answer["again"] as? Bool == true)
                let first = try (answer["first"] as? [String: Any]).required("first")
                #expect(first["command"] as? Int == 4)
                #expect(first["session"] as? Int == 0x0102_0304)
                return try elements(first)
            }
            #expect(try await query(issuer) == ["7": "01"])
            let path = try lab.file(token.certificate.der)
            _ = try await lab.client("osadmin", RunningLab.publisher, "certificate", "Phone-SAST-trust", path)
            let known = ["7": "00", "2": token.certificate.der.hex, "8": "00", "9": "00015180"]
            #expect(try await query(issuer) == known)
            #expect(try await query("CN=Cisco Manufacturing CA;O=Cisco Systems") == known)
            #expect(try await query("CN=Cisco Manufacturing CA;O=Somebody else") == ["7": "01"])

            let verify = try await lab.client("tvs", "verify", try lab.file(Array(token.certificate.pem.utf8)))
            #expect(verify["command"] as? Int == 2)
            #expect(try elements(verify) == ["7": "00", "8": "00", "9": "00015180"])
            // Its own certificates are in the CTL file: SAST, and CCM+TFTP.
            let own = "\(lab.directory)/nodes/\(RunningLab.publisher)/keys/CallManager.pem"
            #expect(try elements(try await lab.client("tvs", "verify", own))["8"] == "0002")
            _ = try await lab.type(["file delete tftp CTLFile.tlv", "y", "exit"])
            #expect(try elements(try await lab.client("tvs", "verify", own)) == ["7": "01"])
        }
    }

    @Test func malformedMessagesEndTheConnection() async throws {
        try await RunningLab.reading { lab async throws in
            for junk in [
                "47455420" + "2f20485454502f312e300d0a0d0a", "57020300000000010000", "57010900000000010000",
                // A body that is shorter than its element says; a duplicate element; no device name.
                "570103000000000100050100090141", "57010300000000010008" + "01000101" + "01000101",
                "57010300000000010004" + "05000101", "57010400000000010005" + "0100020141",
            ] {
                #expect(try await lab.client("tvs", "raw", junk)["closed"] as? Bool == true, "\(junk)")
            }
        }
    }

    @Test func oldTLS() async throws {
        try await RunningLab.reading { lab in
            let address = try lab.address(RunningLab.publisher)
            let port = try lab.node(RunningLab.publisher).tvsPort.required("tvsPort")
            let session = try ChildProcess.end(of: [
                "openssl", "s_client", "-connect", "\(address):\(port)", "-tls1", "-cipher", "AES256-SHA:@SECLEVEL=0",
            ])
            #expect(session.output.contains("Cipher is AES256-SHA"))
            #expect(session.output.contains("Protocol  : TLSv1\n"))
        }
    }
}

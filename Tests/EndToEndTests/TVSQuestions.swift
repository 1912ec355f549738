import Foundation
import ServerFixtures
import Testing
import X509

/// tvs query as a user runs it.
@Suite(.waiting, .timeLimit(.minutes(10))) struct TVSQuestions {
    private func query(_ rehearsal: Rehearsal, _ arguments: String...) throws -> Rehearsal.Result {
        try rehearsal.run(Programs.path("etoken-bridge"), ["tvs", "query", "--cluster", "lab"] + arguments)
    }

    private func replies(_ result: Rehearsal.Result) throws -> [[String: Any]] {
        let document = try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
        return try #require(document["replies"] as? [[String: Any]])
    }

    @Test func theLabVouchesForWhatItHolds() throws {
        let rehearsal = try Rehearsal()
        let before = try rehearsal.clusterState()
        // The signer of the lab's own file: queried as by a phone that gets the file, and by its certificate.
        let file = rehearsal.folder.write("ctl.tlv", try #require(rehearsal.ctlFile(Rehearsal.publisher)))
        let signer = try query(rehearsal, "--signer-of", file, "--json")
        #expect(signer.status == 0, "\(signer.errors)")
        let reply = try #require(replies(signer).first)
        #expect(reply["message"] as? String == "QUERY_CERT" && reply["verdict"] as? String == "valid")
        #expect(reply["sameCertificate"] as? Bool == true)
        #expect((reply["roles"] as? [String])?.contains("System Administrator Security Token") == true)
        #expect(reply["timeToLive"] as? Int == 86400)
        #expect((reply["issuer"] as? String)?.hasPrefix("CN=") == true)

        // A token's certificate is not known yet. By hand, with its names as spelled by TVS: neither.
        let token = Rehearsal.tokens[0]
        let unknown = try query(rehearsal, "--token", token, "--module", rehearsal.module, "--json")
        #expect(unknown.status == 5, "\(unknown.errors)")
        #expect(
            unknown.errors.contains("TVS on \(Rehearsal.publisher) does not vouch for the certificate of")
                && unknown.errors.contains(token), "\(unknown.errors)")
        #expect(unknown.errors.contains("etoken-bridge trust upload --cluster lab --token \(token)"))
        #expect(try replies(unknown).allSatisfy { $0["node"] as? String == Rehearsal.publisher })
        #expect(try replies(unknown).map { $0["message"] as? String } == ["VERIFY", "QUERY_CERT", "QUERY_CERT"])
        #expect(try replies(unknown).allSatisfy { $0["verdict"] as? String == "invalid" })

        // Once uploaded, it is; by certificate, and by issuer and serial.
        #expect(try rehearsal.token("export", token, "--output", rehearsal.folder.path).status == 0)
        let pem = rehearsal.folder.file("\(token).pem")
        try rehearsal.importTrust(pem)
        let known = try query(rehearsal, "--certificate", pem, "--json")
        #expect(known.status == 0, "\(known.errors)\(known.output)")
        #expect(try replies(known).first?["verdict"] as? String == "valid")
        let certificate = try Certificate(pem: rehearsal.folder.text("\(token).pem"))
        let named = try query(
            rehearsal, "--issuer", "cn=Cisco Manufacturing CA;o=Cisco Systems", "--serial",
            certificate.serialNumber.map {
                String($0, radix: 16).count == 1 ? "0\(String($0, radix: 16))" : String($0, radix: 16)
            }
            .joined(separator: ":"), "--as", "CP-7975-SEP000000000001")
        #expect(named.status == 0, "\(named.errors)\(named.output)")
        #expect(named.output.contains("returns ") && named.output.contains(token))
        #expect(rehearsal.folder.text("lab/lab.log").contains("CP-7975-SEP000000000001 asks for a certificate of"))
        let other = try query(rehearsal, "--issuer", "cn=Nobody", "--serial", "01")
        #expect(other.status == 5 && other.output.contains("not known, or not trusted"))
        let colons = try query(rehearsal, "--issuer", "cn=Nobody", "--serial", "0a0b")
        #expect(colons.output.contains("serial 0A:0B") && colons.errors.contains("with serial 0A:0B"))

        // An invalid query is not sent at all.
        #expect(try query(rehearsal, "--issuer", "cn=Nobody").status == 64)
        #expect(try query(rehearsal, "--issuer", "cn=Nobody", "--serial", "xyz").status == 64)
        #expect(try query(rehearsal).status == 64)
        let both = try query(rehearsal, "--certificate", pem, "--token", token)
        #expect(both.status == 64 && both.errors.contains("Specify only one of"), "\(both.errors)")
        #expect(try query(rehearsal, "--certificate", pem, "--node", Rehearsal.subscriber).status == 1)
        func withoutStore(_ state: [String: [UInt8]]) -> [String: [UInt8]] {
            state.filter { !$0.key.hasPrefix("trust-store") }
        }
        #expect(try withoutStore(rehearsal.clusterState()) == withoutStore(before))

        try rehearsal.fault(Rehearsal.publisher, "down")
        let down = try query(rehearsal, "--certificate", pem)
        #expect(down.status == 6 && down.errors.contains(Rehearsal.publisher), "\(down.errors)")
    }

    @Test func aServerWithAnotherKeyIsNotAsked() throws {
        let rehearsal = try Rehearsal()
        try rehearsal.replaceInConfiguration("tvs_pin", with: TestIdentity.wrongPin)
        let result = try query(rehearsal, "--issuer", "cn=Nobody", "--serial", "01")
        #expect(result.status == 7, "\(result.errors)")
        #expect(!rehearsal.folder.text("lab/lab.log").contains("asks for a certificate"))
    }

    /// TLS 1.0 with AES256-SHA and a 1024-bit key, as in an old cluster: only if the configuration says so.
    @Test func oldServersAreAskedWhereThatIsConfigured() throws {
        let rehearsal = try Rehearsal(lab: false)
        let identity = try TestIdentity(in: rehearsal.folder, host: "127.0.0.1", legacy: true)
        let certificate = try Certificate(pem: rehearsal.folder.text("server.pem"))
        let der = rehearsal.folder.write("server.der", certificate.der)
        let server = try PythonServer(
            script: "tvs-server.py", arguments: [identity.certificateFile, identity.keyFile, der, "legacy"])
        func configure(legacy: Bool) throws {
            let folder = rehearsal.folder.file("config/etoken-bridge")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            rehearsal.folder.write(
                "config/etoken-bridge/config.toml",
                """
                [[clusters.lab.nodes]]
                name = "old"
                publisher = true
                address = "\(server.address)"
                tvs_port = \(server.port)
                tvs_pin = "\(identity.pin)"
                legacy_tls = \(legacy)
                """)
        }
        try configure(legacy: true)
        let asked = try query(rehearsal, "--issuer", "cn=issuer", "--subject", "cn=subject", "--serial", "83E9")
        #expect(asked.status == 0, "\(asked.errors)")
        #expect(asked.output.contains("TVS") && asked.output.contains("86400"))
        #expect(try query(rehearsal, "--certificate", rehearsal.folder.file("server.pem")).status == 5)
        try configure(legacy: false)
        let refused = try query(rehearsal, "--issuer", "cn=issuer", "--subject", "cn=subject", "--serial", "83E9")
        #expect(refused.status == 1 && refused.errors.contains("legacy_tls"), "\(refused.errors)")
    }
}

import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

/// ctl build, edit, sign and diff as a user runs them, with tokens in SoftHSM.
@Suite(.waiting, .timeLimit(.minutes(10))) struct CtlCommands {
    let rehearsal: Rehearsal

    init() throws {
        rehearsal = try Rehearsal(lab: false)
        for token in Rehearsal.tokens {
            #expect(try rehearsal.token("export", token, "--output", rehearsal.folder.path).status == 0)
        }
        // A server: any certificate will do.
        let made = try rehearsal.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path("pub.key"), "-out", path("pub.pem"),
                "-subj", "/L=Krakow/CN=cucm-pub/O=Cisco", "-days", "30",
            ])
        #expect(made.status == 0)
    }

    private func path(_ name: String) -> String { rehearsal.folder.file(name) }

    private func build(_ output: String, _ extra: [String] = []) throws -> Rehearsal.Result {
        try rehearsal.ctl(
            [
                "build", "--output", path(output), "--record", "sast:\(path("SAST-ADN0054f509.pem"))", "--record",
                "ccm+tftp:\(path("pub.pem"))@cucm-pub/10.48.47.153", "--record", "sast:\(path("SAST-ADN008580ef.pem"))",
            ]
                + extra)
    }

    private func list(_ name: String) throws -> TrustListFile {
        try TrustListFile(decoding: try #require(rehearsal.folder.bytes(name)))
    }

    @Test func buildsSignsEditsAndCompares() throws {
        let built = try build("a.tlv", rehearsal.signing("SAST-ADN008580ef"))
        #expect(built.status == 0, "\(built.errors)")
        #expect(try rehearsal.bridge("ctl", "verify", path("a.tlv")).status == 0)
        #expect(try list("a.tlv").header.digest == .sha1)
        #expect(try list("a.tlv").records[1].dnsName == "10.48.47.153")

        // Signed again by the other token: a phone that holds the first file accepts it.
        let again = try rehearsal.ctl(
            ["sign", path("a.tlv"), "--digest", "sha512", "--output", path("b.tlv")]
                + rehearsal.signing("SAST-ADN0054f509"))
        #expect(again.status == 0, "\(again.errors)")
        let verified = try rehearsal.bridge("ctl", "verify", path("b.tlv"), "--held", path("a.tlv"))
        #expect(verified.status == 0, "\(verified.errors)")
        #expect(verified.output.contains("accepted phones without Security by Default"))
        let difference = try rehearsal.bridge("ctl", "diff", path("a.tlv"), path("b.tlv"))
        #expect(
            difference.output.contains("signer ") && difference.output.contains("digest     SHA-512; before: SHA-1"))
        #expect(!difference.output.contains("added") && !difference.output.contains("respelt"))
        // For programs each side separately, and no table column in the text.
        let changes = try changes("a.tlv", "b.tlv")
        let digest = try #require(changes.first { $0["kind"] as? String == "digest" })
        #expect(digest["old"] as? String == "SHA-1" && digest["new"] as? String == "SHA-512")
        #expect(digest["text"] as? String == "SHA-512; before: SHA-1")
        let shown = try rehearsal.bridge("ctl", "show", path("a.tlv"))
        #expect(shown.output.contains("\nSHA-1      ") && !shown.output.contains("SHA1"), "\(shown.output)")
        let checks = try #require(
            try document(rehearsal.bridge("ctl", "verify", path("b.tlv"), "--json"))["checks"] as? [[String: Any]])
        #expect(
            checks.map { $0["code"] as? String }
                == ["signature-verified", "record-verified", "record-verified", "record-verified", "tokens"])
        #expect(checks.map { $0["record"] as? Int } == [nil, 1, 2, 3, nil])
        #expect(checks.allSatisfy { $0["severity"] as? String == "ok" })
        #expect(checks.contains { ($0["text"] as? String)?.hasPrefix("Record 1 (SAST)") == true })

        // A firewall is added, and shown as CCM; its record is removed again by number.
        let added = try rehearsal.ctl(
            ["edit", path("b.tlv"), "--add", "firewall:\(path("pub.pem"))@asa/10.48.47.1", "--output", path("c.tlv")]
                + rehearsal.signing("SAST-ADN0054f509"))
        #expect(added.status == 0, "\(added.errors)")
        #expect(try list("c.tlv").records.map(\.role) == [.sast, .ccmTFTP, .sast, .ccm])
        #expect(try list("c.tlv").header.digest == .sha512)
        let record = try #require(try self.changes("b.tlv", "c.tlv").first)
        #expect(record["kind"] as? String == "added" && record["oldRecord"] == nil)
        #expect((record["newRecord"] as? [String: Any])?["dnsName"] as? String == "10.48.47.1", "\(record)")
        let removed = try rehearsal.ctl(
            ["edit", path("c.tlv"), "--remove", "4", "--non-secure", "--output", path("d.tlv")]
                + rehearsal.signing("SAST-ADN0054f509"))
        #expect(removed.status == 0, "\(removed.errors)")
        #expect(try list("d.tlv").records[1].elements.map(\.tag) == [1, 2, 4, 10])
        #expect(try rehearsal.bridge("ctl", "verify", path("d.tlv")).status == 0)
    }

    @Test func aPEMKeySignsToo() throws {
        let result = try rehearsal.ctl(
            [
                "build", "--profile", "tokenless", "--output", path("t.tlv"), "--key", path("pub.key"), "--record",
                "sast:\(path("pub.pem"))@cucm-pub/10.48.47.153", "--record",
                "ccm+tftp:\(path("pub.pem"))@cucm-pub/10.48.47.153",
            ])
        #expect(result.status == 0, "\(result.errors)")
        #expect(
            try list("t.tlv").records.allSatisfy { $0.certificateSignature?.count == 256 && $0.dnsName == "cucm-pub" })
        #expect(try rehearsal.bridge("ctl", "verify", path("t.tlv")).status == 0)
        let wrong = try build("u.tlv", ["--key", path("pub.key")])
        #expect(wrong.status == 1 && wrong.errors.contains("is not the key of a certificate with the role SAST"))
        #expect(rehearsal.folder.bytes("u.tlv") == nil)
        // A file that is not a key is named, with what to do.
        for (key, status) in [(path("pub.pem"), Int32(1)), (path("nowhere"), 2)] {
            let none = try build("u.tlv", ["--key", key, "--json"])
            #expect(none.status == status && none.errors.contains(key), "\(none.errors)")
            #expect(none.errors.contains("Next: Specify the path of an unencrypted PEM key"), "\(none.errors)")
            let code = try (document(none)["error"] as? [String: Any])?["code"] as? String
            #expect(code == (status == 1 ? "not-a-private-key" : "file-not-found"))
        }
    }

    private func document(_ result: Rehearsal.Result) throws -> [String: Any] {
        try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
    }

    private func changes(_ old: String, _ new: String) throws -> [[String: Any]] {
        try #require(
            try document(rehearsal.bridge("ctl", "diff", path(old), path(new), "--json"))["changes"] as? [[String: Any]]
        )
    }

    @Test func whatWouldLockTheClusterOutIsRefused() throws {
        #expect(try build("a.tlv", rehearsal.signing("SAST-ADN008580ef")).status == 0)
        let edit = { (remove: String, extra: [String]) in
            try rehearsal.ctl(
                ["edit", path("a.tlv"), "--remove", remove, "--output", path("b.tlv")] + extra
                    + rehearsal.signing("SAST-ADN008580ef"))
        }
        let few = try edit("1", [])
        #expect(few.status == 1 && few.errors.contains("two are required"))
        let signer = try edit("83:E9:08:00:00:00:55:45:AF:31", ["--allow-few-tokens"])
        #expect(signer.status == 1 && signer.errors.contains("has no record in the list"))
        let nobody = try edit("7", [])
        #expect(nobody.status == 2 && nobody.errors.contains("no record has number 7"))
        #expect(rehearsal.folder.bytes("b.tlv") == nil)
        #expect(try edit("1", ["--allow-few-tokens"]).status == 0)
    }

    @Test func anExistingFileIsKept() throws {
        rehearsal.folder.write("a.tlv", "precious")
        let refused = try build("a.tlv", rehearsal.signing("SAST-ADN008580ef"))
        #expect(refused.status == 1 && refused.errors.contains("exists"))
        #expect(rehearsal.folder.text("a.tlv") == "precious")
        let forced = try build("a.tlv", rehearsal.signing("SAST-ADN008580ef") + ["--force"])
        #expect(forced.status == 0, "\(forced.errors)")
        let backups = try FileManager.default.contentsOfDirectory(atPath: path("state/etoken-bridge/backups"))
        #expect(backups.count == 1)
        #expect(rehearsal.folder.text("state/etoken-bridge/backups/\(backups[0])") == "precious")
    }
}

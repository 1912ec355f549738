import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

/// The main job as a user runs it: the programs, the lab, and tokens in SoftHSM.
@Suite(.waiting, .timeLimit(.minutes(10))) struct MainJob {
    let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    @Test func aDryRunShowsThePlanAndChangesNothing() throws {
        let before = try rehearsal.clusterState()
        let result = try rehearsal.migrate("--dry-run", accepting: false)
        #expect(result.status == 9)
        #expect(result.output.contains("Plan (nothing has been changed)"))
        #expect(result.output.contains("Cisco 7960"))
        #expect(result.errors.contains("1 of 3 phones would not accept the new file"))
        #expect(result.errors.contains("Next: "))
        #expect(try rehearsal.clusterState() == before)
        #expect(!FileManager.default.fileExists(atPath: rehearsal.folder.file("out")))
        #expect(!FileManager.default.fileExists(atPath: rehearsal.folder.file("state")))
    }

    @Test func withoutAcceptStrandedNothingIsChanged() throws {
        let before = try rehearsal.clusterState()
        let result = try rehearsal.migrate("--json", accepting: false)
        #expect(result.status == 9)
        #expect(try (result.json()["error"] as? [String: Any])?["code"] as? String == "phones-would-refuse")
        #expect(try rehearsal.clusterState() == before)
    }

    @Test func theWholeChange() throws {
        let old = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        #expect(old.count == 6720)
        let result = try rehearsal.migrate("--json")
        #expect(result.status == 0, "\(result.errors)")

        let new = try #require(rehearsal.folder.bytes("out/CTLFile.tlv"))
        #expect(rehearsal.ctlFile(Rehearsal.publisher) == new)
        #expect(rehearsal.ctlFile(Rehearsal.subscriber) == new)
        #expect(rehearsal.folder.bytes("out/CTLFile.before.tlv") == old)
        let list = try TrustListFile(decoding: new)
        #expect(list.records.map(\.role) == [.sast, .ccmTFTP, .capf, .ccmTFTP, .sast])
        #expect(list.header.signerName == "cn=\"SAST-ADN008580ef        \";ou=IPCBU;o=\"Cisco Systems")
        // The CTL Client's profile: no certificate signatures (131 bytes), IP addresses instead of host names.
        let servers = try TrustListFile(decoding: old).records.filter { $0.role != .sast }
        for (record, server) in zip(list.records[1...3], servers) {
            let address = try #require(server.ipAddress).map(String.init).joined(separator: ".")
            #expect(record.dnsName == address)
            #expect(record.certificate == server.certificate && record.certificateSignature == nil)
            #expect(record.length == server.length - 131 - (server.dnsName ?? "").count + address.count)
        }

        let document = try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect(document["schema"] as? String == "etoken-bridge/1")
        #expect(document["state"] as? String == "finished")
        let forecast = try #require(document["forecast"] as? [String: Any])
        let groups = try #require(forecast["groups"] as? [[String: Any]])
        let results = try #require(document["phones"] as? [[String: Any]]).flatMap { group in
            let result = try #require(group["result"] as? String)
            return try #require(group["phones"] as? [String]).map { ($0, result) }
        }
        let after = Dictionary(uniqueKeysWithValues: results)
        let outcomes = Dictionary(
            uniqueKeysWithValues: try groups.map { group in
                let phone = try #require((group["phones"] as? [String])?.first)
                let outcome = try #require(group["outcome"] as? String)
                return (try #require(group["model"] as? String), [outcome, after[phone] ?? "-"])
            })
        #expect(
            outcomes == [
                "Cisco 7975": ["accepted", "new-file"], "Cisco 8861": ["accepted", "new-file"],
                "Cisco 7960": ["refused", "old-file"],
            ])

        let verified = try rehearsal.bridge("ctl", "verify", rehearsal.folder.file("out/CTLFile.tlv"))
        #expect(verified.status == 0)
        let signer = try rehearsal.bridge(
            "ctl", "verify", rehearsal.folder.file("out/CTLFile.tlv"), "--signer",
            rehearsal.folder.file("out/SAST-ADN008580ef.cer"))
        #expect(signer.status == 0)
        let other = try rehearsal.bridge(
            "ctl", "verify", rehearsal.folder.file("out/CTLFile.tlv"), "--signer",
            rehearsal.folder.file("out/SAST-ADN0054f509.pem"))
        #expect(other.status == 5)

        // Repeated: it is already so, and nothing changes.
        let state = try rehearsal.clusterState()
        let again = try rehearsal.migrate()
        #expect(again.status == 0)
        #expect(again.output.contains("nothing to do"))
        #expect(try rehearsal.clusterState() == state)
        // Nor is there anything to continue.
        let resumed = try rehearsal.bridge("migrate", "resume", "--cluster", "lab", "--json")
        #expect(resumed.status == 2, "\(resumed)")
        #expect(try (resumed.json()["error"] as? [String: Any])?["code"] as? String == "no-change", "\(resumed)")
    }

    @Test func theSecretsAppearNowhere() throws {
        let result = try rehearsal.migrate("--verbose")
        let passwords = ["platform", "application"].map {
            rehearsal.folder.text("lab/credentials/\($0)").trimmingCharacters(in: .whitespacesAndNewlines)
        }
        for secret in ["Cisco123"] + passwords {
            #expect(!secret.isEmpty)
            #expect(!result.output.contains(secret) && !result.errors.contains(secret))
            let found = try rehearsal.run(
                "/usr/bin/grep",
                [
                    "-rlF", "--", secret, rehearsal.folder.file("out"), rehearsal.folder.file("state"),
                    rehearsal.folder.file("config"),
                ])
            #expect(found.status == 1, "\(found.output)")
        }
    }
}

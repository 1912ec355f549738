import Foundation
import ServerFixtures
import Testing
import TrustList

/// A lab, its snapshot, and a lab modelled on it: the second one shows what the first one shows.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Snapshots {
    /// A lab that is removed with the object.
    private final class Copy {
        let rehearsal: Rehearsal
        let folder: String
        let name: String

        init(_ rehearsal: Rehearsal, of snapshot: String, name: String) throws {
            (self.rehearsal, self.name) = (rehearsal, name)
            folder = rehearsal.folder.file(name)
            let up = try rehearsal.run(Programs.path("cluster-lab"), ["up", folder, "--like", snapshot])
            try #require(up.status == 0, "\(up.errors)\(rehearsal.folder.text(name + "/lab.log"))")
            let added = try rehearsal.bridge("cluster", "add", "--lab", folder, "--name", name)
            try #require(added.status == 0, "\(added.errors)")
        }

        deinit { _ = try? rehearsal.run(Programs.path("cluster-lab"), ["down", folder]) }
    }

    private func document(_ result: Rehearsal.Result) throws -> [String: Any] {
        try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
    }

    private func snapshot(_ rehearsal: Rehearsal, _ cluster: String, _ file: String) throws -> [String: Any] {
        let path = rehearsal.folder.file(file)
        let result = try rehearsal.bridge("cluster", "status", "--cluster", cluster, "--snapshot", path)
        #expect(result.status == 0, "\(result.errors)")
        let text = rehearsal.folder.text(file)
        for account in ["platform", "application"] {
            let password = rehearsal.folder.text("lab/credentials/\(account)").trimmingCharacters(in: .newlines)
            #expect(password.count > 10 && !text.contains(password))
        }
        #expect(!text.contains("PRIVATE") && !text.contains("sha256//") && !text.contains("\"SEP"))
        let taken = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(taken["schema"] as? String == "etoken-bridge-snapshot/1")
        #expect(taken["gaps"] as? [String] == [])
        return taken
    }

    /// What must be the same in both, as text.
    private func shape(_ rehearsal: Rehearsal, _ cluster: String) throws -> String {
        let status = try document(rehearsal.bridge("cluster", "status", "--cluster", cluster, "--json"))
        let seen = try #require(status["status"] as? [String: Any])
        var lines = ["\(seen["version"] ?? "") \(seen["securityMode"] ?? "")"]
        for node in try #require(seen["nodes"] as? [[String: Any]]) {
            lines.append("\(node["name"] ?? "") \(node["publisher"] ?? "") \(node["tftp"] ?? "")")
            for service in node["services"] as? [[String: Any]] ?? [] {
                lines.append("  \(service["name"] ?? "") \(service["state"] ?? "") \(service["text"] ?? "")")
            }
            for certificate in node["certificates"] as? [[String: Any]] ?? [] {
                lines.append("  \(certificate["unit"] ?? "")")
            }
        }
        for list in try #require(seen["trustLists"] as? [[String: Any]]) {
            lines.append("\(list["kind"] ?? "") \(list["signer"] ?? "") \(list["made"] ?? "") \(list["fault"] ?? "-")")
            for record in list["records"] as? [[String: Any]] ?? [] {
                lines.append(
                    ["role", "subject", "serialNumber", "notAfter"].map { "\(record[$0] ?? "-")" }.joined(
                        separator: " "))
            }
        }
        // Whom a change left behind is known from this machine's journals, not from the cluster.
        lines += (status["findings"] as? [[String: Any]] ?? []).map { "\($0["code"] ?? "")" }
            .filter { $0 != "phones-left-behind" }
        return lines.joined(separator: "\n")
    }

    /// How many phones of each model would do what.
    private func forecast(_ rehearsal: Rehearsal, _ change: String, _ cluster: String) throws -> [String] {
        var arguments = ["migrate", change, "--cluster", cluster, "--dry-run", "--json"]
        if change == "to-etoken" {
            arguments += ["--module", rehearsal.module] + Rehearsal.tokens.flatMap { ["--token", $0] }
        }
        let result = try rehearsal.run(Programs.path("etoken-bridge"), arguments)
        let found = try #require(try document(result)["forecast"] as? [String: Any], "\(result.errors)")
        // Phones whose own pages answer form separate groups, and other phones have pages in the copy.
        var counts: [String: Int] = [:]
        for group in try #require(found["groups"] as? [[String: Any]]) {
            counts["\(group["model"] ?? "") \(group["outcome"] ?? "")", default: 0] +=
                (group["phones"] as? [String])?.count ?? 0
        }
        return counts.map { "\($0.key) \($0.value)" }.sorted()
    }

    private func phones(_ snapshot: [String: Any]) throws -> NSDictionary {
        try #require(snapshot["phones"] as? [String: Any]) as NSDictionary
    }

    @Test(arguments: [["--release", "10.5"], ["--release", "12.5"]])
    func aLabLikeATokenlessCluster(options: [String]) throws {
        let rehearsal = try Rehearsal(options: ["--phones", "150", "--nodes", "3"] + options)
        let first = try snapshot(rehearsal, "lab", "first.json")
        let copy = try Copy(rehearsal, of: rehearsal.folder.file("first.json"), name: "copy")
        let second = try snapshot(rehearsal, copy.name, "second.json")
        #expect(try phones(first) == phones(second))
        #expect(try shape(rehearsal, copy.name) == shape(rehearsal, "lab"))
        // The keys are the lab's own.
        #expect(
            rehearsal.ctlFile(Rehearsal.publisher)
                != rehearsal.folder.bytes("copy/nodes/\(Rehearsal.publisher)/tftp/CTLFile.tlv"))
        #expect(try forecast(rehearsal, "to-etoken", copy.name) == forecast(rehearsal, "to-etoken", "lab"))

        // The file is not overwritten, and another one does not fit the lab.
        let path = rehearsal.folder.file("first.json")
        let again = try rehearsal.bridge("cluster", "status", "--cluster", "lab", "--snapshot", path)
        #expect(again.status != 0 && again.errors.contains(path))
        _ = try rehearsal.run(Programs.path("cluster-lab"), ["down", copy.folder])
        let other = try rehearsal.run(
            Programs.path("cluster-lab"), ["up", copy.folder, "--like", rehearsal.folder.file("second.json")])
        #expect(other.status != 0 && other.errors.contains("was not modelled on"), "\(other.errors)")
        let same = try rehearsal.run(Programs.path("cluster-lab"), ["up", copy.folder, "--like", path])
        #expect(same.status == 0, "\(same.errors)")
    }

    @Test(arguments: ["9.1", "10.5"]) func aLabLikeAClusterWithTokens(release: String) throws {
        let rehearsal = try Rehearsal(options: ["--release", release])
        if release == "10.5" {
            let migrated = try rehearsal.migrate()
            #expect(migrated.status == 0, "\(migrated.errors)")
        }
        let first = try snapshot(rehearsal, "lab", "first.json")
        let copy = try Copy(rehearsal, of: rehearsal.folder.file("first.json"), name: "copy")
        #expect(try phones(first) == phones(snapshot(rehearsal, copy.name, "second.json")))
        #expect(try shape(rehearsal, copy.name) == shape(rehearsal, "lab"))
        let file = try #require(rehearsal.folder.bytes("copy/nodes/\(Rehearsal.publisher)/tftp/CTLFile.tlv"))
        let list = try TrustListFile(decoding: file)
        #expect(
            list.header.signerName == "cn=\"SAST-ADN008580ef        \";ou=IPCBU;o=\"Cisco Systems" || release == "9.1")
        #expect(list.records.count { $0.isToken } == 2)
        // The keys of the tokens are there, to sign with in the rehearsal.
        let tokens = try FileManager.default.contentsOfDirectory(atPath: rehearsal.folder.file("copy/tokens"))
        #expect(tokens.count == 4)
        if release == "10.5" {
            // The 7960 refused the tokens' file; a snapshot does not know what a phone holds, and in the copy it has it.
            func others(_ cluster: String) throws -> [String] {
                try forecast(rehearsal, "to-tokenless", cluster).filter { !$0.contains("7960") }
            }
            #expect(try others(copy.name) == others("lab") && others("lab").count == 2)
        }
    }

    @Test func whatIsNoSnapshotIsRefused() throws {
        let rehearsal = try Rehearsal(lab: false)
        func up(_ text: String, _ options: String...) throws -> Rehearsal.Result {
            let path = rehearsal.folder.write("snapshot.json", text)
            return try rehearsal.run(
                Programs.path("cluster-lab"), ["up", rehearsal.folder.file("lab"), "--like", path] + options)
        }
        let bad = [
            "", "{}", "[1]",
            #"{"schema":"other/1","nodes":[],"trust":[],"gaps":[],"cluster":"a","taken":"2026-11-23T17:04:05Z"}"#,
            #"{"schema":"etoken-bridge-snapshot/1","nodes":[],"trust":[],"gaps":[],"cluster":"a","taken":"2026-11-23T17:04:05Z"}"#,
            #"{"schema":"etoken-bridge-snapshot/1","trust":[],"nodes":[{"name":"../x","address":"a","publisher":true,"tftp":true,"tvs":true,"callManager":true,"certificates":[]}]}"#,
        ]
        for text in bad {
            let result = try up(text)
            #expect(result.status != 0 && result.errors.contains("snapshot.json"), "\(text): \(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: rehearsal.folder.file("lab")))
        }
        #expect(try up("{}", "--nodes", "3").status == 64)
    }
}

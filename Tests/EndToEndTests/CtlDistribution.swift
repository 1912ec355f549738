import Foundation
import ServerFixtures
import Testing

/// ctl fetch, deploy and delete against the lab, with the state of every node compared before and after.
@Suite(.waiting, .timeLimit(.minutes(10))) struct CtlDistribution {
    let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    private func path(_ name: String) -> String { rehearsal.folder.file(name) }

    private func fetch(_ output: String, _ extra: String...) throws -> Rehearsal.Result {
        try rehearsal.ctl(["fetch", "--cluster", "lab", "--output", path(output)] + extra)
    }

    private func deploy(_ file: String, _ extra: String...) throws -> Rehearsal.Result {
        try rehearsal.ctl(
            ["deploy", path(file), "--cluster", "lab", "--yes", "--allow-missing-servers"] + extra)
    }

    /// A file that contains both tokens, signed by one of them.
    private func makeFile(_ name: String, signer: Int = 0) throws -> [UInt8] {
        for token in Rehearsal.tokens where rehearsal.folder.bytes("\(token).pem") == nil {
            #expect(try rehearsal.token("export", token, "--output", rehearsal.folder.path).status == 0)
        }
        let built = try rehearsal.ctl(
            ["build", "--output", path(name)]
                + Rehearsal.tokens.flatMap { ["--record", "sast:\(path("\($0).pem"))"] }
                + rehearsal.signing(Rehearsal.tokens[signer]))
        #expect(built.status == 0, "\(built.errors)")
        return try #require(rehearsal.folder.bytes(name))
    }

    private func document(_ result: Rehearsal.Result) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    }

    private func states(_ result: Rehearsal.Result) throws -> [String: String] {
        let nodes = try #require(try document(result)["nodes"] as? [[String: Any]])
        return Dictionary(
            uniqueKeysWithValues: try nodes.map {
                (try #require($0["node"] as? String), try #require($0["state"] as? String))
            })
    }

    private var backups: [[UInt8]] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path("state/etoken-bridge/backups"))) ?? []
        return names.compactMap { rehearsal.folder.bytes("state/etoken-bridge/backups/\($0)") }
    }

    // MARK: - fetch

    @Test func fetchesTheFileThatEveryNodeServes() throws {
        let before = try rehearsal.clusterState()
        let result = try fetch("got.tlv", "--json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(rehearsal.folder.bytes("got.tlv") == rehearsal.ctlFile(Rehearsal.publisher))
        let readings = try #require(try document(result)["readings"] as? [[String: Any]])
        #expect(readings.count == 4)
        #expect(Set(readings.map { "\($0["node"]!) \($0["transport"]!)" }).count == 4)
        #expect(readings.allSatisfy { $0["length"] as? Int == 6720 && $0["state"] as? String == "file" })
        // Nothing is overwritten unless requested.
        let again = try fetch("got.tlv")
        #expect(again.status == 1 && again.errors.contains("exists"))
        #expect(try fetch("got.tlv", "--force").status == 0)
        // Every node has its own ITL file, so two of them are no difference.
        let itl = try fetch("lists/", "--itl")
        #expect(itl.status == 0, "\(itl.errors)")
        for node in [Rehearsal.publisher, Rehearsal.subscriber] {
            let got = rehearsal.folder.bytes("lists/ITLFile.\(node).tlv") ?? rehearsal.folder.bytes("lists/ITLFile.tlv")
            #expect(got == rehearsal.folder.bytes("lab/nodes/\(node)/tftp/ITLFile.tlv"), "\(node)")
        }
        #expect(try rehearsal.clusterState() == before)
    }

    @Test func differencesAreNamed() throws {
        let good = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        let other = try makeFile("other.tlv")
        rehearsal.folder.write("lab/nodes/\(Rehearsal.subscriber)/tftp/CTLFile.tlv", other, mode: 0o644)
        let file = try fetch("got.tlv")
        #expect(file.status == 8, "\(file.errors)")
        #expect(file.errors.contains("\(Rehearsal.subscriber) serves a different CTLFile.tlv over TFTP"))
        #expect(file.errors.contains("\(other.count) bytes") && file.errors.contains("6720 bytes"))
        #expect(rehearsal.folder.bytes("got.tlv") == nil)
        let folder = try fetch("lists/")
        #expect(folder.status == 8)
        #expect(rehearsal.folder.bytes("lists/CTLFile.\(Rehearsal.publisher).tlv") == good)
        #expect(rehearsal.folder.bytes("lists/CTLFile.\(Rehearsal.subscriber).tlv") == other)
        // A single node agrees with itself.
        #expect(try fetch("got.tlv", "--node", Rehearsal.subscriber).status == 0)
        #expect(rehearsal.folder.bytes("got.tlv") == other)
        let nobody = try fetch("nobody.tlv", "--node", "nobody")
        #expect(nobody.status == 2, "\(nobody.errors)")
        #expect(nobody.errors.contains("there are: \(Rehearsal.publisher), \(Rehearsal.subscriber)."))
        #expect(nobody.errors.contains("Next: Correct --node"), "\(nobody.errors)")
        let differing = try document(try fetch("got.tlv", "--force", "--json"))
        let finding = try #require((differing["findings"] as? [[String: Any]])?.first)
        #expect(finding["code"] as? String == "files-differ" && finding["node"] as? String == Rehearsal.subscriber)
    }

    @Test func aNodeThatIsDownIsNamedAndTheOthersAreRead() throws {
        try rehearsal.fault(Rehearsal.subscriber, "down")
        let result = try fetch("got.tlv")
        #expect(result.status == 8, "\(result.errors)")
        #expect(result.errors.contains("\(Rehearsal.subscriber) could not be read"))
        #expect(result.errors.contains("Next: Check that \(Rehearsal.subscriber) is up"), "\(result.errors)")
        #expect(rehearsal.folder.bytes("got.tlv") == rehearsal.ctlFile(Rehearsal.publisher))
        try rehearsal.fault(Rehearsal.publisher, "down")
        let nothing = try fetch("nothing.tlv")
        #expect(nothing.status == 6, "\(nothing.errors)")
        let failed = try document(try fetch("nothing.tlv", "--json"))
        let code = (failed["error"] as? [String: Any])?["code"] as? String
        #expect(code == "unreachable" || code == "timed-out", "\(failed)")
        #expect(rehearsal.folder.bytes("nothing.tlv") == nil)
    }

    // MARK: - deploy

    @Test func deploysToEveryNode() throws {
        let old = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        let new = try makeFile("new.tlv")
        let unasked = try rehearsal.ctl(
            ["deploy", path("new.tlv"), "--cluster", "lab", "--allow-missing-servers"])
        #expect(unasked.status == 64 && unasked.errors.contains("--yes"))
        #expect(unasked.errors.contains("\(new.count) bytes, SHA-1 "), "what is asked about is said before")
        // Only tokens: phones would no longer trust any server.
        for option in ["--yes", "--dry-run"] {
            let foreign = try rehearsal.ctl(["deploy", path("new.tlv"), "--cluster", "lab", option])
            #expect(foreign.status == 5, "\(foreign.errors)")
            #expect(foreign.errors.contains("has no record of \(Rehearsal.publisher) and \(Rehearsal.subscriber)"))
        }
        #expect(rehearsal.ctlFile(Rehearsal.publisher) == old)

        let result = try deploy("new.tlv", "--json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("is not in the previous CTL file"))
        #expect(try states(result) == [Rehearsal.publisher: "done", Rehearsal.subscriber: "done"])
        #expect(rehearsal.ctlFile(Rehearsal.publisher) == new && rehearsal.ctlFile(Rehearsal.subscriber) == new)
        #expect(backups == [old])
        let again = try deploy("new.tlv", "--json")
        #expect(again.status == 0)
        #expect(try states(again) == [Rehearsal.publisher: "already-so", Rehearsal.subscriber: "already-so"])
        #expect(backups == [old])
    }

    /// What would be done is reported, and nothing is done: no file is saved, and no login is needed.
    @Test func aDryRunChangesNothing() throws {
        let new = try makeFile("new.tlv")
        let old = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        rehearsal.folder.write("lab/nodes/\(Rehearsal.subscriber)/tftp/CTLFile.tlv", new, mode: 0o644)
        try rehearsal.replaceInConfiguration(
            "password_file", with: rehearsal.folder.write("wrong-password", "nonsense\n"))
        let before = try rehearsal.clusterState()
        func dryRun(_ command: String...) throws -> Rehearsal.Result {
            let more = command[0] == "deploy" ? ["--allow-missing-servers"] : []
            return try rehearsal.ctl(command + ["--cluster", "lab", "--dry-run"] + more)
        }
        let deployed = try dryRun("deploy", path("new.tlv"), "--json")
        #expect(deployed.status == 0, "\(deployed.errors)")
        #expect(try document(deployed)["outcome"] as? String == "planned")
        #expect(try states(deployed) == [Rehearsal.publisher: "untouched", Rehearsal.subscriber: "already-so"])
        #expect(deployed.errors.contains("is not in the previous CTL file"))
        let sum = { (bytes: [UInt8]) in
            try rehearsal.run("/usr/bin/sha1sum", [rehearsal.folder.write("sum", bytes)]).output.prefix(40)
        }
        let text = try dryRun("deploy", path("new.tlv"))
        #expect(text.output.contains(try sum(old)) && text.output.contains("New file: \(new.count) bytes"))
        #expect(text.output.contains("Nothing was changed."), "\(text.output)")
        let deleted = try dryRun("delete", "--json")
        #expect(deleted.status == 0, "\(deleted.errors)")
        #expect(try states(deleted) == [Rehearsal.publisher: "untouched", Rehearsal.subscriber: "untouched"])
        try rehearsal.fault(Rehearsal.subscriber, "down")
        let down = try dryRun("deploy", path("new.tlv"), "--json")
        #expect(down.status == 6, "\(down.errors)")
        let nodes = try #require(try document(down)["nodes"] as? [[String: Any]])
        let error = try #require(nodes.last?["error"] as? [String: Any])
        #expect(["unreachable", "timed-out"].contains(error["code"] as? String) && error["text"] != nil)
        try rehearsal.fault(Rehearsal.subscriber, "none")
        #expect(try rehearsal.clusterState() == before && backups.isEmpty)
    }

    /// The subscriber had another file than the publisher: each gets its own back.
    @Test func aFullDiskOnOneNodeUndoesTheOthersByteForByte() throws {
        let new = try makeFile("new.tlv")
        let other = try makeFile("other.tlv", signer: 1)
        rehearsal.folder.write("lab/nodes/\(Rehearsal.subscriber)/tftp/CTLFile.tlv", other, mode: 0o644)
        try rehearsal.fault(Rehearsal.subscriber, "disk-full")
        let before = try rehearsal.clusterState()
        let result = try deploy("new.tlv", "--json")
        #expect(result.status == 1, "\(result.errors)")
        #expect(result.errors.contains(Rehearsal.subscriber) && result.errors.contains("disk space"))
        #expect(result.errors.contains("every node is as it was"))
        #expect(try states(result) == [Rehearsal.publisher: "restored", Rehearsal.subscriber: "restored"])
        #expect(try rehearsal.clusterState() == before)
        #expect(backups.count == 2)

        let partial = try deploy("new.tlv", "--keep-partial")
        #expect(partial.status == 8, "\(partial.errors)")
        #expect(rehearsal.ctlFile(Rehearsal.publisher) == new && rehearsal.ctlFile(Rehearsal.subscriber) == other)
        try rehearsal.fault(Rehearsal.subscriber, "none")
        #expect(try deploy("new.tlv").status == 0)
        #expect(rehearsal.ctlFile(Rehearsal.subscriber) == new)
    }

    @Test func aNodeThatIsDownStopsItBeforeTheFirstChange() throws {
        let new = try makeFile("new.tlv")
        let before = try rehearsal.clusterState()
        try rehearsal.fault(Rehearsal.subscriber, "down")
        for change in [["deploy", path("new.tlv"), "--allow-missing-servers"], ["delete", "--any-mode"]] {
            let result = try rehearsal.ctl(change + ["--cluster", "lab", "--yes"])
            #expect(result.status == 6, "\(result.errors)")
            #expect(result.errors.contains(Rehearsal.subscriber) && result.errors.contains("every node is as it was"))
            #expect(try rehearsal.clusterState() == before)
        }
        let partial = try deploy("new.tlv", "--keep-partial")
        #expect(partial.status == 8, "\(partial.errors)")
        #expect(partial.errors.contains("deployed on \(Rehearsal.publisher)"))
        #expect(rehearsal.ctlFile(Rehearsal.publisher) == new)
        #expect(rehearsal.ctlFile(Rehearsal.subscriber)?.count == 6720)
    }

    @Test func whatMustNotBeDeployedIsRefused() throws {
        let new = try makeFile("new.tlv")
        let before = try rehearsal.clusterState()
        var flipped = new
        flipped[new.count - 300] ^= 4
        rehearsal.folder.write("flipped.tlv", flipped)
        rehearsal.folder.write("short.tlv", Array(new.dropLast(9)))
        rehearsal.folder.write(
            "itl.tlv", try #require(rehearsal.folder.bytes("lab/nodes/\(Rehearsal.publisher)/tftp/ITLFile.tlv")))
        for (file, text) in [("flipped", "checks"), ("short", "not a complete trust list"), ("itl", "ITLFile.tlv")] {
            let result = try deploy("\(file).tlv")
            #expect(result.status == 5, "\(result.errors)")
            #expect(result.errors.contains(text), "\(result.errors)")
        }
        #expect(try deploy("nowhere.tlv").status == 2)
        let both = try rehearsal.ctl(["deploy", path("new.tlv"), "--cluster", "lab", "--folder", path("."), "--yes"])
        #expect(both.status == 64, "\(both.errors)")
        #expect(try rehearsal.ctl(["deploy", path("new.tlv"), "--cluster", "nobody", "--yes"]).status == 2)
        #expect(try rehearsal.clusterState() == before)
    }

    @Test(arguments: ["tls_pin", "password_file"])
    func aWrongKeyOrPasswordStopsItBeforeTheFirstChange(key: String) throws {
        _ = try makeFile("new.tlv")
        let before = try rehearsal.clusterState()
        let wrong = "sha256//" + String(repeating: "A", count: 43) + "="
        try rehearsal.replaceInConfiguration(
            key, with: key == "tls_pin" ? wrong : rehearsal.folder.write("wrong-password", "nonsense\n"))
        let result = try deploy("new.tlv")
        #expect(result.status == 7, "\(result.errors)")
        #expect(result.errors.contains("every node is as it was"))
        // Which key was found, or whose password it was.
        #expect(
            result.errors.contains(
                key == "tls_pin" ? "; found: sha256//" : "Check the user name and password of the platform account"),
            "\(result.errors)")
        #expect(try rehearsal.clusterState() == before)
        if key == "password_file" {
            // One attempt on one node, although two would have been written to.
            let log = rehearsal.folder.text("lab/lab.log")
            #expect(log.components(separatedBy: "a wrong login on OS Administration").count == 2, "\(log)")
        }
    }

    // MARK: - delete

    @Test func deletesOnEveryNode() throws {
        let old = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        let unasked = try rehearsal.ctl(["delete", "--cluster", "lab", "--any-mode"])
        #expect(unasked.status == 64)
        let mixed = try rehearsal.ctl(["delete", "--cluster", "lab", "--yes"])
        #expect(mixed.status == 1 && mixed.errors.contains("is in mixed mode"), "\(mixed.errors)")
        #expect(rehearsal.ctlFile(Rehearsal.subscriber) == old)
        let result = try rehearsal.ctl(["delete", "--cluster", "lab", "--any-mode", "--yes", "--json"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(try states(result) == [Rehearsal.publisher: "done", Rehearsal.subscriber: "done"])
        #expect(rehearsal.ctlFile(Rehearsal.publisher) == nil && rehearsal.ctlFile(Rehearsal.subscriber) == nil)
        #expect(backups == [old])
        #expect(try rehearsal.ctl(["delete", "--cluster", "lab", "--any-mode", "--yes"]).status == 0)
        #expect(try fetch("got.tlv").status == 2)

        // Deployed again onto nodes without one; if that fails, they have none afterwards.
        rehearsal.folder.write("old.tlv", old)
        try rehearsal.fault(Rehearsal.subscriber, "disk-full")
        let failed = try deploy("old.tlv")
        #expect(failed.status == 1, "\(failed.errors)")
        #expect(rehearsal.ctlFile(Rehearsal.publisher) == nil && rehearsal.ctlFile(Rehearsal.subscriber) == nil)
        try rehearsal.fault(Rehearsal.subscriber, "none")
        #expect(try deploy("old.tlv").status == 0)
        #expect(rehearsal.ctlFile(Rehearsal.publisher) == old && rehearsal.ctlFile(Rehearsal.subscriber) == old)
    }
}

/// ctl deploy --folder: a TFTP root on this machine.
@Suite(.waiting, .timeLimit(.minutes(10))) struct CtlDeployToFolders {
    let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal(lab: false) }

    private func path(_ name: String) -> String { rehearsal.folder.file(name) }

    @Test func deploysToAllFoldersOrNone() throws {
        for token in Rehearsal.tokens {
            #expect(try rehearsal.token("export", token, "--output", rehearsal.folder.path).status == 0)
        }
        for name in ["first", "second"] {
            let built = try rehearsal.ctl(
                ["build", "--output", path("\(name).tlv")]
                    + Rehearsal.tokens.flatMap { ["--record", "sast:\(path("\($0).pem"))"] }
                    + rehearsal.signing(Rehearsal.tokens[name == "first" ? 0 : 1]))
            #expect(built.status == 0, "\(built.errors)")
        }
        for name in ["a", "b"] {
            try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: false)
        }
        let (first, second) = (rehearsal.folder.bytes("first.tlv"), rehearsal.folder.bytes("second.tlv"))
        #expect(first != second)
        func deploy(_ file: String, _ folders: String...) throws -> Rehearsal.Result {
            let options = folders.flatMap { $0.hasPrefix("--") ? [$0] : ["--folder", path($0)] }
            return try rehearsal.ctl(["deploy", path(file), "--yes"] + options)
        }
        let done = try deploy("first.tlv", "a")
        #expect(done.status == 0, "\(done.errors)")
        #expect(rehearsal.folder.bytes("a/CTLFile.tlv") == first)
        let mode = try FileManager.default.attributesOfItem(atPath: path("a/CTLFile.tlv"))[.posixPermissions] as? Int
        #expect(mode == 0o644)

        // A folder without write permission: the other one is restored to what it had.
        try FileManager.default.createDirectory(atPath: path("b/CTLFile.tlv/x"), withIntermediateDirectories: true)
        let failed = try deploy("second.tlv", "a", "b")
        #expect(failed.status != 0 && failed.errors.contains("/b"), "\(failed.errors)")
        #expect(rehearsal.folder.bytes("a/CTLFile.tlv") == first)
        try FileManager.default.removeItem(atPath: path("b/CTLFile.tlv"))
        #expect(try deploy("second.tlv", "a", "b").status == 0)
        #expect(rehearsal.folder.bytes("a/CTLFile.tlv") == second && rehearsal.folder.bytes("b/CTLFile.tlv") == second)
        let names = try FileManager.default.contentsOfDirectory(atPath: path("a"))
        #expect(names == ["CTLFile.tlv"])

        let missing = try deploy("second.tlv", "a", "nowhere")
        #expect(missing.status == 2 && missing.errors.contains("nowhere"), "\(missing.errors)")
        #expect(missing.errors.contains("Next: Check the path"), "\(missing.errors)")
        let report = try deploy("second.tlv", "a", "--json")
        let entry = try #require(
            (JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [String: Any])?["nodes"]
                as? [[String: Any]])
        #expect(entry.map { $0["folder"] as? String } == [path("a")] && entry[0]["node"] == nil)
    }
}

import Basics
import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

/// Files that someone else could hand over, and state that cannot be kept: the program itself, on the lab and tokens.
@Suite(.waiting, .timeLimit(.minutes(10))) struct HostileFiles {
    private var tokens: [String] { Rehearsal.tokens.flatMap { ["--token", $0] } }

    private func migrate(
        _ rehearsal: Rehearsal, _ arguments: [String], environment: [String] = []
    ) throws -> Rehearsal.Result {
        try rehearsal.run(Programs.path("etoken-bridge"), ["migrate"] + arguments, environment: environment)
    }

    /// A certificate of the attacker with the name of a token.
    private static func certificate(_ name: String) throws -> Certificate {
        let key = try PrivateKey.generate(bits: 2048)
        return try CertificateBuilder(
            subject: DistinguishedName(["CN": name]), serialNumber: [7], notBefore: 0, notAfter: 4_000_000_000
        ).selfSigned(by: key)
    }

    @Test func aPlanBringsNoTokenOfItsOwn() throws {
        let rehearsal = try Rehearsal()
        let plan = rehearsal.folder.file("saturday.plan")
        let saved = try migrate(
            rehearsal,
            ["to-etoken", "--cluster", "lab", "--accept-stranded", "--plan", plan] + rehearsal.moduleOptions + tokens)
        #expect(saved.status == 0, "\(saved.errors)")
        let before = try rehearsal.clusterState()
        let text = try String(contentsOfFile: plan, encoding: .utf8)
        let document = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let given = try #require(document["tokens"] as? [[String: Any]])
        let (label, other) = (Rehearsal.tokens[0], Rehearsal.tokens[1])
        let mine = try Self.certificate(label)
        #expect(given.first?["label"] as? String == label)
        /// The plan with my certificate, and with another label if one is given.
        func evil(_ name: String) throws -> String {
            var bad = document
            var changed = given
            let old = try #require(given[0]["sha1"] as? String)
            changed[0]["certificateDER"] = Data(mine.der).base64EncodedString()
            changed[0]["sha1"] = mine.sha1.hex
            changed[0]["label"] = name
            bad["tokens"] = changed
            let bytes = try JSONSerialization.data(withJSONObject: bad, options: [.withoutEscapingSlashes])
            return rehearsal.folder.write(
                "evil.plan", String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: old, with: mine.sha1.hex))
        }
        func run(_ path: String, _ more: String...) throws -> Rehearsal.Result {
            try migrate(
                rehearsal,
                ["run", path, "--yes", "--pin-file", rehearsal.rightPIN] + rehearsal.moduleOptions + more)
        }
        // What is in the plan shows, before anything: in the text and as JSON.
        let shown = try migrate(rehearsal, ["run", plan, "--dry-run"] + rehearsal.moduleOptions)
        #expect(shown.status == 0, "\(shown.errors)")
        for token in given {
            let sha1 = try #require(token["sha1"] as? String)
            #expect(shown.output.contains("SHA-1 \(sha1)"), "\(shown.output)")
        }
        #expect(shown.output.contains("serial number"))
        // The genuine token is there, with another certificate.
        for options in [["--dry-run"], ["--accept-absent-token", mine.sha1.hex], []] {
            let result = try migrate(
                rehearsal,
                ["run", try evil(label), "--yes", "--pin-file", rehearsal.rightPIN] + rehearsal.moduleOptions + options)
            #expect(result.status == 1 && result.errors.contains("contains a different certificate"), "\(result)")
            #expect(result.errors.contains(mine.sha1.hex))
        }
        // A token that is not there: only if the user says so, by its fingerprint.
        let absent = try run(try evil("SAST-ADN00000000"))
        #expect(absent.status == 1 && absent.errors.contains("no inserted token shows"), "\(absent.errors)")
        #expect(absent.errors.contains("--accept-absent-token \(mine.sha1.hex)"), "\(absent.errors)")
        let wrong = try run(try evil("SAST-ADN00000000"), "--accept-absent-token", String(repeating: "0", count: 40))
        #expect(wrong.status == 1, "\(wrong.errors)")
        #expect(try rehearsal.clusterState() == before)
        // On a terminal, it has its own question, after that of the change.
        let (status, output) = try rehearsal.onTerminal(
            ["migrate", "run", try evil("SAST-ADN00000000"), "--accept-stranded", "--pin-file", rehearsal.rightPIN]
                + rehearsal.moduleOptions,
            [("Change cluster lab now?", "yes\n"), ("Is it to be trusted nevertheless?", "no\n")])
        #expect(status == 1 && output.contains(mine.sha1.hex) && output.contains("nothing was changed"), "\(output)")
        #expect(try rehearsal.clusterState() == before)
        #expect(output.contains(other))
        // Journals and files of a plan with another name land nowhere.
        let trav = text.replacingOccurrences(
            of: try #require(document["id"] as? String), with: "../../../../../\(rehearsal.folder.path)/pwn")
        let named = try run(rehearsal.folder.write("trav.plan", trav))
        #expect(
            named.status == 1 && named.errors.contains("is not a plan that this version can run"), "\(named.errors)")
        // A folder that the plan chose is confirmed, and nothing in it is replaced.
        let settings = try #require(document["settings"] as? [String: Any])
        let output2 = try #require(settings["output"] as? String)
        let elsewhere = rehearsal.folder.file("elsewhere")
        let moved = rehearsal.folder.write(
            "moved.plan",
            text.replacingOccurrences(of: output2, with: elsewhere)
                .replacingOccurrences(of: output2.replacingOccurrences(of: "/", with: "\\/"), with: elsewhere))
        let refused = try run(moved)
        #expect(refused.status == 1 && refused.errors.contains(elsewhere), "\(refused.errors)")
        #expect(refused.errors.contains("--output FOLDER"))
        try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: true)
        rehearsal.folder.write("elsewhere/\(label).pem", "mine", mode: 0o600)
        let kept = try run(moved, "--output", elsewhere)
        #expect(kept.status == 1 && kept.errors.contains("already exists and is not overwritten"), "\(kept.errors)")
        #expect(rehearsal.folder.text("elsewhere/\(label).pem") == "mine")
        #expect(try rehearsal.clusterState() == before)
        let done = try run(moved, "--output", elsewhere, "--force")
        #expect(done.status == 0, "\(done.errors)")
        #expect(rehearsal.folder.text("elsewhere/\(label).pem").contains("BEGIN CERTIFICATE"))
    }

    /// Words and files of the user himself that used to end the program by a trap.
    @Test func numbersAndNamesThatCannotBeMeant() throws {
        let rehearsal = try Rehearsal()
        let most = "9223372036854775807"
        let twice = try rehearsal.bridge(
            "ctl", "fetch", "--cluster", "lab", "--node", Rehearsal.publisher, "--node", Rehearsal.publisher, "-o",
            rehearsal.folder.file("CTLFile.tlv"))
        #expect(twice.status == 0, "\(twice.errors)")
        let asked = try rehearsal.bridge("phones", "check", "--cluster", "lab", "--ask-phones", most)
        #expect(asked.status == 0, "\(asked.errors)")
        let waiting = try migrate(
            rehearsal, ["to-tokenless", "--cluster", "lab", "--phone-timeout", most])
        #expect(waiting.status == 64, "\(waiting.errors)")
        // A list whose addresses are parts of URLs asks nobody.
        let phones = rehearsal.folder.write(
            "phones.csv", "name,model,registered,address\nSEP001122334455,Cisco 7975,yes,127.0.0.93/admin/reboot?x=\n")
        let check = try rehearsal.bridge("phones", "check", "--cluster", "lab", "--phones-from", phones)
        #expect(check.status == 0, "\(check.errors)")
        // The real cluster of the same name is not replaced, unless that is asked for.
        let again = try rehearsal.bridge("cluster", "add", "--lab", rehearsal.folder.file("lab"))
        #expect(again.status == 0, "the same lab once more: \(again.errors)")
        try rehearsal.replaceInConfiguration("version", with: "12.5.1.11900-146")
        let taken = try rehearsal.bridge("cluster", "add", "--lab", rehearsal.folder.file("lab"))
        #expect(taken.status == 1 && taken.errors.contains("already"), "\(taken.errors)")
        #expect(try rehearsal.bridge("cluster", "add", "--lab", rehearsal.folder.file("lab"), "--force").status == 0)
    }

    /// Large files end quickly, and with little memory.
    @Test func largeFilesAreRefused() throws {
        let rehearsal = try Rehearsal(lab: false)
        let commas = rehearsal.folder.write("commas.csv", [UInt8](repeating: 0x2C, count: 60 << 20))
        let log = rehearsal.folder.write("large.log", [UInt8](repeating: 0x31, count: 16 << 20))
        for arguments in [["phones", "list", "--phones-from", commas], ["phones", "explain", log]] {
            let start = ContinuousClock.now
            let result = try ChildProcess.end(
                of: ["prlimit", "--as=1200000000", Programs.path("etoken-bridge")] + arguments,
                environment: rehearsal.variables)
            #expect(result.status == 1, "\(arguments): \(result)")
            #expect(result.errors.contains("fields") || result.errors.contains("4 MB"), "\(result.errors)")
            #expect(ContinuousClock.now - start < .seconds(60))
        }
    }

    /// The state folder is the user's own, or it is not used.
    @Test func theStateFolderIsOursOrNotUsed() throws {
        let rehearsal = try Rehearsal(lab: false)
        let folder = rehearsal.folder
        folder.write("important", "keep this\n")
        let state = folder.file("state/etoken-bridge")
        let inner = ["locks", "visits"].map { "\(state)/\($0)" }
        for path in inner { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        func status(_ more: [String] = []) throws -> Rehearsal.Result {
            try migrate(rehearsal, ["status", "--cluster", "lab"], environment: more)
        }
        func refused(_ what: String, _ change: () -> Void, _ undo: () -> Void) throws {
            change()
            let result = try status()
            #expect(result.status == 1 && result.errors.contains(folder.path), "\(what): \(result)")
            undo()
        }
        for place in [state] + inner {
            try refused("mode") {
                chmod(place, 0o777)
            } _: {
                chmod(place, 0o700)
            }
            if geteuid() == 0 {
                try refused("owner") {
                    chown(place, 65534, 65534)
                } _: {
                    chown(place, 0, 0)
                }
            }
            try refused("link") {
                rename(place, folder.file("aside"))
                symlink(folder.file("aside"), place)
            } _: {
                unlink(place)
                rename(folder.file("aside"), place)
            }
        }
        #expect(try status().status == 2)
        // A relative HOME would be another folder with each command.
        let without = ["XDG_STATE_HOME=", "XDG_CONFIG_HOME="]
        let relative = try status(without + ["HOME=rel"])
        #expect(relative.status == 1 && relative.errors.contains("HOME"), "\(relative)")
        // A lock that is a link is not written through.
        symlink(folder.file("important"), state + "/locks/lab.lock")
        let locked = try migrate(rehearsal, ["resume", "--cluster", "lab"])
        #expect(locked.status == 1 && locked.errors.contains("lab.lock"), "\(locked)")
        #expect(folder.text("important") == "keep this\n")
    }

    /// The token is SoftHSM's, whose flags tell of wrong PINs only once there was one.
    @Test func noPINIsTriedWhereItCannotBeCounted() throws {
        let rehearsal = try Rehearsal(lab: false)
        let wrong = rehearsal.folder.write("wrong", "00000000\n")
        for _ in 0..<3 {
            let result = try rehearsal.run(
                Programs.path("etoken-bridge"),
                [
                    "token", "change-pin", Rehearsal.tokens[0], "--module", rehearsal.module, "--pin-file", wrong,
                    "--new-pin-file", rehearsal.folder.write("new", "736284\n"),
                ], environment: ["XDG_STATE_HOME=/proc/nope"])
            #expect(result.status == 4 && result.errors.contains("could not be counted"), "\(result)")
        }
    }
}

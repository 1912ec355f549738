import Foundation
import ServerFixtures
import Testing
import TrustList

/// The answer from the machine with the token: as a file, as text, as a QR code; whole, changed, and after a crash.
@Suite(.waiting, .timeLimit(.minutes(CrashPoints.areAllTried ? 600 : 10))) struct OfflineAnswers {
    /// The picture that a scanner sees: two rows of modules in each line of half blocks, dark where nothing is.
    private func picture(of terminal: String) throws -> String {
        let rows = terminal.replacing("\u{1b}[40;37;1m", with: "").replacing("\u{1b}[0m", with: "")
            .split(separator: "\n").filter { $0.contains("█") }
        var pixels: [[Character]] = []
        for row in rows {
            pixels.append(row.map { "█▀".contains($0) ? "1" : "0" })
            pixels.append(row.map { "█▄".contains($0) ? "1" : "0" })
        }
        let (width, scale) = (try #require(pixels.first?.count), 4)
        let lines = pixels.flatMap { row in
            let line = row.flatMap { Array(repeating: $0 == "1" ? "255" : "0", count: scale) }.joined(separator: " ")
            return Array(repeating: line, count: scale)
        }
        return "P2\n\(width * scale) \(pixels.count * scale)\n255\n" + lines.joined(separator: "\n") + "\n"
    }

    @Test func nothingIsCarriedOut() throws {
        let safe = try Safe()
        let plan = safe.file("a.plan")
        #expect(try safe.plan("migrate", "to-etoken", to: plan).status == 0)
        // Without the program nothing is signed in vain.
        let missing = try safe.inTheSafe(
            ["migrate", "sign", plan, "--yes", "--qr", "--pin-file", safe.rightPIN], environment: ["PATH=/nonexistent"])
        #expect(
            missing.status == 2
                && missing.errors.contains("The program qrencode, which creates QR codes, is not installed."),
            "\(missing)")
        #expect(!FileManager.default.fileExists(atPath: plan + ".answer"))

        let signed = try safe.sign(plan, "--qr", "--text")
        #expect(signed.status == 0, "\(signed)")
        let picture = safe.folder.write("code.pgm", try self.picture(of: signed.output))
        let scanned = try ChildProcess.run(["zbarimg", "--quiet", "--raw", "--nodbus", picture])
        let lines = signed.output.split(separator: "\n").drop { $0 != "ETB1" }
        #expect(lines.count > 20)
        let typed = lines.joined(separator: "\n")
        #expect(scanned.trimmingCharacters(in: .whitespacesAndNewlines) == typed.filter { !$0.isWhitespace })

        // One wrong letter, and an answer that ends too early, are distinguished from a wrong signature.
        var wrong = Array(typed)
        wrong[60] = wrong[60] == "A" ? "B" : "A"
        let mistyped = try safe.run(plan, "-", input: String(wrong).lowercased())
        #expect(
            mistyped.status == 1 && mistyped.errors.contains("Line 2 after ETB1 is not what was shown."), "\(mistyped)")
        #expect(try safe.run(plan, "-", input: "").errors.contains("This is not an answer"))
        let done = try safe.run(plan, "-", input: scanned)
        #expect(done.status == 0, "\(done)")
        #expect(try safe.list().signerRecord?.isToken == true)
    }

    @Test func whatSomebodyChangedIsRefused() throws {
        let safe = try Safe()
        let plan = safe.file("a.plan")
        #expect(try safe.plan("migrate", "to-etoken", to: plan).status == 0)
        #expect(try safe.sign(plan).status == 0)
        let before = try safe.office.clusterState()
        let answer = try #require(
            JSONSerialization.jsonObject(with: Data(safe.folder.bytes("a.plan.answer") ?? [])) as? [String: String])
        for (key, value) in answer {
            for place in [0, value.count / 2] {
                var characters = Array(value)
                characters[place] = characters[place] == "1" ? "2" : "1"
                var changed = answer
                changed[key] = String(characters)
                let path = safe.folder.write(
                    "changed", String(decoding: try JSONSerialization.data(withJSONObject: changed), as: UTF8.self))
                let result = try safe.run(plan, path, ["--json"])
                let code = try safe.code(result) ?? "-"
                #expect(["answer-unusable", "answer-differs", "answer-refused"].contains(code), "\(key): \(result)")
                #expect(result.status == (code == "answer-unusable" ? 1 : 5), "\(key): \(result)")
            }
        }
        // The forecast is made to look better than it is: the seal is over another plan.
        let text = safe.folder.text("a.plan")
        let better = safe.folder.write(
            "better.plan", text.replacing("\"outcome\" : \"refused\"", with: "\"outcome\" : \"accepted\""))
        #expect(safe.folder.text("better.plan") != text)
        let refused = try safe.run(better, plan + ".answer", ["--json"])
        #expect(try refused.status == 5 && safe.code(refused) == "answer-differs", "\(refused)")
        // What is to be signed is made another file than the plan describes: one without the second token.
        let other = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        var tokens = try #require(other["tokens"] as? [[String: Any]])
        tokens[0]["certificateDER"] = tokens[1]["certificateDER"]
        let swapped = other.merging(["tokens": tokens]) { $1 }
        let data = try JSONSerialization.data(withJSONObject: swapped)
        let unsigned = try safe.sign(safe.folder.write("swapped.plan", String(decoding: data, as: UTF8.self)), "--json")
        #expect(
            try unsigned.status == 1 && ["plan-unusable", "not-signable"].contains(safe.code(unsigned)), "\(unsigned)")
        #expect(try safe.office.clusterState() == before)
        #expect(try safe.run(plan).status == 0)
    }

    /// Killed after records of its journal; another run continues, without token and answer, or rolls back.
    @Test(arguments: [nil, "12.5"]) func aCrashNeedsNeitherTokenNorAnswer(introducedOn release: String?) throws {
        let safe = try Safe(lab: release.map { ["--release", $0] } ?? [])
        let introducing = release == nil ? [] : ["--introduce", "always"]
        let killer = try Crashes.library.get().1
        func files() throws -> [String: [UInt8]] {
            try safe.office.clusterState().filter { !$0.key.hasPrefix("phones/") }
        }
        let before = try files()
        func prepare(_ number: Int) throws -> String {
            // A change's name has the second in it.
            Thread.sleep(forTimeInterval: 1.1)
            let plan = safe.file("\(number).plan")
            #expect(try safe.plan("migrate", "to-etoken", to: plan, tokens: safe.absent() + introducing).status == 0)
            #expect(try safe.sign(plan).status == 0)
            return plan
        }
        func rollBack() throws {
            let back = try safe.atTheOffice(["migrate", "rollback", "--cluster", "lab", "--yes", "--accept-stranded"])
            #expect(back.status == 0, "\(back)")
            #expect(try files() == before)
        }
        let undisturbed = try safe.run(prepare(0))
        #expect(undisturbed.status == 0, "\(undisturbed)")
        let folder = safe.file("state/etoken-bridge/journals")
        let name = try #require(FileManager.default.contentsOfDirectory(atPath: folder).max())
        let records = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8).split(separator: "\n").count
        try rollBack()

        let points = CrashPoints.areAllTried ? Array(1..<records) : [1, records / 2, records - 3]
        for point in points {
            let plan = try prepare(point)
            let environment = ["LD_PRELOAD=\(killer)", "KILL_AT_SYNC=\(point)"]
            let killed = try safe.run(plan, environment: environment)
            #expect(killed.status == 128 + 9, "point \(point): \(killed)")
            try FileManager.default.removeItem(atPath: plan + ".answer")
            if point < records - 1 {
                let resumed = try safe.atTheOffice(["migrate", "resume", "--cluster", "lab", "--yes"])
                #expect(resumed.status == 0, "point \(point): \(resumed)")
                #expect(resumed.output.contains("Signed on another machine by "), "point \(point): \(resumed)")
            }
            #expect(try safe.list().signerRecord?.isToken == true, "point \(point)")
            try rollBack()
        }
        print(
            "signed elsewhere, introduced on \(release ?? "no release"): killed at \(points.count) of \(records - 1) records"
        )
    }

    /// `ctl sign`, `ctl build` and `ctl edit`: the same for a file alone.
    @Test func aListAloneIsSignedElsewhere() throws {
        let safe = try Safe()
        let (present, request, answer) = (safe.file("CTLFile.tlv"), safe.file("request"), safe.file("answer"))
        safe.folder.write("CTLFile.tlv", try #require(safe.office.ctlFile(Rehearsal.publisher)), mode: 0o644)
        let label = Rehearsal.tokens[1]
        let certificate = try safe.absent([label])
        let added = try Rehearsal.tokens.flatMap { ["--add", "sast:\(try #require(safe.certificates[$0]))"] }
        func office(_ arguments: String...) throws -> Rehearsal.Result { try safe.atTheOffice(["ctl"] + arguments) }
        // The signer has to be in the list.
        let stranger = try safe.atTheOffice(["ctl", "sign", present, "--request", "--output", request] + certificate)
        #expect(stranger.status == 1 && stranger.errors.contains("has no record with the role SAST"), "\(stranger)")
        let edited = try safe.atTheOffice(
            ["ctl", "edit", present, "--request", "--output", request] + certificate + added)
        #expect(edited.status == 0 && edited.errors.contains("ctl sign \(request) --sign-with TOKEN"), "\(edited)")

        let wrong = try safe.ctl(["sign", request, "--sign-with", Rehearsal.tokens[0], "--output", answer, "--yes"])
        #expect(wrong.status == 1 && wrong.errors.contains("is not the one that is to sign"), "\(wrong)")
        let signed = try safe.ctl(["sign", request, "--sign-with", label, "--output", answer, "--yes", "--json"])
        #expect(signed.status == 0 && signed.errors.contains("Differences from the current file:"), "\(signed)")
        let text = try #require(signed.json()["text"] as? String)
        let new = safe.file("new.tlv")
        let made = try office("sign", request, "--signature", answer, "--output", new)
        #expect(made.status == 0, "\(made)")
        let verified = try safe.atTheOffice(
            ["ctl", "verify", new, "--signer", #require(safe.certificates[label])])
        #expect(verified.status == 0, "\(verified)")
        let typed = safe.file("typed.tlv")
        let again = try safe.atTheOffice(
            ["ctl", "sign", request, "--signature", "-", "--output", typed], input: text.lowercased())
        #expect(again.status == 0 && safe.folder.bytes("typed.tlv") == safe.folder.bytes("new.tlv"), "\(again)")

        // Signed once more, unchanged; its answer does not belong to the first request.
        let second = safe.file("second")
        let repeated = try safe.atTheOffice(["ctl", "sign", new, "--request", "--output", second] + certificate)
        #expect(repeated.status == 0, "\(repeated)")
        let other = try office("sign", second, "--signature", answer, "--output", safe.file("x.tlv"), "--json")
        #expect(try other.status == 5 && safe.code(other) == "answer-differs", "\(other)")
        for (status, arguments) in [
            (64, ["sign", request, "--output", "x"]), (64, ["sign", present, "--request", "--output", "x"]),
            (64, ["sign", present, "--signature", answer, "--output", safe.file("x.tlv")]),
            (64, ["sign", present, "--signature", answer, "--sign-with", label, "--output", "x"]),
        ] { #expect(try Int(safe.atTheOffice(["ctl"] + arguments).status) == status, "\(arguments)") }
        for (file, schema) in [(answer, "signature"), (request, "signing-request")] {
            let check = "import json,sys,jsonschema;jsonschema.validate(*[json.load(open(f)) for f in sys.argv[1:3]])"
            let path = Rehearsal.repository + "/docs/schema/files/\(schema).json"
            try ChildProcess.run(["python3", "-c", check, file, path])
        }
    }
}

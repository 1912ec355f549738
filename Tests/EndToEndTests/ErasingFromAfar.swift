import Foundation
import ServerFixtures
import Testing

/// `phones erase-trust-list` on phones that a change left behind.
@Suite(.waiting, .timeLimit(.minutes(10))) struct ErasingFromAfar {
    private let rehearsal: Rehearsal
    private let sequences: String

    private static let keys =
        "Init:Settings Settings KeyPad4 KeyPad5 KeyPad2 KeyPadStar KeyPadStar KeyPadPound Soft4 Soft2"

    init() throws {
        rehearsal = try Rehearsal(options: ["--desk-phones", "7960,7960,7940,7940,6911"])
        sequences = rehearsal.folder.write(
            "sequences.csv",
            """
            model,firmware,keys,source
            Cisco 7960,P003*,\(Self.keys),tried in the lab
            Cisco 7940,P003*,\(Self.keys),tried in the lab

            """)
        guard try rehearsal.migrate().status == 0 else { throw ChildProcess.Failure(description: "no change") }
    }

    private func arguments(_ more: [String]) -> [String] {
        ["phones", "erase-trust-list", "--cluster", "lab", "--sequences", sequences] + more
    }

    private func erase(_ more: String...) throws -> Rehearsal.Result {
        try rehearsal.run(Programs.path("etoken-bridge"), arguments(more))
    }

    private func document(_ result: Rehearsal.Result) throws -> [String: Any] {
        try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
    }

    /// Names by model: `7960`.
    private func phones() throws -> [String: [String]] {
        let stranded = try document(rehearsal.bridge("phones", "stranded", "--cluster", "lab", "--json"))
        let phones = try #require(stranded["phones"] as? [[String: Any]])
        return Dictionary(grouping: phones) { String(($0["model"] as? String ?? "").suffix(4)) }
            .mapValues { $0.compactMap { $0["phone"] as? String } }
    }

    private func erasure(of phone: String) throws -> String? {
        let stranded = try document(rehearsal.bridge("phones", "stranded", "--cluster", "lab", "--json"))
        let phones = try #require(stranded["phones"] as? [[String: Any]])
        let entry = try #require(phones.first { $0["phone"] as? String == phone })
        return (entry["erasure"] as? [String: Any])?["state"] as? String
    }

    private func holdsNew(_ phone: String) -> Bool {
        rehearsal.folder.bytes("lab/phones/\(phone)/CTLFile.tlv") == rehearsal.ctlFile(Rehearsal.publisher)
    }

    private func states(_ document: [String: Any]) throws -> [String: String] {
        let phones = try #require(document["phones"] as? [[String: Any]])
        return Dictionary(
            uniqueKeysWithValues: phones.map { ($0["phone"] as? String ?? "", $0["state"] as? String ?? "") })
    }

    @Test func twoModelsOnePhoneFirst() throws {
        let phones = try phones()
        let (first, second) = (try #require(phones["7960"]), try #require(phones["7940"]))
        let old = rehearsal.folder.bytes("lab/phones/\(first[0])/CTLFile.tlv")
        let planned = try erase("--stranded", "--dry-run", "--json")
        #expect(planned.status == 0, "\(planned.errors)")
        let plan = try document(planned)
        #expect((plan["groups"] as? [[String: Any]])?.count == 2 && plan["state"] as? String == "planned")
        let visits = try #require(plan["visits"] as? [[String: Any]])
        #expect(visits.map { $0["reason"] as? String } == ["no-sequence"])
        #expect(rehearsal.folder.bytes("lab/phones/\(first[0])/CTLFile.tlv") == old)
        // Nobody is there to ask.
        #expect(try erase("--stranded").status == 64)

        // One phone is in a call: it is not disturbed, and the other one of its model comes first.
        rehearsal.folder.write("lab/phones/\(second[0])/busy", "")
        let done = try erase("--stranded", "--yes", "--phone-timeout", "60", "--json")
        #expect(done.status == 8 && done.errors.contains("clear text"), "\(done.errors)")
        let report = try document(done)
        let states = try states(report)
        #expect(states[second[0]] == "skipped" && states[second[1]] == "returned", "\(states)")
        #expect(first.allSatisfy { states[$0] == "returned" && holdsNew($0) } && holdsNew(second[1]))
        #expect(!holdsNew(second[0]))
        // The 7940 shows its display.
        let pictures = try #require(report["phones"] as? [[String: Any]]).compactMap { $0["picture"] as? String }
        #expect(pictures.count == 1 && pictures[0].contains(second[1]))
        #expect(
            FileManager.default.contents(atPath: try #require(pictures.first))?.starts(with: Data("BM".utf8)) == true)
        // A page alone takes no phone off the list.
        #expect(try erasure(of: first[0]) == "returned" && erasure(of: second[0]) == nil)
        let listed = try rehearsal.bridge("phones", "stranded", "--cluster", "lab")
        #expect(listed.output.contains("erased, says its page"), "\(listed.output)")

        try FileManager.default.removeItem(atPath: rehearsal.folder.file("lab/phones/\(second[0])/busy"))
        let resumed = try erase("--resume", "--yes", "--phone-timeout", "60")
        #expect(resumed.status == 0 && holdsNew(second[0]), "\(resumed)")
        #expect(try erase("--resume", "--yes").status == 2)
        let visited = try rehearsal.run(
            Programs.path("etoken-bridge"), ["phones", "visited", "--cluster", "lab"] + first + second)
        #expect(visited.status == 0, "\(visited.errors)")
        #expect(try self.phones().keys.sorted() == ["6911"])
    }

    @Test func keysForOtherFirmwareEndAtTheFirstPhone() throws {
        let names = try #require(try phones()["7960"])
        for name in names { rehearsal.folder.write("lab/phones/\(name)/firmware", "P0030801SR02") }
        let before = try rehearsal.clusterState()
        let result = try rehearsal.run(
            Programs.path("etoken-bridge"), arguments(names + ["--yes", "--phone-timeout", "5", "--json"]))
        #expect(result.status == 8, "\(result.errors)")
        let report = try document(result)
        let states = try states(report)
        #expect(states == [names.sorted()[0]: "missing"] && (report["left"] as? [String])?.count == 1)
        #expect(try rehearsal.clusterState() == before)
        #expect((report["groups"] as? [[String: Any]])?.first?["stopped"] != nil)
        // What the first one holds now is not known.
        #expect(try erasure(of: names.sorted()[0]) == "missing")
        // A firmware that is in no table is not even tried.
        rehearsal.folder.write("lab/phones/\(names[0])/firmware", "X1")
        let unknown = try erase(names[0], "--yes", "--json")
        #expect(unknown.status == 1, "\(unknown)")
        let visits = try #require(try document(unknown)["visits"] as? [[String: Any]])
        #expect(visits.first?["reason"] as? String == "other-firmware")
    }

    @Test func controlCAndACrashLoseNothing() throws {
        let names = try #require(try phones()["7960"]).sorted()
        let (output, errors) = (rehearsal.folder.file("output"), rehearsal.folder.file("errors"))
        func started() throws -> ChildProcess {
            try ChildProcess(
                [Programs.path("etoken-bridge")] + arguments(names + ["--yes", "--phone-timeout", "60"]),
                output: output,
                errors: errors, environment: rehearsal.variables)
        }
        let run = try started()
        waitUntil("the first one is told") { rehearsal.folder.text("errors").contains("is the first") }
        run.signal(SIGINT)
        #expect(run.wait() == 10, "\(rehearsal.folder.text("errors"))")
        #expect(!holdsNew(names[1]) && rehearsal.folder.text("errors").contains("--resume"))
        #expect(["pressed", "returned"].contains(try erasure(of: names[0])))
        let resumed = try erase("--resume", "--yes", "--phone-timeout", "60", "--json")
        #expect(resumed.status == 0 && names.allSatisfy(holdsNew), "\(resumed.errors)")
        #expect(try states(document(resumed)) == [names[0]: "returned", names[1]: "returned"])

        // Killed between two keys: it stays on the list as begun, and is not pressed again.
        let other = try #require(try phones()["7940"]).sorted()[0]
        rehearsal.folder.write("errors", "")
        let killed = try ChildProcess(
            [Programs.path("etoken-bridge")] + arguments([other, "--yes"]), output: output, errors: errors,
            environment: rehearsal.variables)
        waitUntil("its first key is recorded") { (try? erasure(of: other)) == "pressing" }
        killed.signal(SIGKILL)
        _ = killed.wait()
        #expect(try erasure(of: other) == "pressing")
        let after = try erase("--resume", "--yes", "--phone-timeout", "3")
        #expect(after.status == 8 && !holdsNew(other), "\(after.errors)")
    }

    @Test func aWrongPasswordIsTriedOnceAndTheMenuIsConfirmed() throws {
        let names = try #require(try phones()["7940"]).sorted()
        // The answer is no, unless someone says yes.
        let (refused, screen) = try rehearsal.onTerminal(
            arguments(names), [("Erase the trust lists of 2 phones", "no\n")])
        #expect(refused == 1 && screen.contains("clear text"), "\(screen)")
        let (declined, asked) = try rehearsal.onTerminal(
            arguments(names), [("Erase the trust lists of 2 phones", "yes\n"), ("Does the picture show", "no\n")])
        #expect(declined == 8 && asked.contains("not confirmed"), "\(asked)")
        rehearsal.folder.write("lab/credentials/phones", "wrong\n", mode: 0o600)
        let result = try rehearsal.run(Programs.path("etoken-bridge"), arguments(names + ["--yes"]))
        #expect(result.status == 7 && result.errors.contains("no second attempt"), "\(result.errors)")
        #expect(!names.contains(where: holdsNew))
    }
}

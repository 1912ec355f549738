import Foundation
import ServerFixtures
import Testing
import TrustList

/// On labs with phones of many models, some without Security by Default and some that are stale: with an introduction no
/// registered phone is left behind, and each does with each file what was forecast; without it, the same ones as ever are.
@Suite(.waiting, .timeLimit(.minutes(20))) struct Introductions {
    /// A phone as the lab lists it.
    private typealias Row = [String: String]

    private func phones(_ rehearsal: Rehearsal) throws -> [String: Row] {
        let text = try rehearsal.run(
            Programs.path("cluster-lab"), ["phones", rehearsal.folder.file("lab")]
        ).output
        let lines = text.split(whereSeparator: \.isNewline)
        let header = lines[0].split(separator: ",").map(String.init)
        return Dictionary(
            uniqueKeysWithValues: lines.dropFirst().map { line in
                let cells = line.split(separator: ",", maxSplits: header.count - 1, omittingEmptySubsequences: false)
                return (String(cells[0]), Dictionary(uniqueKeysWithValues: zip(header, cells.map(String.init))))
            })
    }

    private func arguments(_ rehearsal: Rehearsal, _ verb: String, tokens: Bool, wait: Int) -> [String] {
        ["migrate", verb, "--cluster", "lab", "--yes", "--phone-timeout", "\(wait)"]
            + (tokens
                ? rehearsal.moduleOptions + Rehearsal.tokens.flatMap { ["--token", $0] } + [
                    "--pin-file", rehearsal.rightPIN,
                ] : [])
    }

    /// The outcomes of a forecast in a change record, by phone.
    private func outcomes(_ forecast: Any?) throws -> [String: String] {
        let groups = try #require((forecast as? [String: Any])?["groups"] as? [[String: Any]])
        var outcomes: [String: String] = [:]
        for group in groups {
            for phone in try #require(group["phones"] as? [String]) { outcomes[phone] = group["outcome"] as? String }
        }
        return outcomes
    }

    /// What registered phones did with the file that they were offered last, against what was forecast.
    private func compare(_ rehearsal: Rehearsal, with forecast: [String: String], _ what: String) throws -> Int {
        var surprises: [String] = []
        var behind = 0
        for (name, phone) in try phones(rehearsal) where phone["registered"]?.isEmpty == false {
            if phone["outcome"] != "accepted" { behind += 1 }
            let said = forecast[name] ?? "nothing"
            if said != "unknown", said != phone["outcome"] { surprises.append("\(name): \(said), \(phone)") }
        }
        #expect(surprises.isEmpty, "\(what): \(surprises.count): \(surprises.prefix(3))")
        return behind
    }

    /// Runs a change that introduces its signer, and stops to look in the middle.
    private func introduce(_ rehearsal: Rehearsal, _ arguments: [String]) throws {
        let dry = try rehearsal.run(
            Programs.path("etoken-bridge"), arguments.filter { $0 != "--yes" } + ["--dry-run", "--json"])
        let plan = try dry.json()
        let introduction = try #require(plan["introduction"] as? [String: Any], "\(dry.errors)")
        let both = try #require(introduction["forecast"] as? [String: Any])
        let errors = rehearsal.folder.file("middle-\(UUID().uuidString)")
        let run = try ChildProcess(
            [Programs.path("etoken-bridge")] + arguments, output: "/dev/null", errors: errors,
            environment: rehearsal.variables)
        waitUntil("the phones are waited for", within: 300) {
            (try? String(contentsOfFile: errors, encoding: .utf8).contains("where one does not")) == true
        }
        // All have been told; the lab's phones need a moment.
        let first = try outcomes(both["introduction"])
        Thread.sleep(forTimeInterval: 6)
        run.signal(SIGINT)
        let status = run.wait()
        let text = try String(contentsOfFile: errors, encoding: .utf8)
        #expect(status == 10 && text.contains("introduces the new signer is on every node"), "\(text)")
        #expect(try compare(rehearsal, with: first, "introduction") == 0)

        let resumed = try rehearsal.run(
            Programs.path("etoken-bridge"),
            ["migrate", "resume", "--cluster", "lab", "--json", "--yes"] + rehearsal.moduleOptions
                + ["--pin-file", rehearsal.rightPIN])
        #expect(resumed.status == 0, "\(resumed.errors)")
        let record = try resumed.json()
        #expect(try compare(rehearsal, with: outcomes(record["forecast"]), "new file") == 0)
        let with = try #require(both["with"] as? [String: Any])
        let without = try #require(both["without"] as? [String: Any])
        #expect(with["visits"] as? Int == 0 && (without["visits"] as? Int ?? 0) > 0, "\(with), \(without)")
    }

    @Test(arguments: ["10.5", "11.5", "12.5", "15"]) func toTokensAndBack(release: String) throws {
        let isNew = ["12.5", "15"].contains(release)
        let rehearsal = try Rehearsal(
            options: ["--release", release, "--phones", "60"] + (isNew ? [] : ["--sast-trust", "all"]))
        var toTokens =
            arguments(rehearsal, "to-etoken", tokens: true, wait: 20) + ["--accept-stranded", "--output"]
            + [rehearsal.folder.file("out")]
        if !isNew { toTokens += ["--introduce", "always"] }
        try introduce(rehearsal, toTokens)
        // The file that tokens signed names the cluster's signer from 11.5 on only.
        let back =
            arguments(rehearsal, "to-tokenless", tokens: release == "10.5", wait: 20) + [
                "--accept-stranded", "--output",
            ]
            + [rehearsal.folder.file("back")]
        if release == "10.5" {
            try introduce(rehearsal, back)
        } else {
            let result = try rehearsal.run(Programs.path("etoken-bridge"), back + ["--json"])
            #expect(result.status == 0, "\(result.errors)")
            #expect(try result.json()["introduction"] == nil)
            #expect(try compare(rehearsal, with: outcomes(result.json()["forecast"]), "back") == 0)
        }
    }

    /// A thousand phones, and no TVS server that answers: tools/deep introductions.
    @Test(.enabled(if: CrashPoints.areAllTried)) func aThousandPhonesWithoutTVS() throws {
        let rehearsal = try Rehearsal(options: ["--release", "12.5", "--phones", "1000", "--nodes", "4"])
        for node in [Rehearsal.publisher] + (1...3).map({ "cucm-1051-a-sub\($0)" }) {
            _ = try rehearsal.commandLine(node, "utils service stop Cisco Trust Verification Service")
        }
        let options = ["--accept-stranded", "--despite-findings", "--output", rehearsal.folder.file("out")]
        let toTokens = arguments(rehearsal, "to-etoken", tokens: true, wait: 30) + options
        let direct = try rehearsal.run(
            Programs.path("etoken-bridge"), toTokens + ["--introduce", "never", "--json"])
        #expect(direct.status == 5 || direct.status == 1, "\(direct.errors)")
        try introduce(rehearsal, toTokens)
    }

    /// The same phones as without any introduction.
    @Test(arguments: ["10.5", "12.5"]) func withoutOne(release: String) throws {
        let rehearsal = try Rehearsal(options: ["--release", release, "--phones", "60"])
        let result = try rehearsal.run(
            Programs.path("etoken-bridge"),
            arguments(rehearsal, "to-etoken", tokens: true, wait: 20) + [
                "--accept-stranded", "--introduce", "never", "--json", "--output", rehearsal.folder.file("out"),
            ])
        #expect(result.status == 0, "\(result.errors)")
        #expect(try result.json()["introduction"] == nil)
        #expect(try compare(rehearsal, with: outcomes(result.json()["forecast"]), "new file") > 3)
    }

    /// A release that is said to do it and does not: nothing was risked, and the change ends or continues as agreed.
    @Test func aLabThatDoesNotDoIt() throws {
        let rehearsal = try Rehearsal(options: ["--release", "12.5", "--sast-trust", "servers"])
        let before = try rehearsal.clusterState().filter { !$0.key.hasPrefix("phones/") }
        func run(_ more: String...) throws -> Rehearsal.Result {
            try rehearsal.run(
                Programs.path("etoken-bridge"),
                rehearsal.migrationArguments(output: rehearsal.folder.file("out")) + ["--json", "--force"] + more)
        }
        let stopped = try run()
        #expect(stopped.status == 1, "\(stopped.errors)")
        #expect(stopped.errors.contains("this release does not put SAST-ADN0054f509"), "\(stopped.errors)")
        let isAsBefore = try rehearsal.clusterState().filter { !$0.key.hasPrefix("phones/") } == before
        #expect(isAsBefore)
        let record = try run("--accept-stranded").json()
        #expect(record["state"] as? String == "finished")
        #expect((record["introduction"] as? [String: Any])?["state"] as? String == "not-introduced")
        #expect(try outcomes(record["forecast"]).values.count { $0 == "refused" } == 1)
    }

    /// FN70613: ITLRecovery was regenerated, and phones know only the former one; CallManager signs first.
    @Test func aRegeneratedSigner() throws {
        let rehearsal = try Rehearsal(options: ["--release", "12.5", "--phones", "60"])
        try rehearsal.fault(Rehearsal.publisher, "stale-itlrecovery")
        try introduce(
            rehearsal,
            arguments(rehearsal, "update-certificates", tokens: false, wait: 20) + [
                "--accept-stranded", "--despite-findings", "--output", rehearsal.folder.file("out"),
            ])
    }
}

import Foundation
import ServerFixtures
import Testing

/// The list of phones that someone has to visit, and the forecast of a file that does not exist yet.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Worklists {
    private let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal(options: ["--phones", "300", "--nodes", "3"]) }

    private static let head =
        "name,model,pool,location,description,owner,number,last address,registered,verdict,reason,what to do"

    private func document(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// The rows of a list, without what contains commas.
    private func rows(_ name: String) throws -> [[String]] {
        let text = String(decoding: try #require(rehearsal.folder.bytes(name)), as: UTF8.self)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.first == Self.head)
        return lines.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    private func groups(_ value: Any?) throws -> [[String: Any]] { try #require(value as? [[String: Any]]) }

    /// By phone: outcome, rule and reason.
    private func verdicts(_ groups: [[String: Any]]) throws -> [String: String] {
        var verdicts: [String: String] = [:]
        for group in groups {
            let verdict = ["outcome", "rule", "reason", "before"].map { "\(group[$0] ?? "")" }.joined(separator: " | ")
            for phone in try #require(group["phones"] as? [String]) { verdicts[phone] = verdict }
        }
        return verdicts
    }

    @Test func theForecastBeforeThereIsAFileIsThePlans() throws {
        let planned = try document(rehearsal.migrate("--dry-run", "--json").output)
        let plan = try verdicts(groups((planned["forecast"] as? [String: Any])?["groups"]))
        let list = rehearsal.folder.file("visits.csv")
        let forecast = try rehearsal.run(
            Programs.path("etoken-bridge"),
            ["phones", "forecast", "--cluster", "lab", "--json", "--worklist", list] + rehearsal.moduleOptions
                + Rehearsal.tokens.flatMap { ["--token", $0] })
        #expect(forecast.status == 9, "\(forecast.errors)")
        let report = try document(forecast.output)
        #expect(report["file"] == nil && (report["tvs"] as? [Any])?.isEmpty == true)
        #expect(try verdicts(groups(report["groups"])) == plan)
        #expect(plan.count >= 300)
        #expect(try Set(rows("visits.csv").map { $0[0] }) == Set(plan.filter { !$0.value.hasPrefix("accepted") }.keys))
        // The file of the plan does not vouch, and nothing was uploaded: it is the plan's assumption that counts.
        #expect(plan.values.contains { $0.hasPrefix("accepted | 3-vouched-by-tvs") })

        let tokenless = try rehearsal.run(
            Programs.path("etoken-bridge"), ["migrate", "to-tokenless", "--cluster", "lab", "--dry-run", "--json"])
        let own = try rehearsal.run(
            Programs.path("etoken-bridge"), ["phones", "forecast", "--cluster", "lab", "--tokenless", "--json"])
        #expect(
            try verdicts(groups((document(tokenless.output)["forecast"] as? [String: Any])?["groups"]))
                == verdicts(groups(document(own.output)["groups"])))
        for wrong in [["--tokenless", "--file", "x.tlv"], []] {
            let refused = try rehearsal.run(
                Programs.path("etoken-bridge"), ["phones", "forecast", "--cluster", "lab"] + wrong)
            #expect(refused.status == 64 && refused.errors.contains("--tokenless"), "\(refused)")
        }
    }

    @Test func theListGoesFromPlanToVisit() throws {
        let planned = try rehearsal.migrate("--dry-run", "--worklist", rehearsal.folder.file("plan.csv"))
        #expect(planned.status == 0, "\(planned.errors)")
        let plan = try rows("plan.csv")
        #expect(plan.count > 10)
        // By location, in the order of a walk; with what the cluster knows.
        let places = plan.map { "\($0[3])|\($0[2])|\($0[0])" }
        #expect(places == places.sorted() && Set(plan.map { $0[3] }).count > 2, "\(places)")
        #expect(plan.contains { $0[3] == "Site Warszawa" && $0[2] == "Warszawa" && $0[4].hasPrefix("Warszawa ") })
        #expect(plan.contains { $0[5].hasPrefix("user") } && plan.contains { $0[5].isEmpty })
        #expect(plan.contains { Int($0[6]) != nil } && plan.contains { $0[6].isEmpty })
        #expect(Set(plan.map { $0[9] }) == ["refused", "unknown"], "\(plan)")
        #expect(plan.allSatisfy { ["yes", "no"].contains($0[8]) } && plan.contains { $0[7].hasPrefix("127.") })
        #expect(plan.contains { $0[1] == "Cisco 7960" && $0.last?.contains("restart the phone") == true })

        // An earlier list is not lost.
        let again = try rehearsal.migrate("--worklist", rehearsal.folder.file("plan.csv"))
        #expect(again.status == 1 && again.errors.contains("already exists"), "\(again.errors)")
        let done = try rehearsal.migrate("--worklist", rehearsal.folder.file("run.csv"))
        #expect(done.status == 0, "\(done.errors)")
        #expect(try rows("run.csv").map { $0[0] } == plan.map { $0[0] })

        let stranded = rehearsal.folder.file("stranded.csv")
        let listed = try rehearsal.bridge("phones", "stranded", "--cluster", "lab", "--worklist", stranded)
        #expect(listed.status == 0, "\(listed.errors)")
        #expect(try Set(rows("stranded.csv").map { $0[0] }) == Set(plan.map { $0[0] }))
        #expect(try Set(rows("stranded.csv").map { $0[9] }) == ["refused", "unknown"])

        // Whoever was visited is off the list of the change.
        let first = plan[0][0]
        #expect(try rehearsal.bridge("phones", "visited", "--cluster", "lab", first).status == 0)
        let status = try rehearsal.bridge(
            "migrate", "status", "--cluster", "lab", "--worklist", rehearsal.folder.file("left.csv"))
        #expect(status.status == 0, "\(status.errors)")
        #expect(try rows("left.csv").map { $0[0] } == plan.dropFirst().map { $0[0] })
    }

    /// The cluster need not answer for the list to be written.
    @Test func withoutTheClusterTheNamesAreThere() throws {
        #expect(try rehearsal.migrate().status == 0)
        let down = try rehearsal.run(
            Programs.path("cluster-lab"), ["down", rehearsal.folder.file("lab")])
        #expect(down.status == 0, "\(down)")
        let list = try rehearsal.bridge(
            "phones", "stranded", "--cluster", "lab", "--worklist", rehearsal.folder.file("stranded.csv"))
        #expect(list.status == 0 && list.errors.contains("without locations, owners and numbers"), "\(list.errors)")
        let rows = try rows("stranded.csv")
        #expect(rows.count > 10 && rows.allSatisfy { $0[3].isEmpty && $0[8].isEmpty && !$0[0].isEmpty })
    }
}

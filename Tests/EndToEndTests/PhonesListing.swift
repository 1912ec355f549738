import Foundation
import ServerFixtures
import Testing

/// `phones list` and `phones models` against a lab with 10,000 phones.
@Suite(.waiting, .timeLimit(.minutes(10))) struct PhonesListing {
    private func lab() throws -> Rehearsal { try Rehearsal(options: ["--phones", "10000", "--nodes", "4"]) }

    private func phones(_ rehearsal: Rehearsal, _ arguments: String...) throws -> Rehearsal.Result {
        try rehearsal.run(Programs.path("etoken-bridge"), ["phones"] + arguments)
    }

    private func document(_ result: Rehearsal.Result) throws -> [String: Any] {
        #expect(result.status == 0, "\(result.errors)")
        return try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
    }

    @Test func bothWaysAndTheFileSayTheSame() throws {
        let rehearsal = try lab()
        let (axl, sql) = (rehearsal.folder.file("axl.csv"), rehearsal.folder.file("sql.csv"))
        let report = try document(phones(rehearsal, "list", "--cluster", "lab", "--csv", axl, "--json"))
        _ = try document(phones(rehearsal, "list", "--cluster", "lab", "--via", "sql", "--csv", sql, "--json"))
        let text = rehearsal.folder.text("axl.csv")
        #expect(text == rehearsal.folder.text("sql.csv"))
        #expect(text.split(separator: "\n").count == 10_001)

        #expect(report["phones"] as? Int == 10_000)
        let models = try #require(report["models"] as? [[String: Any]])
        #expect(try models.reduce(0) { $0 + (try #require($1["phones"] as? Int)) } == 10_000)
        let jabber = try #require(
            models.first { $0["model"] as? String == "Cisco Unified Client Services Framework" })
        #expect(try #require(jabber["phones"] as? Int) > 300)
        #expect(jabber["securityByDefault"] as? String == "unsupported")
        // The lab itself counts what is registered.
        let status = try document(
            rehearsal.run(Programs.path("cluster-lab"), ["status", rehearsal.folder.file("lab"), "--json"]))
        let crowd = try #require(status["crowd"] as? [[String: Any]])
        let known = try crowd.filter { $0["isRegistered"] as? Bool == true }.reduce(0) {
            $0 + (try #require($1["count"] as? Int))
        }
        let registered = try #require(report["registered"] as? Int)
        #expect(registered >= known && registered <= known + 3)
        let pools = try #require(report["pools"] as? [[String: Any]])
        let warszawa = try #require(pools.first { $0["pool"] as? String == "Warszawa" })
        #expect(
            warszawa["servers"] as? [String] == ["cucm-1051-a-sub1", "cucm-1051-a-sub2", "cucm-1051-a-sub3"])

        // What was written can be read, selected from, and corrected by a table of models.
        var again = try document(phones(rehearsal, "list", "--phones-from", axl, "--json"))
        #expect(again["file"] as? String == axl && again["cluster"] == nil)
        #expect(report["cluster"] as? String == "lab" && report["file"] == nil)
        again["file"] = nil
        again["cluster"] = "lab"
        #expect(again as NSDictionary == report as NSDictionary)
        let table = rehearsal.folder.write(
            "models.csv", "model,security by default\nCisco TelePresence*,no\n")
        let chosen = try document(
            phones(
                rehearsal, "list", "--phones-from", axl, "--pool", "Warszawa", "--model", "Cisco TelePresence EX90",
                "--unregistered",
                "--phones", "--models", table, "--json"))
        let list = try #require(chosen["list"] as? [[String: Any]])
        #expect(
            !list.isEmpty
                && list.allSatisfy { $0["pool"] as? String == "Warszawa" && $0["registered"] as? Bool == false })
        let model = try #require((chosen["models"] as? [[String: Any]])?.first)
        #expect(model["securityByDefault"] as? String == "unsupported")
    }

    @Test func aBusyServerIsWaitedFor() throws {
        let rehearsal = try Rehearsal()
        try ChildProcess.run([
            Programs.path("cluster-lab"), "fault", rehearsal.folder.file("lab"), "cucm-1051-a-pub", "throttle",
            "--delay",
            "8",
        ])
        // 20 requests in eight seconds are too many, and a list takes eight.
        let results = try (1...3).map { _ in try phones(rehearsal, "list", "--cluster", "lab") }
        #expect(results.allSatisfy { $0.status == 0 && $0.output.hasPrefix("3 phones, 3 registered") })
        #expect(results[2].errors.contains("Waiting 1 s: the server is too busy"), "\(results[2].errors)")
    }

    @Test func clearErrors() throws {
        let rehearsal = try Rehearsal(lab: false)
        let missing = try phones(rehearsal, "list", "--phones-from", rehearsal.folder.file("none.csv"))
        #expect(missing.status == 2 && missing.errors.contains("none.csv cannot be read"))
        let bad = rehearsal.folder.write("bad.csv", "name,model\nSEP000000000001,\n")
        let wrong = try phones(rehearsal, "list", "--phones-from", bad)
        #expect(wrong.status == 1 && wrong.errors.contains("bad.csv, line 2: the row has no model."))
        #expect(wrong.errors.contains("Next: ") && wrong.output.isEmpty)
        #expect(try phones(rehearsal, "list").status == 2)
        let good = rehearsal.folder.write("good.csv", "name,model,device pool\nSEP000000000001,Cisco 7975,HQ\n")
        let pool = try phones(rehearsal, "list", "--phones-from", good, "--pool", "Nowhere")
        #expect(pool.status == 2 && pool.errors.contains("is in the device pool \"Nowhere\""))
    }

    @Test func theClustersOwnListIsKept() throws {
        let rehearsal = try Rehearsal(lab: false)
        let report = rehearsal.folder.write(
            "features.csv", "Product,Protocol,Feature\nCisco 7921,SCCP,Security By Default\nCisco 7940,SCCP,Call Back\n"
        )
        let before = try document(phones(rehearsal, "models", "Cisco 7921", "--json"))
        let saved = try phones(rehearsal, "models", "--models", report, "--save")
        #expect(saved.status == 0 && saved.errors.contains("phone-models.csv: 3 models"), "\(saved.errors)")
        let after = try document(
            phones(rehearsal, "models", "Cisco 7921", "Cisco TelePresence EX90", "Analog Phone", "--json"))
        func support(_ document: [String: Any]) -> [String?] {
            (document["models"] as? [[String: Any]] ?? []).map { $0["securityByDefault"] as? String }
        }
        #expect(support(before) == ["unknown"])
        #expect(support(after) == ["supported", "unsupported", nil])
    }
}

import Foundation
import ServerFixtures
import Testing

/// `phones list` and `phones models` against a lab with 10,000 phones.
@Suite struct PhonesListing {
    let rehearsal = try! Rehearsal(options: ["--phones", "10000", "--nodes", "4"])

    private func phones(_ arguments: String...) throws -> Rehearsal.Result {
        try rehearsal.run(Programs.path("etoken-bridge"), ["phones"] + arguments)
    }

    private func document(_ result: Rehearsal.Result) throws -> [String: Any] {
        #expect(result.status == 0, "\(result.errors)")
        return try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
    }

    @Test func bothWaysAndTheFileSayTheSame() throws {
        let (axl, sql) = (rehearsal.folder.file("axl.csv"), rehearsal.folder.file("sql.csv"))
        let report = try document(phones("list", "--cluster", "lab", "--csv", axl, "--json"))
        _ = try document(phones("list", "--cluster", "lab", "--via", "sql", "--csv", sql, "--json"))
        let text = rehearsal.folder.text("axl.csv")
        #expect(text == rehearsal.folder.text("sql.csv"))
        #expect(text.split(separator: "\n").count == 10_001)

        #expect(report["phones"] as? Int == 10_000)
        let models = try #require(report["models"] as? [[String: Any]])
        #expect(models.reduce(0) { $0 + ($1["phones"] as! Int) } == 10_000)
        let jabber = try #require(
            models.first { $0["model"] as? String == "Cisco Unified Client Services Framework" })
        #expect(jabber["phones"] as! Int > 300 && jabber["securityByDefault"] as? String == "unsupported")
        // The lab counts by itself what is registered.
        let status = try document(
            rehearsal.run(Programs.path("cluster-lab"), ["status", rehearsal.folder.file("lab"), "--json"]))
        let crowd = try #require(status["crowd"] as? [[String: Any]])
        let known = crowd.filter { $0["isRegistered"] as? Bool == true }.reduce(0) { $0 + ($1["count"] as! Int) }
        let registered = try #require(report["registered"] as? Int)
        #expect(registered >= known && registered <= known + 3)
        let pools = try #require(report["pools"] as? [[String: Any]])
        let warszawa = try #require(pools.first { $0["pool"] as? String == "Warszawa" })
        #expect(
            warszawa["servers"] as? [String] == ["cucm-1051-a-sub1", "cucm-1051-a-sub2", "cucm-1051-a-sub3"])

        // What was written can be read, chosen from, and corrected by a table of models.
        var again = try document(phones("list", "--phones-from", axl, "--json"))
        #expect(again["source"] as? String == axl)
        again["source"] = report["source"]
        #expect(again as NSDictionary == report as NSDictionary)
        let table = rehearsal.folder.write(
            "models.csv", "model,security by default\nCisco TelePresence*,no\n")
        let chosen = try document(
            phones(
                "list", "--phones-from", axl, "--pool", "Warszawa", "--model", "Cisco TelePresence EX90",
                "--unregistered",
                "--phones", "--models", table, "--json"))
        let list = try #require(chosen["list"] as? [[String: Any]])
        #expect(
            !list.isEmpty
                && list.allSatisfy { $0["pool"] as? String == "Warszawa" && $0["registered"] as? Bool == false })
        let model = try #require((chosen["models"] as? [[String: Any]])?.first)
        #expect(model["securityByDefault"] as? String == "unsupported")
        let shown = try phones("list", "--phones-from", axl, "--phones")
        #expect(shown.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test func aBusyServerIsWaitedFor() throws {
        let lab = rehearsal.folder.file("lab")
        try ChildProcess.run([
            Programs.path("cluster-lab"), "fault", lab, "cucm-1051-a-pub", "throttle", "--delay", "2",
        ])
        let report = try document(phones("list", "--cluster", "lab", "--json"))
        #expect(report["phones"] as? Int == 10_000 && report["registered"] as? Int ?? 0 > 9000)
    }

    @Test func clearErrors() throws {
        let missing = try phones("list", "--phones-from", rehearsal.folder.file("none.csv"))
        #expect(missing.status == 2 && missing.errors.contains("none.csv: cannot read it"))
        let bad = rehearsal.folder.write("bad.csv", "name,model\nSEP000000000001,\n")
        let wrong = try phones("list", "--phones-from", bad)
        #expect(wrong.status == 1 && wrong.errors.contains("bad.csv, line 2: the row has no model."))
        #expect(wrong.errors.contains("Next: ") && wrong.output.isEmpty)
        #expect(try phones("list").status == 64)
        let pool = try phones("list", "--cluster", "lab", "--no-state", "--pool", "Nowhere")
        #expect(pool.status == 2 && pool.errors.contains("has the device pool \"Nowhere\""))
    }

    @Test func theClustersOwnListIsKept() throws {
        let report = rehearsal.folder.write(
            "features.csv", "Product,Protocol,Feature\nCisco 7921,SCCP,Security By Default\nCisco 7940,SCCP,Call Back\n"
        )
        let before = try document(phones("models", "Cisco 7921", "--json"))
        let saved = try phones("models", "--report", report, "--save")
        #expect(saved.status == 0 && saved.errors.contains("phone-models.csv: 3 models"), "\(saved.errors)")
        let after = try document(phones("models", "Cisco 7921", "Cisco TelePresence EX90", "Analog Phone", "--json"))
        func support(_ document: [String: Any]) -> [String?] {
            (document["models"] as? [[String: Any]] ?? []).map { $0["securityByDefault"] as? String }
        }
        #expect(support(before) == ["unknown"])
        #expect(support(after) == ["supported", "unsupported", nil])
    }
}

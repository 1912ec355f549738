import Foundation
import ServerFixtures
import Testing

/// cluster status --all: clusters that answer, and one that does not, in a line each.
@Suite(.waiting, .timeLimit(.minutes(10))) struct FleetStatus {
    private let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    /// A second cluster at an address where nobody listens.
    private func addDeadCluster() throws {
        let path = rehearsal.folder.file("config/etoken-bridge/config.toml")
        var text = try String(contentsOfFile: path, encoding: .utf8)
        text += """

            [clusters.dead]
            [clusters.dead.platform]
            user = "administrator"
            password_file = "\(rehearsal.folder.file("password"))"

            [[clusters.dead.nodes]]
            name = "pub"
            address = "127.0.0.1"
            publisher = true
            tftp_port = 1
            http_port = 1
            https_port = 1
            ssh_port = 1
            tvs_port = 1
            tls_pin = "sha256//\(Data(count: 32).base64EncodedString())"
            ssh_host_key = "SHA256:\(Data(count: 32).base64EncodedString().replacing("=", with: ""))"

            """
        rehearsal.folder.write("config/etoken-bridge/config.toml", Array(text.utf8), mode: 0o600)
        rehearsal.folder.write("password", Array("secret\n".utf8), mode: 0o600)
    }

    private func overviews(status: Int32) throws -> [String: [String: Any]] {
        let result = try rehearsal.bridge("cluster", "status", "--all", "--json")
        #expect(result.status == status, "\(result.errors)")
        let document = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let clusters = try #require(document["clusters"] as? [[String: Any]])
        return try Dictionary(
            uniqueKeysWithValues: clusters.map { (try #require($0["cluster"] as? String), $0) })
    }

    @Test func everyClusterHasALine() throws {
        let one = try overviews(status: 0)
        #expect(one.count == 1 && one["lab"]?["health"] as? String == "ok")
        #expect(one["lab"]?["mode"] as? String == "mixed" && one["lab"]?["signedBy"] as? String == "cluster")
        #expect(try rehearsal.migrate().status == 0)
        try addDeadCluster()
        let both = try overviews(status: 8)
        let lab = try #require(both["lab"])
        #expect(lab["health"] as? String == "warning" && lab["strandedPhones"] as? Int == 1)
        #expect(
            lab["signedBy"] as? String == "tokens" && lab["tokens"] as? Int == 2 && lab["drifted"] as? Bool == false)
        #expect(both["dead"]?["health"] as? String == "unknown")

        let table = try rehearsal.bridge("cluster", "status", "--all")
        let lines = table.output.split(separator: "\n")
        #expect(table.status == 8 && lines.count == 3)
        #expect(lines[1].hasPrefix("dead") && lines[2].hasPrefix("lab"))

        let metrics = rehearsal.folder.file("lab.prom")
        let written = try rehearsal.bridge(
            "cluster", "status", "--all", "--format", "prometheus", "--output", metrics)
        #expect(written.status == 0 && written.output.isEmpty, "\(written)")
        let text = try String(contentsOfFile: metrics, encoding: .utf8)
        #expect(text.contains("etoken_bridge_up{cluster=\"dead\"} 0\n"))
        #expect(text.contains("etoken_bridge_up{cluster=\"lab\"} 1\n"))
        #expect(text.contains("etoken_bridge_phones_left_behind{cluster=\"lab\"} 1\n"))

        let plugin = try rehearsal.bridge("cluster", "status", "--cluster", "lab", "--format", "nagios")
        #expect(
            plugin.status == 1 && plugin.output.hasPrefix("CUCM WARNING - lab: 1 phone did not follow"), "\(plugin)")
        #expect(try rehearsal.bridge("cluster", "status", "--all", "--format", "nagios").status == 3)
    }

    /// Somebody deploys another file: the cluster is no longer as the change left it.
    @Test func aReplacedFileIsDrift() throws {
        let old = rehearsal.folder.file("old.tlv")
        #expect(try rehearsal.bridge("ctl", "fetch", "--cluster", "lab", "--output", old).status == 0)
        #expect(try rehearsal.migrate().status == 0)
        let deployed = try rehearsal.bridge("ctl", "deploy", old, "--cluster", "lab", "--yes")
        #expect(deployed.status == 0, "\(deployed.errors)")
        let lab = try #require(try overviews(status: 0)["lab"])
        let codes = try #require(lab["findings"] as? [[String: Any]]).compactMap { $0["code"] as? String }
        #expect(lab["drifted"] as? Bool == true && codes.contains("file-replaced"), "\(codes)")
    }

    @Test func theExamplesAreTested() throws {
        let rules = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/examples/prometheus-alerts.test.yml").path
        let result = try rehearsal.run("/usr/bin/promtool", ["test", "rules", rules])
        #expect(result.status == 0, "\(result)")
    }
}

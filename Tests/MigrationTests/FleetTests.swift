import Basics
import Cluster
import Foundation
import Messages
import ServerFixtures
import Testing
import X509

@testable import Migration
@testable import Operations

/// Clusters in a line each, as metrics and as a plugin's output.
@Suite(.waiting, .timeLimit(.minutes(5))) struct FleetTests {
    private func overview(
        _ name: String, _ severities: [FindingSeverity] = [], isRead: Bool = true,
        remembered: RememberedCluster = RememberedCluster()
    ) throws -> ClusterOverview {
        let version = isRead ? #""version": "12.5.1","# : ""
        let quoted = String(decoding: try JSONEncoder().encode(name), as: UTF8.self)
        let status = try JSONDecoder().decode(
            ClusterStatus.self,
            from: Data(
                """
                {"cluster": \(quoted), "taken": "2026-11-29T00:00:00Z", "securityMode": "mixed", "nodesNotInCluster": [],
                 "serversNotConfigured": [], "trustLists": [], "nodes": [{"name": "pub", "address": "192.0.2.1",
                 "publisher": true, "tftp": true, \(version) "failures": [], "certificates": [
                 {"unit": "tomcat", "name": "tomcat.pem", "notAfter": "2026-12-09T00:00:00Z"},
                 {"unit": "CAPF", "name": "CAPF.pem", "notAfter": "2027-12-09T00:00:00Z"}]}]}
                """.utf8))
        let findings = severities.map {
            StatusFinding(
                code: .filesDiffer, severity: $0, text: .verbatim("The files of \(name) differ | a lot."), next: [])
        }
        return ClusterOverview(status, findings: findings, remembered: remembered, seconds: 1.25)
    }

    @Test func theWorstFindingIsTheHealth() throws {
        #expect(try overview("a").health == .ok)
        #expect(try overview("a", [.warning]).health == .warning)
        #expect(try overview("a", [.warning, .error]).health == .critical)
        // If its publisher is silent, nothing is known about a cluster, whatever the others say.
        #expect(try overview("a", [.error], isRead: false).health == .unknown)
        #expect(try overview("a").nextExpiry == Timestamp("2026-12-09T00:00:00Z"))
        let all = [try overview("a"), try overview("b", [.warning]), try overview("c", isRead: false)]
        #expect(ClusterOverview.worst(all) == .unknown)
        #expect(try ClusterOverview.worst(all + [overview("d", [.error])]) == .critical)
        #expect(ClusterOverview.worst([]) == .ok)
    }

    @Test func aPluginSaysTheWorstFirst() throws {
        let output = PluginOutput([try overview("a"), try overview("b|c'=", [.error, .warning])])
        let lines = output.text.split(separator: "\n").map(String.init)
        #expect(output.exitStatus == 2)
        // The only bar is the one before the performance data.
        #expect(
            lines[0].hasPrefix(
                "CUCM CRITICAL - b/c'=: The files of b/c'= differ / a lot. (and 1 more) | 'a findings'=0;0;0;0 "))
        #expect(lines[0].contains("'bc findings'=2;0;0;0") && lines[0].contains("'a days to expiry'=10;30:;0:"))
        #expect(
            lines.count == 3 && lines.allSatisfy { $0.count { $0 == "|" } == (lines.firstIndex(of: $0) == 0 ? 1 : 0) })
        #expect(PluginOutput([try overview("a")]).exitStatus == 0)
        #expect(PluginOutput([try overview("a", isRead: false)]).exitStatus == 3)
    }

    /// The format is checked by Prometheus' own tool.
    @Test func promtoolTakesTheMetrics() throws {
        var remembered = RememberedCluster(unfinished: "b-20261129T000000Z", stranded: 7)
        remembered.last = .init(change: "b-20261128T000000Z", sha1: String(repeating: "a", count: 40))
        let text = PrometheusMetrics([
            try overview("a"), try overview("b\"\\\nx", [.error, .error, .warning], remembered: remembered),
        ]).text
        let checked = try ChildProcess.end(of: ["/usr/bin/promtool", "check", "metrics"], input: text)
        #expect(checked.status == 0 && checked.output.isEmpty && checked.errors.isEmpty, "\(checked)")
        #expect(text.contains(#"etoken_bridge_phones_left_behind{cluster="b\"\\\nx"} 7"#), "\(text)")
        #expect(text.contains(#"etoken_bridge_findings{cluster="b\"\\\nx",code="files-differ",severity="error"} 2"#))
        // An open change explains why the file is another one.
        #expect(text.contains(#"etoken_bridge_ctl_drifted{cluster="b\"\\\nx"} 0"#))
        #expect(!text.contains(#"etoken_bridge_ctl_drifted{cluster="a"}"#))
    }

    @Test func theFileOfTheLastChangeIsRemembered() throws {
        let folder = Folder()
        let situation = Situation.all[0]
        #expect(try RememberedCluster("memory", in: folder.state).last == nil)
        let cluster = try situation.cluster()
        try situation.plan(cluster, in: folder).runAll()
        let remembered = try RememberedCluster("memory", in: folder.state)
        let served = try #require(cluster.files["pub"]?["CTLFile.tlv"])
        #expect(remembered.last?.sha1 == Digest.sha1(served).hex && remembered.unfinished == nil)
        #expect(remembered.stranded == 1)

        var status = ClusterStatus(
            cluster: "memory", taken: .now, version: nil, securityMode: .mixed, nodes: [], trustLists: [],
            serversNotConfigured: [], nodesNotInCluster: [])
        func list(_ sha1: String) -> ClusterStatus.TrustList {
            ClusterStatus.TrustList(kind: "CTLFile.tlv", length: 1, md5: "", sha1: sha1, records: [])
        }
        status.trustLists = [list(Digest.sha1(served).hex)]
        #expect(remembered.findings(on: status).map(\.code) == [.phonesLeftBehind])
        status.trustLists.append(list(String(repeating: "b", count: 40)))
        #expect(remembered.findings(on: status).map(\.code) == [.phonesLeftBehind, .fileReplaced])
        #expect(
            RememberedCluster(unfinished: "b-1", stranded: 0).findings(on: status).map(\.code) == [.changeUnfinished])
    }
}

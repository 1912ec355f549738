import Foundation
import ServerFixtures
import Testing

/// The cluster half of doctor: each finding is produced for real on the lab.
@Suite(.waiting, .timeLimit(.minutes(10))) struct DoctorForClusters {
    private let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal(options: ["--release", "10.5"]) }

    /// The findings of the cluster's checks, by code.
    private func findings() throws -> [String: String] {
        let result = try rehearsal.run(
            Programs.path("etoken-bridge"), ["doctor", "--cluster", "lab", "--json"] + rehearsal.moduleOptions)
        let document = try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
        let all = try #require(document["findings"] as? [[String: Any]])
        let ours = all.filter { ($0["check"] as? String)?.hasPrefix("cluster-") == true }
        let isProblem = all.contains { $0["severity"] as? String == "problem" }
        #expect(result.status == (isProblem ? 1 : 0))
        return ours.reduce(into: [:]) { $0[$1["code"] as? String ?? ""] = $1["text"] as? String }
    }

    @Test func aWellClusterIsSaidToBeWell() throws {
        let before = try rehearsal.clusterState()
        let found = try findings()
        #expect(
            Set(found.keys) == ["ports-answer", "keys-match", "accounts-accepted", "release-known", "consistent"],
            "\(found)")
        #expect(try rehearsal.clusterState() == before)
    }

    @Test func aNodeThatIsDownAndAServiceThatIs() throws {
        try rehearsal.fault(Rehearsal.subscriber, "down")
        let found = try findings()
        #expect(found["node-not-reached"]?.contains(Rehearsal.subscriber) == true, "\(found)")
        #expect(found["node-not-read"] != nil)
    }

    @Test func anAddressThatCannotBeResolved() throws {
        let path = rehearsal.folder.file("config/etoken-bridge/config.toml")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        // The subscriber's address, which comes last.
        let line = try #require(text.split(separator: "\n").last { $0.hasPrefix("address = ") })
        rehearsal.folder.write(
            "config/etoken-bridge/config.toml",
            text.replacingOccurrences(of: line, with: "address = \"no-such-node.invalid\""))
        let found = try findings()
        #expect(found["name-not-resolved"]?.contains("no-such-node.invalid") == true, "\(found)")
    }

    @Test(arguments: [("tls-key", "TLS"), ("ssh-key", "SSH")])
    func aChangedKey(fault: String, kind: String) throws {
        try rehearsal.fault(Rehearsal.publisher, fault)
        let found = try findings()
        #expect(found["key-changed"]?.contains("The \(kind) key of \(Rehearsal.publisher)") == true, "\(found)")
        // There is no login if the publisher's key has changed.
        #expect(found["accounts-accepted"] == nil && found["consistent"] == nil)
    }

    @Test func aRefusedLoginIsTriedOnce() throws {
        try rehearsal.fault(Rehearsal.publisher, "login-refused")
        let found = try findings()
        #expect(found["node-not-read"] != nil || found["login-refused"] != nil, "\(found)")
        #expect(found["accounts-accepted"] == nil)
    }

    @Test func replicationThatIsBroken() throws {
        try rehearsal.fault(Rehearsal.subscriber, "replication")
        #expect(try findings()["replication-broken"]?.contains(Rehearsal.subscriber) == true)
    }

    @Test func differentFilesAndAFileThatIsMissing() throws {
        let file = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        rehearsal.folder.write("lab/nodes/\(Rehearsal.subscriber)/tftp/CTLFile.tlv", file + [0], mode: 0o644)
        #expect(try findings()["files-differ"] != nil)
        try FileManager.default.removeItem(
            atPath: rehearsal.folder.file("lab/nodes/\(Rehearsal.subscriber)/tftp/CTLFile.tlv"))
        #expect(
            try findings()["no-file-in-mixed-mode"]?.contains(
                "No CTL File exists on the server but the Call Manager Cluster Security Mode is in Secure Mode") == true
        )
    }
}

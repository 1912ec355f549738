import Foundation
import ServerFixtures
import Testing

/// `phones explain` on the logs that the lab's phones and its TVS write, against what the phones themselves say they did.
@Suite(.waiting, .timeLimit(.minutes(10))) struct PhonesExplaining {
    let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    private func explain(_ path: String) throws -> (status: Int32, conclusions: [[String: Any]], errors: String) {
        let result = try rehearsal.bridge("phones", "explain", path, "--json")
        guard !result.output.isEmpty else { return (result.status, [], result.errors) }
        let document = try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
        return (result.status, try #require(document["conclusions"] as? [[String: Any]]), result.errors)
    }

    /// The columns of `cluster-lab phones`.
    private func phones() throws -> [[String: String]] {
        let result = try rehearsal.run(Programs.path("cluster-lab"), ["phones", rehearsal.folder.file("lab")])
        let rows = result.output.split(separator: "\n").map {
            $0.split(separator: ",", maxSplits: 10, omittingEmptySubsequences: false).map(String.init)
        }
        return rows.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(rows[0], $0)) }
    }

    /// The last conclusion about the CTL file in a phone's log is what the phone did at its last start.
    private func check(_ expected: [String: [String]]) throws {
        for phone in try phones() {
            let log = rehearsal.folder.file("lab/phones/\(phone["name"]!)/console.log")
            let (status, conclusions, errors) = try explain(log)
            let last = try #require(
                conclusions.last { ($0["subject"] as? String)?.hasPrefix("CTL") == true }, "\(errors)")
            let rules = try #require(last["rules"] as? [String])
            #expect(last["outcome"] as? String == phone["outcome"])
            #expect(rules.contains { $0.hasPrefix(phone["rule"]!) }, "\(rules) \(phone)")
            #expect(rules == expected[phone["model"]!], "\(phone)")
            let refused = conclusions.contains { $0["outcome"] as? String == "refused" }
            #expect(status == (refused ? 9 : 0))
            let lines = rehearsal.folder.text("lab/phones/\(phone["name"]!)/console.log").split(separator: "\n")
            for quote in try #require(last["quotes"] as? [[String: Any]]) {
                let (line, text) = (try #require(quote["line"] as? Int), try #require(quote["text"] as? String))
                #expect(lines[line - 1].hasSuffix(text))
            }
        }
    }

    @Test func whatThePhonesWrote() throws {
        try check(["Cisco 7975": ["1-first-use"], "Cisco 8861": ["1-first-use"], "Cisco 7960": ["1-first-use"]])
        let migrated = try rehearsal.migrate()
        #expect(migrated.status == 0, "\(migrated.errors)")
        try check([
            "Cisco 7975": ["3-vouched-by-tvs"], "Cisco 8861": ["3-vouched-by-tvs"],
            "Cisco 7960": ["4-no-security-by-default", "4-not-vouched", "4-other-key"],
        ])
        let trace = try explain(rehearsal.folder.file("lab/nodes/\(Rehearsal.publisher)/tvs.log"))
        let vouched = trace.conclusions.filter { ($0["rules"] as? [String]) == ["3-vouched-by-tvs"] }
        // The change also asks about the previous file's signer, for the price of the way back.
        let subjects = vouched.compactMap { $0["subject"] as? String }.filter { !$0.hasPrefix("CN=cucm-1051-a-pub;") }
        #expect(subjects.count >= 2 && vouched.allSatisfy { $0["subject"] is String })
        #expect(subjects.allSatisfy { $0.hasPrefix("cn=\"SAST-ADN00") })

        _ = try rehearsal.commandLine(Rehearsal.publisher, "utils ctl update CTLFile\ny")
        let restarted = try rehearsal.bridge("phones", "restart", "--cluster", "lab", "--all", "--yes")
        #expect(restarted.status == 0, "\(restarted.errors)")
        try waitUntil("all phones are registered") { try phones().allSatisfy { $0["registered"]?.isEmpty == false } }
        let known = ["2-signer-in-held-ctl", "3-signer-in-itl"]
        try check(["Cisco 7975": known, "Cisco 8861": known, "Cisco 7960": known])
    }

    @Test func aLogThatSaysNothing() throws {
        let log = rehearsal.folder.write("other.log", "Nov 23 08:00:00 host kernel: hello\n")
        let nothing = try rehearsal.bridge("phones", "explain", log)
        #expect(
            nothing.status == 1 && nothing.output.isEmpty && nothing.errors.contains("contains no line of a phone log"))
        rehearsal.folder.write("other.log", "1: NOT 08:00:00.000000 JVM: nothing\n")
        let other = try rehearsal.bridge("phones", "explain", log)
        #expect(other.status == 1 && other.errors.contains("a log of 1 entries"))
        let missing = try rehearsal.bridge("phones", "explain", rehearsal.folder.file("none.log"))
        #expect(missing.status != 0 && missing.errors.contains("none.log"))
    }
}

import Configuration
import Foundation
import ServerFixtures
import Testing

/// Clusters of the configuration: the default one, single settings, names, and keys that changed.
@Suite(.waiting, .timeLimit(.minutes(10))) struct ClusterEditing {
    let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    private var file: String { rehearsal.folder.file("config/etoken-bridge/config.toml") }

    private func load() throws -> ConfigurationFile { try ConfigurationFile.load(from: file) }

    private func second() throws {
        var file = try load()
        var other = try #require(file.cluster("lab"))
        other.name = "other"
        file.set(other)
        try file.save(to: self.file)
    }

    /// Help is of no cluster, and needs none.
    @Test(arguments: [["migrate", "resume"], ["phones", "restart"], ["cluster", "show"]])
    func helpNeedsNoCluster(command: [String]) throws {
        let rehearsal = try Rehearsal(lab: false)
        let help = try rehearsal.run(Programs.path("etoken-bridge"), command + ["--help"])
        #expect(help.status == 0 && help.output.hasPrefix("OVERVIEW: ") && help.errors.isEmpty, "\(help)")
    }

    @Test func theOnlyClusterIsTheDefault() throws {
        let named = try rehearsal.bridge("cluster", "show", "--cluster", "lab")
        let result = try rehearsal.bridge("cluster", "show")
        #expect(result.status == 0 && result.errors == "Cluster: lab (the only one)\n", "\(result)")
        #expect(named.errors.isEmpty && named.output == result.output)
        let status = try rehearsal.bridge("migrate", "status")
        #expect(status.status == 2 && status.errors.contains("Cluster: lab (the only one)"), "\(status)")
    }

    @Test func amongSeveralOneIsChosen() throws {
        try second()
        let asked = try rehearsal.bridge("cluster", "show")
        #expect(asked.status == 64 && asked.errors.contains("there are several: lab, other."), "\(asked)")
        // As printed.
        let advice = try #require(asked.errors.components(separatedBy: "every command: etoken-bridge ").last)
        let words = advice.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(try rehearsal.run(Programs.path("etoken-bridge"), words).status == 0, "\(words)")
        let used = try rehearsal.bridge("cluster", "show")
        #expect(used.status == 0 && used.errors == "Cluster: lab (chosen with cluster use)\n", "\(used)")

        let variable = try rehearsal.run(
            "/usr/bin/env", ["ETOKEN_BRIDGE_CLUSTER=other", Programs.path("etoken-bridge"), "cluster", "show"])
        #expect(variable.errors == "Cluster: other (ETOKEN_BRIDGE_CLUSTER)\n", "\(variable)")
        let wrong = try rehearsal.run(
            "/usr/bin/env", ["ETOKEN_BRIDGE_CLUSTER=gone", Programs.path("etoken-bridge"), "cluster", "show"])
        #expect(wrong.status == 2 && wrong.errors.contains("\"gone\""), "\(wrong)")
    }

    @Test func oneSettingIsChangedAndNothingElse() throws {
        let before = try #require(try load().cluster("lab"))
        let name = Rehearsal.subscriber
        let edit = [
            "cluster", "edit", "--cluster", "lab", "--set", "\(name).tftp_port=6969", "--application-user", "axladmin",
        ]
        let asked = try rehearsal.run(Programs.path("etoken-bridge"), edit)
        #expect(asked.status == 64 && asked.errors.contains("axladmin"), "\(asked)")
        #expect(try load().cluster("lab") == before)
        let done = try rehearsal.run(Programs.path("etoken-bridge"), edit + ["--yes"])
        #expect(done.status == 0, "\(done)")
        var expected = before
        let index = try #require(expected.nodes.firstIndex { $0.name == name })
        expected.nodes[index].tftpPort = 6969
        expected.application?.user = "axladmin"
        #expect(try load().cluster("lab") == expected)
        let again = try rehearsal.run(Programs.path("etoken-bridge"), edit + ["--yes"])
        #expect(again.status == 0 && again.errors.contains("nothing was changed"), "\(again)")
    }

    /// What a program gets of each change of the configuration is the cluster as it was left, or as it went.
    @Test func programsLearnWhatChanged() throws {
        for (words, name) in [
            (["use", "lab"], "lab"), (["rename", "lab", "hq"], "hq"), (["remove", "hq", "--yes"], "hq"),
        ] {
            let result = try rehearsal.run(Programs.path("etoken-bridge"), ["cluster"] + words + ["--json"])
            #expect(try result.status == 0 && result.json()["name"] as? String == name, "\(words): \(result)")
        }
    }

    @Test func renamedAndRemoved() throws {
        #expect(try rehearsal.bridge("cluster", "use", "lab").status == 0)
        let renamed = try rehearsal.bridge("cluster", "rename", "lab", "hq")
        #expect(renamed.status == 0, "\(renamed)")
        #expect(try load().clusters.map(\.name) == ["hq"] && load().defaultCluster == "hq")
        #expect(try rehearsal.bridge("cluster", "remove", "hq").status == 64)
        #expect(try rehearsal.bridge("cluster", "remove", "hq", "--yes").status == 0)
        #expect(try load() == ConfigurationFile())
        let none = try rehearsal.bridge("cluster", "show")
        #expect(none.status == 2 && none.errors.contains("etoken-bridge cluster add"), "\(none)")
    }

    /// Whoever pins a key has seen both; the advice of the refusal leads there.
    @Test func aChangedKeyIsConfirmed() throws {
        let name = Rehearsal.subscriber
        let right = try #require(try load().cluster("lab")?.node(name)?.tlsPin)
        let wrong = "sha256//" + String(repeating: "A", count: 43) + "="
        var changed = try load()
        var cluster = try #require(changed.cluster("lab"))
        let index = try #require(cluster.nodes.firstIndex { $0.name == name })
        cluster.nodes[index].tlsPin = wrong
        changed.set(cluster)
        try changed.save(to: file)

        let confirm = ["cluster", "confirm-key", name]
        let refused = try rehearsal.run(Programs.path("etoken-bridge"), confirm)
        #expect(refused.status == 7, "\(refused)")
        for part in [wrong, right, "show cert own tomcat", "--tls-pin \(right)"] {
            #expect(refused.errors.contains(part), "\(part): \(refused.errors)")
        }
        #expect(try load() == changed)
        // Neither another key, nor the right one for another purpose.
        for option in [["--tls-pin", wrong], ["--tvs-pin", right], ["--ssh-host-key", right]] {
            let other = try rehearsal.run(Programs.path("etoken-bridge"), confirm + option)
            #expect(try other.status == 7 && load() == changed, "\(option): \(other)")
        }

        let (status, screen) = try rehearsal.onTerminal(confirm, [("Type yes or no", "no")])
        #expect(try status == 7 && load() == changed, "\(screen)")
        let named = try rehearsal.run(Programs.path("etoken-bridge"), confirm + ["--tls-pin", right])
        #expect(try named.status == 0 && load() != changed, "\(named)")
        try changed.save(to: file)
        let (done, shown) = try rehearsal.onTerminal(confirm, [("Type yes or no", "yes")])
        #expect(done == 0, "\(shown)")
        #expect(try load().cluster("lab")?.node(name)?.tlsPin == right)
        let again = try rehearsal.run(Programs.path("etoken-bridge"), confirm)
        #expect(again.status == 0 && again.output.contains("nothing was changed"), "\(again)")
    }

    @Test func restartsAreShownBeforehand() throws {
        let result = try rehearsal.bridge("cluster", "restart-services", "--dry-run", "--json")
        #expect(result.status == 0 && result.output.contains("\"planned\""), "\(result)")
        #expect(!result.output.contains("\"restarted\""), "\(result)")
    }
}

import ServerFixtures
import Testing

/// Shapes of a configuration: which nodes serve trust lists, and what is refused.
@Suite(.waiting, .timeLimit(.minutes(10))) struct ConfigurationShapes {
    /// Writes `tftp = false` for nodes, the publisher first.
    private func configure(_ rehearsal: Rehearsal, serving: [Bool]) {
        let file = "config/etoken-bridge/config.toml"
        var parts = rehearsal.folder.text(file).split(separator: "[[clusters.\"lab\".nodes]]\n").map(String.init)
        #expect(parts.count == serving.count + 1)
        for (index, serves) in serving.enumerated() where !serves {
            parts[index + 1] = "tftp = false\n" + parts[index + 1]
        }
        rehearsal.folder.write(file, parts.joined(separator: "[[clusters.\"lab\".nodes]]\n"))
    }

    /// No node to deploy to is no success.
    @Test func aClusterWithoutNodesThatServeIsRefused() throws {
        let rehearsal = try Rehearsal()
        let before = try rehearsal.clusterState()
        configure(rehearsal, serving: [false, false])
        let file = rehearsal.folder.file("lab/nodes/\(Rehearsal.publisher)/tftp/CTLFile.tlv")
        let commands = [
            ["ctl", "deploy", file, "--cluster", "lab", "--yes"],
            ["ctl", "fetch", "--cluster", "lab", "--output", rehearsal.folder.file("got.tlv")],
            ["ctl", "delete", "--cluster", "lab", "--yes"], ["cluster", "status", "--cluster", "lab"],
            ["migrate", "to-tokenless", "--cluster", "lab", "--dry-run"],
            ["migrate", "prepare-downgrade", "--cluster", "lab", "--to", "9.1"],
        ]
        for command in commands {
            let result = try rehearsal.run(Programs.path("etoken-bridge"), command)
            #expect(result.status == 64 || result.status == 1, "\(command) \(result.status) \(result.errors)")
            #expect(
                result.errors.contains("no node of cluster lab serves TFTP: set tftp = true for one"),
                "\(command) \(result.errors)")
        }
        #expect(try rehearsal.clusterState() == before)
    }

    /// The publisher of a large cluster does not serve phones.
    @Test func aPublisherThatDoesNotServeIsLeftOut() throws {
        let rehearsal = try Rehearsal()
        configure(rehearsal, serving: [false, true])
        let fetched = try rehearsal.ctl(["fetch", "--cluster", "lab", "-o", rehearsal.folder.file("got.tlv")])
        #expect(fetched.status == 0 && !fetched.output.contains(Rehearsal.publisher), "\(fetched.errors)")
        #expect(rehearsal.folder.bytes("got.tlv") == rehearsal.ctlFile(Rehearsal.subscriber))
        let deleted = try rehearsal.ctl(["delete", "--cluster", "lab", "--yes", "--any-mode"])
        #expect(deleted.status == 0, "\(deleted.errors)")
        #expect(rehearsal.ctlFile(Rehearsal.subscriber) == nil && rehearsal.ctlFile(Rehearsal.publisher) != nil)
        let deployed = try rehearsal.ctl(["deploy", rehearsal.folder.file("got.tlv"), "--cluster", "lab", "--yes"])
        #expect(deployed.status == 0, "\(deployed.errors)")
        #expect(rehearsal.ctlFile(Rehearsal.subscriber) == rehearsal.folder.bytes("got.tlv"))
        let planned = try rehearsal.bridge(
            "migrate", "to-tokenless", "--cluster", "lab", "--dry-run", "--accept-stranded")
        #expect(planned.status == 0, "\(planned.errors)")
    }
}

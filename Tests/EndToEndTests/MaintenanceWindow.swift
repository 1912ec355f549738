import Foundation
import ServerFixtures
import Testing

/// The services of a change restart in waves, and no registered phone is without a server meanwhile: the lab counts it.
@Suite(.waiting, .timeLimit(.minutes(10))) struct MaintenanceWindow {
    private static let lab = ["--nodes", "4", "--groups", "2", "--phones", "60", "--durations", "real/100"]
    private static let nodes = [Rehearsal.publisher] + (1...3).map { "cucm-1051-a-sub\($0)" }
    private static let waves =
        "in 3 rounds, the nodes of a round at once: Cisco Tftp on \(nodes.joined(separator: ", ")); "
        + "Cisco CallManager on \(nodes[0]), \(nodes[1]); Cisco CallManager on \(nodes[2]), \(nodes[3])"

    private func status(_ rehearsal: Rehearsal) throws -> [String: Any] {
        try rehearsal.run(Programs.path("cluster-lab"), ["status", rehearsal.folder.file("lab"), "--json"]).json()
    }

    /// When which service went down and came up: `a` for the node's command, `A` once it is started.
    private func order(_ rehearsal: Rehearsal, _ service: String) -> String {
        let names = Dictionary(uniqueKeysWithValues: zip(Self.nodes, ["a", "b", "c", "d"]))
        return rehearsal.folder.text("lab/lab.log").split(separator: "\n").compactMap { line -> String? in
            guard let node = Self.nodes.last(where: { line.contains("\($0): ") }), let name = names[node] else {
                return nil
            }
            if line.hasSuffix("admin:utils service restart \(service)") { return name }
            return line.hasSuffix(": \(service) is started") ? name.uppercased() : nil
        }.joined()
    }

    @Test func noPhoneIsWithoutAServer() throws {
        let rehearsal = try Rehearsal(options: Self.lab)
        let planned = try rehearsal.migrate("--dry-run")
        #expect(planned.output.contains(Self.waves), "\(planned)")
        let result = try rehearsal.migrate()
        #expect(result.status == 0, "\(result.errors)")
        let order = self.order(rehearsal, "Cisco CallManager")
        // Two at once, and the next two once both are up.
        #expect(
            order.count == 8 && Set(order.prefix(2)) == ["a", "b"] && Set(order.prefix(4)) == ["a", "b", "A", "B"],
            "\(order)")
        #expect(Set(order.dropFirst(4).prefix(2)) == ["c", "d"], "\(order)")
        #expect(Set(self.order(rehearsal, "Cisco Tftp").prefix(4)) == ["a", "b", "c", "d"])
        let after = try status(rehearsal)
        #expect(after["losses"] as? Int == 0 && after["unserved"] as? Int == 0)
        #expect(after["busySeconds"] as? Double ?? 0 > 3.6)
        // The way back restarts them in the same way.
        let back = try rehearsal.bridge("migrate", "rollback", "--cluster", "lab", "--yes", "--accept-stranded")
        #expect(back.status == 0, "\(back.errors)")
        #expect(self.order(rehearsal, "Cisco CallManager").count == 16)
        #expect(try status(rehearsal)["losses"] as? Int == 0)
    }

    /// Five nodes in two groups: while the third one of the first group restarts, phones of the second one are told.
    @Test func phonesOfAGroupThatIsThroughDoNotWait() throws {
        let rehearsal = try Rehearsal(options: [
            "--nodes", "5", "--groups", "2", "--phones", "60", "--durations", "real/100",
        ])
        let result = try rehearsal.migrate()
        #expect(result.status == 0, "\(result.errors)")
        let folder = "state/etoken-bridge/journals/"
        let names = try FileManager.default.contentsOfDirectory(atPath: rehearsal.folder.file(folder))
        let lines = rehearsal.folder.text(folder + (try #require(names.first))).split(separator: "\n")
        let told = try #require(lines.firstIndex { $0.contains("phonesRestarted") })
        let last = try #require(lines.lastIndex { $0.contains("Cisco CallManager") && $0.contains("\"restarted\"") })
        #expect(told < last, "\(told), \(last)")
        #expect(try status(rehearsal)["losses"] as? Int == 0)
    }

    @Test func oneByOne() throws {
        let rehearsal = try Rehearsal(options: Self.lab)
        let result = try rehearsal.migrate("--one-by-one", "--no-phone-restart")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("one after the other: Cisco Tftp on"), "\(result.errors)")
        #expect(order(rehearsal, "Cisco Tftp") == "aAbBcCdD")
        #expect(order(rehearsal, "Cisco CallManager") == "aAbBcCdD")
    }

    /// Killed in the middle of a wave: the next run restarts what is not known to have restarted, and no phone loses its
    /// second server meanwhile.
    @Test(arguments: ["4 of 8 services", "6 of 8 services"]) func killedWithinAWave(point: String) throws {
        let rehearsal = try Rehearsal(options: Self.lab)
        let run = try ChildProcess(
            [Programs.path("etoken-bridge")] + rehearsal.migrationArguments(output: rehearsal.folder.file("out"))
                + ["--accept-stranded", "--progress", "json-lines"], output: "/dev/null",
            errors: rehearsal.folder.file("first.log"),
            environment: rehearsal.variables)
        waitUntil("it says \(point)") { rehearsal.folder.text("first.log").contains(point) }
        let wave = point.hasPrefix("4") ? ["a", "b"] : ["c", "d"]
        waitUntil("both nodes are told") { wave.allSatisfy { self.order(rehearsal, "Cisco CallManager").contains($0) } }
        run.signal(SIGKILL)
        #expect(run.wait() == 128 + SIGKILL)
        let resumed = try rehearsal.bridge("migrate", "resume", "--cluster", "lab", "--yes")
        #expect(resumed.status == 0, "\(resumed.errors)")
        let order = self.order(rehearsal, "Cisco CallManager")
        for name in ["a", "b", "c", "d"] {
            #expect(order.count { String($0) == name } == (wave.contains(name) ? 2 : 1), "\(order)")
        }
        #expect(self.order(rehearsal, "Cisco Tftp").count == 8)
        #expect(try status(rehearsal)["losses"] as? Int == 0)
    }
}

import Foundation
import ServerFixtures
import Testing
import TrustList

/// cluster restart-services and set-mode against the lab, with the state of every node compared before and after.
@Suite(.waiting, .timeLimit(.minutes(10))) struct ClusterChanges {
    let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    private func cluster(_ arguments: String...) throws -> Rehearsal.Result {
        try rehearsal.run(
            Programs.path("etoken-bridge"), ["cluster"] + arguments + ["--cluster", "lab"])
    }

    private func document(_ result: Rehearsal.Result) throws -> [String: Any] {
        try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
    }

    /// The commands that were run on the lab's nodes, in order: node and command.
    private func commands(_ prefix: String) -> [String] {
        rehearsal.folder.text("lab/lab.log").split(separator: "\n").compactMap { line in
            guard let command = line.firstRange(of: "admin:\(prefix)"), let node = line.firstRange(of: "cucm-") else {
                return nil
            }
            let name = line[node.lowerBound...].prefix { $0 != ":" }
            return "\(name) \(line[command.lowerBound...].dropFirst("admin:".count))"
        }
    }

    /// The activated ones among those that a restart concerns.
    private func services(_ node: String) throws -> [Substring] {
        try rehearsal.commandLine(node, "utils service list").split(whereSeparator: \.isNewline).filter {
            ["Cisco Tftp[", "Cisco CallManager[", "Cisco Trust Verification Service["].contains(where: $0.hasPrefix)
                && !$0.contains("Not Activated")
        }
    }

    // MARK: - restart-services

    @Test func servicesAreRestartedInASafeOrder() throws {
        let before = try rehearsal.clusterState()
        let unasked = try cluster("restart-services")
        #expect(unasked.status == 64 && unasked.errors.contains("--yes"))
        #expect(commands("utils service restart").isEmpty)

        let (pub, sub) = (Rehearsal.publisher, Rehearsal.subscriber)
        let restarted = try cluster("restart-services", "--yes", "--json")
        #expect(restarted.status == 0, "\(restarted.errors)")
        #expect(
            commands("utils service restart") == [
                "\(pub) utils service restart Cisco Trust Verification Service",
                "\(pub) utils service restart Cisco Tftp",
                "\(sub) utils service restart Cisco Tftp", "\(pub) utils service restart Cisco CallManager",
                "\(sub) utils service restart Cisco CallManager",
            ])
        let steps = try #require(try document(restarted)["steps"] as? [[String: String]])
        #expect(steps.count == 5 && steps.allSatisfy { $0["state"] == "restarted" })
        #expect(try rehearsal.clusterState() == before)

        // A stopped service is up afterwards, and only what was specified is touched.
        try rehearsal.commandLine(sub, "utils service stop Cisco Tftp")
        #expect(try services(sub).contains { $0.contains("Cisco Tftp[STOPPED]") })
        let one = try cluster("restart-services", "--service", "tftp", "--node", sub, "--yes")
        #expect(one.status == 0, "\(one.errors)")
        let up = try services(sub)
        #expect(up.count == 2 && up.allSatisfy { $0.contains("[STARTED]") })
        #expect(commands("utils service restart").count == 6)
    }

    @Test func whatCannotBeRestartedIsSaidBeforeAnythingGoesDown() throws {
        let none = try cluster("restart-services", "--service", "tvs", "--node", Rehearsal.subscriber, "--yes")
        #expect(none.status == 2 && none.errors.contains("Cisco Trust Verification Service is not activated"))
        #expect(try cluster("restart-services", "--node", "nobody", "--yes").status == 2)
        #expect(try cluster("restart-services", "--service", "tomcat", "--yes").status == 64)
        try rehearsal.fault(Rehearsal.subscriber, "down")
        let down = try cluster("restart-services", "--yes")
        #expect(down.status == 6 && down.errors.contains(Rehearsal.subscriber), "\(down.errors)")
        #expect(commands("utils service restart").isEmpty)
        // The others can be restarted by name.
        #expect(try cluster("restart-services", "--node", Rehearsal.publisher, "--yes").status == 0)
    }

    @Test(arguments: ["ssh_host_key", "password_file"])
    func aWrongKeyOrPasswordRestartsNothing(key: String) throws {
        try rehearsal.replaceInConfiguration(
            key,
            with: key == "ssh_host_key"
                ? "SHA256:" + String(repeating: "A", count: 43) : rehearsal.folder.write("wrong", "nonsense\n"))
        let before = try rehearsal.clusterState()
        for command in [["restart-services"], ["set-mode", "non-secure"]] {
            let result = try rehearsal.run(
                Programs.path("etoken-bridge"), ["cluster"] + command + ["--cluster", "lab", "--yes"])
            #expect(result.status == 7, "\(result.errors)")
            #expect(!result.errors.contains("nonsense"))
        }
        #expect(commands("").isEmpty)
        #expect(try rehearsal.clusterState() == before)
    }

    // MARK: - set-mode

    private func mode() throws -> String? {
        let output = try rehearsal.commandLine(
            Rehearsal.publisher, "run sql select paramvalue from processconfig where paramname='ClusterSecurityMode'")
        return output.split(whereSeparator: \.isNewline).map { $0.filter { !$0.isWhitespace } }
            .first { $0 == "0" || $0 == "1" }
    }

    @Test func theModeIsSetBothWays() throws {
        let before = try rehearsal.clusterState()
        #expect(try mode() == "1")
        let already = try cluster("set-mode", "mixed", "--yes", "--json")
        #expect(already.status == 0, "\(already.errors)")
        #expect(try document(already)["state"] as? String == "already-so")
        let unasked = try cluster("set-mode", "non-secure")
        #expect(unasked.status == 64, "\(unasked.errors)")
        #expect(commands("utils ctl").isEmpty)
        #expect(try rehearsal.clusterState() == before)

        let nonSecure = try cluster("set-mode", "non-secure", "--yes", "--json")
        #expect(nonSecure.status == 0, "\(nonSecure.errors)")
        let report = try document(nonSecure)
        #expect(report["securityMode"] as? String == "mixed" && report["kind"] as? String == "set-non-secure-mode")
        #expect(report["state"] as? String == "finished" && report["backup"] != nil)
        #expect(try mode() == "0")
        #expect(rehearsal.ctlFile(Rehearsal.publisher) == rehearsal.ctlFile(Rehearsal.subscriber))
        let mixed = try cluster("set-mode", "mixed", "--yes")
        #expect(mixed.status == 0 && mixed.output.contains("The cluster switches to mixed mode"), "\(mixed.errors)")
        #expect(try mode() == "1")
        #expect(try cluster("status").status == 0)
    }

    /// The file of a cluster that was signed by hardware tokens is not replaced by one signed by CallManager without
    /// being asked.
    @Test func aTokenFileIsNotReplacedUnasked() throws {
        for token in Rehearsal.tokens {
            #expect(try rehearsal.token("export", token, "--output", rehearsal.folder.path).status == 0)
        }
        let file = rehearsal.folder.file("token.tlv")
        let built = try rehearsal.ctl(
            ["build", "--output", file]
                + Rehearsal.tokens.flatMap { ["--record", "sast:\(rehearsal.folder.file("\($0).pem"))"] }
                + rehearsal.signing(Rehearsal.tokens[0]))
        #expect(built.status == 0, "\(built.errors)")
        rehearsal.replaceCTLFile(try #require(rehearsal.folder.bytes("token.tlv")))
        let before = try rehearsal.clusterState()
        let refused = try cluster("set-mode", "non-secure", "--yes")
        #expect(refused.status == 9 && refused.errors.contains("--accept-stranded"), "\(refused.errors)")
        #expect(try mode() == "1")
        #expect(try rehearsal.clusterState() == before)
        let accepted = try cluster("set-mode", "non-secure", "--yes", "--accept-stranded")
        #expect(accepted.status == 0, "\(accepted.errors)")
        #expect(try rehearsal.clusterState() != before)
    }

    @Test func whatGoesWrongIsSaid() throws {
        let before = try rehearsal.clusterState()
        try rehearsal.fault(Rehearsal.subscriber, "down")
        let down = try cluster("set-mode", "non-secure", "--yes")
        #expect(down.status == 6 && down.errors.contains(Rehearsal.subscriber), "\(down.errors)")
        #expect(try mode() == "1")
        #expect(try rehearsal.clusterState() == before)
        // The cluster cannot write its file on a node: that node is named, and everything is restored.
        try rehearsal.fault(Rehearsal.subscriber, "disk-full")
        let full = try cluster("set-mode", "non-secure", "--yes")
        #expect(full.status == 1 && full.errors.contains(Rehearsal.subscriber), "\(full.errors)")
        #expect(full.errors.contains("the cluster is as it was"), "\(full.errors)")
        #expect(try mode() == "1")
        #expect(try rehearsal.clusterState() == before)
        #expect(try cluster("set-mode", "quantum", "--yes").status == 64)
    }
}

/// What an old release cannot do is said before anyone looks for a token; what it can do, is done.
@Suite(.waiting, .timeLimit(.minutes(10))) struct OldReleases {
    @Test func theModeIsTheCTLClients() throws {
        let rehearsal = try Rehearsal(options: ["--release", "9.1"])
        let mode = try rehearsal.bridge(
            "cluster", "set-mode", "non-secure", "--cluster", "lab", "--yes", "--token", "nobody", "--token", "no-one")
        #expect(mode.status == 1 && mode.errors.contains("which has no utils ctl command"), "\(mode.errors)")
        #expect(mode.errors.contains("Set the mode with Cisco's CTL Client"), "\(mode.errors)")
        #expect(!mode.errors.contains("nobody"))
    }

    /// An operator who started as the technote does has deleted the file on every node.
    @Test(arguments: ["9.1", "12.5"]) func aFileThatIsGoneIsMadeFromTheNodes(release: String) throws {
        let rehearsal = try Rehearsal(options: ["--release", release])
        let deleted = try rehearsal.bridge("ctl", "delete", "--cluster", "lab", "--any-mode", "--yes")
        #expect(deleted.status == 0 && rehearsal.ctlFile(Rehearsal.subscriber) == nil, "\(deleted.errors)")
        let restart = try rehearsal.bridge(
            "cluster", "restart-services", "--cluster", "lab", "--service", "tftp", "--yes")
        #expect(restart.status == 0, "\(restart.errors)")
        let done = try rehearsal.migrate()
        #expect(done.status == 0, "\(done.errors)")
        let file = try TrustListFile(decoding: #require(rehearsal.ctlFile(Rehearsal.subscriber)))
        let roles = file.records.map { $0.role?.text ?? "?" }
        #expect(roles.filter { $0 == "CCM+TFTP" }.count == 2 && roles.filter { $0 == "CAPF" }.count == 1, "\(roles)")
        #expect(roles.filter { $0 == "SAST" }.count == (release == "9.1" ? 2 : 4), "\(roles)")
        #expect(file.signerRecord?.isToken == true)
        let status = try rehearsal.bridge("cluster", "status", "--cluster", "lab")
        #expect(status.status == 0, "\(status.output)")
    }
}

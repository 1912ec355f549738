import Foundation
import ServerFixtures
import Testing

/// Every fault of the lab that a distribution can meet: the cluster is changed on every node, or on none.
@Suite(.waiting, .timeLimit(.minutes(10))) struct DistributionFaults {
    private struct Case {
        let rehearsal: Rehearsal
        let file: String
        let new: [UInt8]

        init(options: [String] = []) throws {
            rehearsal = try Rehearsal(options: options)
            for token in Rehearsal.tokens {
                #expect(try rehearsal.token("export", token, "--output", rehearsal.folder.path).status == 0)
            }
            file = rehearsal.folder.file("new.tlv")
            let folder = rehearsal.folder
            let built = try rehearsal.ctl(
                ["build", "--output", file]
                    + Rehearsal.tokens.flatMap { ["--record", "sast:\(folder.file("\($0).pem"))"] }
                    + rehearsal.signing(Rehearsal.tokens[0]))
            #expect(built.status == 0, "\(built.errors)")
            new = try #require(folder.bytes("new.tlv"))
        }

        func deploy(_ extra: String...) throws -> Rehearsal.Result {
            try rehearsal.ctl(["deploy", file, "--cluster", "lab", "--yes", "--allow-missing-servers"] + extra)
        }

        func delete(_ extra: String...) throws -> Rehearsal.Result {
            try rehearsal.ctl(["delete", "--cluster", "lab", "--yes", "--any-mode"] + extra)
        }

        func cluster(_ arguments: String...) throws -> Rehearsal.Result {
            try rehearsal.run(Programs.path("etoken-bridge"), ["cluster"] + arguments + ["--cluster", "lab"])
        }

        func isEverywhere(_ bytes: [UInt8]?) throws -> Bool {
            let nodes = try FileManager.default.contentsOfDirectory(atPath: rehearsal.folder.file("lab/nodes"))
            return nodes.allSatisfy { rehearsal.ctlFile($0) == bytes }
        }
    }

    /// With a fault on one of two nodes, either one: each node has what it had, or each has the new file.
    @Test(arguments: [
        ("disk-full", 1), ("login-refused", 7), ("too-many-logins", 7), ("session-expired", 1), ("cut-upload", 8),
        ("cut-answer", 0), ("tls-key", 7), ("slow", 0), ("ssh-key", 7), ("replication", 0), ("slow-start", 0),
    ])
    func aDeploymentIsWholeOrNotAtAll(fault: String, status: Int32) throws {
        let test = try Case()
        let rehearsal = test.rehearsal
        for node in [Rehearsal.subscriber, Rehearsal.publisher] {
            let before = try rehearsal.clusterState()
            try rehearsal.fault(node, fault, "--delay", "0.3")
            let result = try test.deploy()
            #expect(result.status == status, "\(fault): \(result.errors)")
            if result.status == 0 {
                #expect(try test.isEverywhere(test.new))
            } else {
                // Every upload is cut: what the node has stored cannot be proven while the fault lasts.
                let text =
                    status == 8 ? "it is not certain that \(node) still has what it had" : "every node is as it was"
                #expect(result.errors.contains(text), "\(result.errors)")
                #expect(result.errors.contains(node))
                #expect(try rehearsal.clusterState() == before, "\(fault) on \(node)")
            }
            try rehearsal.fault(node, "none")
            #expect(try test.deploy().status == 0)
            #expect(try test.isEverywhere(test.new))
            // Back, for the next round.
            try rehearsal.restore(before)
        }
    }

    /// Nodes that serve from memory: undone if that is not handled, done if Cisco Tftp may be restarted.
    @Test(arguments: [false, true]) func nodesThatServeFromMemory(slowStart: Bool) throws {
        let test = try Case(options: ["--tftp-cache"])
        let rehearsal = test.rehearsal
        if slowStart { try rehearsal.fault(Rehearsal.subscriber, "slow-start", "--delay", "2") }
        let before = try rehearsal.clusterState()
        let undone = try test.deploy()
        #expect(undone.status == 1 && undone.errors.contains("--restart-tftp"), "\(undone.errors)")
        #expect(try rehearsal.clusterState() == before)
        // The old file comes back after a restart as well: what was stored was restored, too.
        #expect(try test.cluster("restart-services", "--service", "tftp", "--yes").status == 0)
        #expect(try test.cluster("status").status == 0)

        let done = try test.deploy("--restart-tftp")
        #expect(done.status == 0, "\(done.errors)")
        #expect(try test.isEverywhere(test.new))
        let fetched = try rehearsal.ctl(["fetch", "--cluster", "lab", "-o", rehearsal.folder.file("got.tlv")])
        #expect(fetched.status == 0 && rehearsal.folder.bytes("got.tlv") == test.new)
        let deleted = try test.delete("--restart-tftp")
        #expect(deleted.status == 0, "\(deleted.errors)")
        #expect(try test.isEverywhere(nil))
    }

    /// The whole change of a cluster whose nodes serve from memory.
    @Test func theMigrationRestartsWhatServesFromMemory() throws {
        let rehearsal = try Rehearsal(options: ["--tftp-cache"])
        let result = try rehearsal.migrate()
        #expect(result.status == 0, "\(result.errors)")
        #expect(rehearsal.ctlFile(Rehearsal.subscriber) == rehearsal.folder.bytes("out/CTLFile.tlv"))
    }

    @Test func servicesThatComeUpLateAreWaitedFor() throws {
        let rehearsal = try Rehearsal()
        for node in [Rehearsal.publisher, Rehearsal.subscriber] {
            try rehearsal.fault(node, "slow-start", "--delay", "3")
        }
        let run = { (timeout: String) in
            try rehearsal.run(
                Programs.path("etoken-bridge"),
                ["cluster", "restart-services", "--cluster", "lab", "--yes", "--timeout", timeout, "--json"])
        }
        let late = try run("1")
        #expect(late.status == 6 && late.errors.contains("does not come up"), "\(late.errors)")
        #expect(late.output.contains("not-tried"))
        let done = try run("60")
        #expect(done.status == 0, "\(done.errors)")
        #expect(try rehearsal.bridge("cluster", "status", "--cluster", "lab").status == 0)
    }

    /// More nodes than those that serve trust lists: the others are left alone, but their services are restarted.
    @Test func onlyNodesThatServeTrustListsGetTheFile() throws {
        let test = try Case(options: ["--nodes", "5", "--tftp-nodes", "2"])
        let rehearsal = test.rehearsal
        let before = try rehearsal.clusterState()
        let result = try test.deploy()
        #expect(result.status == 0, "\(result.errors)")
        let after = try rehearsal.clusterState()
        let changed = Set(after.filter { before[$0.key] != $0.value }.keys)
        #expect(
            changed
                == [Rehearsal.publisher, Rehearsal.subscriber].reduce(into: []) {
                    $0.insert("nodes/\($1)/tftp/CTLFile.tlv")
                })
        let restarted = try test.cluster("restart-services", "--yes", "--json")
        #expect(restarted.status == 0, "\(restarted.errors)")
        #expect(restarted.output.components(separatedBy: "Cisco CallManager").count == 6)
        #expect(restarted.output.components(separatedBy: "Cisco Tftp").count == 3)
    }

    /// The same commands on every release of the lab.
    @Test(arguments: ["9.1", "12.5", "14"]) func everyRelease(release: String) throws {
        let test = try Case(options: ["--release", release])
        let rehearsal = test.rehearsal
        let old = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        let status = try test.cluster("status")
        #expect(
            status.status == 0 && status.output.contains("\n\(Rehearsal.publisher)"), "\(status.errors)\(status.output)"
        )
        let file = rehearsal.folder.write("old.tlv", old)
        let asked = try rehearsal.bridge("tvs", "query", "--cluster", "lab", "--signer-of", file)
        #expect(asked.status == 0, "\(asked.errors)\(asked.output)")
        let deployed = try test.deploy()
        #expect(deployed.status == 0, "\(deployed.errors)")
        #expect(try test.isEverywhere(test.new))
        #expect(
            try rehearsal.ctl(["deploy", file, "--cluster", "lab", "--yes", "--allow-missing-servers"]).status == 0)
        #expect(try test.isEverywhere(old))
        #expect(try test.cluster("restart-services", "--yes").status == 0)
        let mode = try test.cluster("set-mode", "non-secure", "--yes")
        if release == "9.1" {
            #expect(mode.status == 1 && mode.errors.contains("has no utils ctl"), "\(mode.errors)")
            #expect(try test.isEverywhere(old))
        } else {
            #expect(mode.status == 0, "\(mode.errors)")
        }
        #expect(try test.delete().status == 0)
        #expect(try test.isEverywhere(nil))
    }

    @Test func replicationAndCertificatesThatExpireAreFound() throws {
        let rehearsal = try Rehearsal()
        try rehearsal.fault(Rehearsal.subscriber, "expiring")
        let expiring = try rehearsal.bridge("cluster", "status", "--cluster", "lab", "--json")
        #expect(expiring.status == 0 && expiring.output.contains("certificate-expires"), "\(expiring.output)")
        try rehearsal.fault(Rehearsal.subscriber, "replication")
        let broken = try rehearsal.bridge("cluster", "status", "--cluster", "lab")
        #expect(
            broken.status == 8 && broken.errors.contains("replication of \(Rehearsal.subscriber)"), "\(broken.errors)")
        try rehearsal.fault(Rehearsal.subscriber, "ssh-key")
        #expect(try rehearsal.bridge("cluster", "status", "--cluster", "lab").status == 7)
    }
}

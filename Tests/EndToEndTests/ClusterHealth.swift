import Foundation
import ServerFixtures
import Testing

/// cluster status: what is inconsistent on the lab is found, and nothing is changed by looking.
@Suite(.waiting, .timeLimit(.minutes(10))) struct ClusterHealth {
    let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    private struct Status {
        let result: Rehearsal.Result
        let status: [String: Any]
        let findings: [[String: Any]]

        func codes(_ severity: String = "error") -> Set<String> {
            Set(findings.filter { $0["severity"] as? String == severity }.compactMap { $0["code"] as? String })
        }

        func node(_ name: String) -> [String: Any] {
            (status["nodes"] as? [[String: Any]])?.first { $0["name"] as? String == name } ?? [:]
        }
    }

    private func status(_ extra: String...) throws -> Status {
        let before = try rehearsal.clusterState()
        let result = try rehearsal.run(
            Programs.path("etoken-bridge"), ["cluster", "status", "--cluster", "lab", "--json"] + extra)
        let document = try #require(
            JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
        #expect(try rehearsal.clusterState() == before)
        return Status(
            result: result, status: try #require(document["status"] as? [String: Any]),
            findings: try #require(document["findings"] as? [[String: Any]]))
    }

    private func setFile(_ node: String, _ name: String, _ bytes: [UInt8]?) {
        let path = "lab/nodes/\(node)/tftp/\(name)"
        if let bytes {
            rehearsal.folder.write(path, bytes, mode: 0o644)
        } else {
            try? FileManager.default.removeItem(atPath: rehearsal.folder.file(path))
        }
    }

    @Test func aSoundClusterIsDescribed() throws {
        let seen = try status()
        #expect(seen.result.status == 0, "\(seen.result.errors)\(seen.result.output)")
        #expect(seen.findings.isEmpty)
        #expect(seen.status["securityMode"] as? String == "mixed")
        #expect((seen.status["version"] as? String)?.hasPrefix("10.5") == true)
        for name in [Rehearsal.publisher, Rehearsal.subscriber] {
            let node = seen.node(name)
            let ctl = try #require(node["ctl"] as? [String: [String: Any]])
            for way in ["tftp", "http"] {
                #expect(ctl[way]?["state"] as? String == "file" && ctl[way]?["length"] as? Int == 6720)
                #expect((ctl[way]?["md5"] as? String)?.count == 32 && (ctl[way]?["sha1"] as? String)?.count == 40)
            }
            let certificates = try #require(node["certificates"] as? [[String: Any]])
            #expect(certificates.contains { $0["unit"] as? String == "CallManager" && $0["sha1"] != nil })
            #expect((node["replication"] as? [String: Any])?["state"] as? Int == 2)
        }
        // The checksums match those computed by an independent program.
        let sum = try rehearsal.run(
            "/usr/bin/sha1sum", [rehearsal.folder.file("lab/nodes/\(Rehearsal.publisher)/tftp/ITLFile.tlv")])
        let lists = try #require(seen.status["trustLists"] as? [[String: Any]])
        #expect(lists.contains { sum.output.hasPrefix($0["sha1"] as? String ?? "-") })
        let text = try rehearsal.run(
            Programs.path("etoken-bridge"), ["cluster", "status", "--cluster", "lab"])
        #expect(text.output.contains("No inconsistencies found.") && text.status == 0)
        #expect(text.output.contains("started      off  "), "the subscriber runs no TVS: \(text.output)")
        #expect(text.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text.output)")
        // Five-year certificates expire soon, for someone who looks that far ahead.
        let far = try status("--expiry-warning", "36500")
        #expect(far.result.status == 0 && far.codes("warning") == ["certificate-expires"])
    }

    @Test func differencesComeFirst() throws {
        let good = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        var flipped = good
        flipped[good.count - 300] ^= 4
        setFile(Rehearsal.subscriber, "CTLFile.tlv", flipped)
        let different = try status()
        #expect(different.result.status == 8, "\(different.result.errors)")
        #expect(different.codes() == ["files-differ", "file-unusable"])
        let text = try rehearsal.run(
            Programs.path("etoken-bridge"), ["cluster", "status", "--cluster", "lab"])
        #expect(text.output.split(separator: "\n")[1].hasPrefix("ERROR"), "\(text.output)")

        setFile(Rehearsal.subscriber, "CTLFile.tlv", nil)
        let missing = try status()
        #expect(missing.result.status == 8 && missing.codes() == ["no-file-in-mixed-mode", "files-differ"])
        #expect(
            missing.result.output.contains(
                "No CTL File exists on the server but the Call Manager Cluster Security Mode is in Secure Mode"))

        // The other node's ITL file and CTL file do not contain this one's certificate.
        setFile(Rehearsal.subscriber, "CTLFile.tlv", good)
        #expect(try status().result.status == 0)
        for node in [Rehearsal.publisher, Rehearsal.subscriber] {
            setFile(node, "CTLFile.tlv", rehearsal.folder.bytes("lab/nodes/\(Rehearsal.publisher)/tftp/ITLFile.tlv"))
        }
        #expect(try status().codes().contains("certificate-not-in-file"))
    }

    /// What a refresh upgrade does to ITLRecovery, and a regenerated CAPF certificate without a new CTL file.
    @Test func staleCertificatesAreFound() throws {
        let modern = try Rehearsal(options: ["--release", "12.5"])
        func status() throws -> Rehearsal.Result { try modern.bridge("cluster", "status", "--cluster", "lab") }
        let sound = try status()
        #expect(sound.status == 0 && sound.output.contains("No inconsistencies found."), "\(sound.output)")
        #expect(sound.output.contains("\nCisco CTL Provider:\n  \(Rehearsal.publisher) started\n"), "\(sound.output)")
        try modern.fault(Rehearsal.publisher, "stale-itlrecovery")
        let recovery = try status()
        #expect(recovery.status == 8 && recovery.output.contains("FN70613"), "\(recovery.output)")
        // The cure that is advised, at the command line.
        for command in ["utils ctl reset localkey", "utils ctl update CTLFile"] {
            _ = try modern.commandLine(Rehearsal.publisher, command + "\ny")
        }
        let cured = try status()
        #expect(cured.status == 0 && cured.output.contains("No inconsistencies found."), "\(cured.output)")
        try modern.fault(Rehearsal.publisher, "stale-capf")
        #expect(try status().output.contains("former CAPF certificate"))
    }

    @Test func servicesAndNodesThatAreDown() throws {
        try rehearsal.commandLine(Rehearsal.subscriber, "utils service stop Cisco Tftp")
        let stopped = try status()
        #expect(stopped.result.status == 8, "\(stopped.result.errors)")
        #expect(stopped.codes() == ["service-not-running", "node-not-read"])
        try rehearsal.commandLine(Rehearsal.subscriber, "utils service start Cisco Tftp")
        #expect(try status().result.status == 0)

        try rehearsal.fault(Rehearsal.subscriber, "down")
        let down = try status()
        #expect(down.result.status == 8, "\(down.result.errors)")
        #expect(down.codes() == ["node-not-read", "replication-broken"])
        #expect(down.findings.filter { $0["code"] as? String == "node-not-read" }.count == 1)
        #expect((down.node(Rehearsal.publisher)["failures"] as? [Any])?.isEmpty == true)
        try rehearsal.fault(Rehearsal.publisher, "down")
        #expect(try status().result.status == 6)
    }

    @Test func aKeyOrPasswordThatIsRefused() throws {
        try rehearsal.replaceInConfiguration(
            "password_file", with: rehearsal.folder.write("wrong-password", "nonsense\n"))
        let refused = try status()
        #expect(refused.result.status == 7, "\(refused.result.errors)")
        #expect(!refused.result.output.contains("nonsense") && !refused.result.errors.contains("nonsense"))
        // What needs no login is there nevertheless, and the password was tried on one node only.
        #expect((refused.status["trustLists"] as? [Any])?.isEmpty == false)
        #expect(refused.result.output.contains("not tried, because"))
        let log = rehearsal.folder.text("lab/lab.log")
        #expect(log.components(separatedBy: "wrong").count == 2, "\(log)")
        try rehearsal.replaceInConfiguration("ssh_host_key", with: "SHA256:" + String(repeating: "A", count: 43))
        let strange = try status()
        #expect(strange.result.status == 7)
        let failures = try #require(strange.node(Rehearsal.subscriber)["failures"] as? [[String: Any]])
        #expect(failures.first?["code"] as? String == "not-trusted", "\(failures)")
        // One stranger in the publisher's place is enough: the password goes nowhere.
        #expect((failures.first?["text"] as? String)?.contains("not tried, because") == true, "\(failures)")
        #expect("\(failures)".contains("confirm-key \(Rehearsal.publisher)"), "\(failures)")
    }

    @Test func theConfigurationAgainstTheCluster() throws {
        let path = "config/etoken-bridge/config.toml"
        rehearsal.folder.write(
            path, rehearsal.folder.text(path).replacingOccurrences(of: "\"\(Rehearsal.subscriber)\"", with: "\"other\"")
        )
        let seen = try status()
        #expect(seen.codes() == ["nodes-differ"] && seen.findings.count == 2, "\(seen.result.output)")
        #expect(seen.status["serversNotConfigured"] as? [String] == [Rehearsal.subscriber])
        #expect(seen.status["nodesNotInCluster"] as? [String] == ["other"])
    }

    /// A release with only old algorithms cannot be read at all, unless they are allowed: never a status of 0.
    @Test func anOldReleaseThatIsNotAllowedIsNotSound() throws {
        let old = try Rehearsal(options: ["--release", "9.1"])
        #expect(try old.bridge("cluster", "status", "--cluster", "lab").status == 0)
        let path = "config/etoken-bridge/config.toml"
        let lines = old.folder.text(path).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.contains { $0.hasPrefix("legacy_ssh") } && lines.contains { $0.hasPrefix("legacy_tls") })
        old.folder.write(path, lines.filter { !$0.hasPrefix("legacy_") }.joined(separator: "\n"))
        for _ in 0..<8 {
            let seen = try old.bridge("cluster", "status", "--cluster", "lab", "--json")
            #expect(seen.status == 8, "\(seen.errors)")
            let document = try #require(
                JSONSerialization.jsonObject(with: Data(seen.output.utf8)) as? [String: Any], "\(seen.errors)")
            let findings = try #require(document["findings"] as? [[String: Any]])
            let nodes = try #require((document["status"] as? [String: Any])?["nodes"] as? [[String: Any]])
            // One sentence per node, and what to do about it.
            #expect(findings.count == nodes.count, "\(seen.output)")
            #expect(findings.allSatisfy { $0["severity"] as? String == "error" }, "\(seen.output)")
            for node in nodes {
                let failures = try #require(node["failures"] as? [[String: Any]])
                #expect(failures.map { $0["code"] as? String } == ["no-common-ssh-algorithm"], "\(seen.output)")
            }
            #expect(seen.errors.contains("someone on the network between can cause this"), "\(seen.errors)")
            #expect(seen.errors.contains("If it really is 11.5 or older, set legacy_ssh = true"), "\(seen.errors)")
            // Nothing that lets go of the pinned keys.
            #expect(!seen.errors.contains("--force") && !seen.errors.contains("cluster add"), "\(seen.errors)")
            #expect(!seen.errors.contains("kex"))
        }
        let store = try old.bridge("trust", "list", "--cluster", "lab", "--json")
        #expect(store.status == 1 && !store.errors.contains("report this"), "\(store.errors)")
        #expect(store.output.contains("\"code\" : \"no-common-ssh-algorithm\""), "\(store.output)")
        let asked = try old.bridge("trust", "list", "--cluster", "lab", "--via", "web")
        #expect(asked.errors.contains("someone on the network between can cause this"), "\(asked.errors)")
        #expect(asked.errors.contains("If it really is before 10.5, set legacy_tls = true"), "\(asked.errors)")
        #expect(!asked.errors.contains("--force"), "\(asked.errors)")
    }
}

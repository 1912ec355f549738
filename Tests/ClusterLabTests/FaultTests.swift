import ClusterLab
import Configuration
import Foundation
import ServerFixtures
import Testing
import X509

/// Each fault: what fails, what the cluster has afterwards, and that it can be undone.
@Suite(.waiting, .timeLimit(.minutes(10))) struct FaultTests {
    private static let importing = "set cert import trust Phone-SAST-trust"

    /// Every way to send something to a node, and the result: nil if no response came.
    private func uploads(_ lab: RunningLab, _ node: String) async throws -> [String: String?] {
        let token = try TestToken("SAST-ADN0054f509")
        let pem = try lab.file(Array(token.certificate.pem.utf8))
        var results: [String: String?] = [:]
        func note(_ name: String, _ arguments: String...) async throws {
            let run = try await lab.run("osadmin", [node] + arguments)
            guard run.status == 0 else {
                #expect(
                    run.errors.contains("RemoteDisconnected") || run.errors.contains("ConnectionReset"), "\(run.errors)"
                )
                results[name] = .some(nil)
                return
            }
            let answer = try run.json()
            results[name] = answer["text"] as? String ?? "status \(answer["status"] ?? "none")"
        }
        try await note("file", "upload", "fault.bin", pem)
        try await note("certificate", "certificate", "Phone-SAST-trust", pem)
        let url = try lab.https(node) + "/platformcom/api/v1/certmgr/config/trust/certificates"
        let body: [String: Any] = ["service": ["Phone-SAST-trust"], "certificates": [token.certificate.pem]]
        let json = try lab.file(Array(JSONSerialization.data(withJSONObject: body)))
        let password = try String(contentsOfFile: lab.directory + "/credentials/platform", encoding: .utf8)
        let settings = try lab.file(Array("user = \"administrator:\(password.dropLast())\"\n".utf8))
        let rest = try ChildProcess.end(of: [
            "curl", "-sk", "-K", settings, "-w", " %{http_code}", "-H", "Content-Type: application/json", "-d",
            "@" + json, url,
        ])
        results["rest"] = rest.status == 0 ? rest.output : .some(nil)
        let lines = token.certificate.pem.split(separator: "\n").map(String.init)
        let shell = try await lab.ssh([Self.importing] + lines + ["", "exit"], at: node)
        results["shell"] = shell.output.contains("admin:exit") ? shell.output : .some(nil)
        try FileManager.default.removeItem(atPath: pem)
        for file in [json, settings] { try FileManager.default.removeItem(atPath: file) }
        return results
    }

    private func isGood(_ results: [String: String?]) -> Bool {
        results["file"] == "File uploaded successfully." && results["certificate"] == "Certificate Uploaded"
            && results["rest"]??.hasSuffix(" 201") == true
            && results["shell"]??.contains("Successfully imported certificate for Phone-SAST-trust.") == true
    }

    @Test func everyFaultIsUndone() async throws {
        try await RunningLab.with(release: "14") { lab in
            let node = RunningLab.subscriber
            let before = try await lab.state()
            // Those of an attacker need a file: see Attackers.
            for fault in Fault.allCases where ![.spoofFiles, .spoofUntilWritten].contains(fault) {
                try await lab.fault(node, fault.rawValue)
                #expect(try await lab.status().nodes.map(\.faults) == [[], [fault.rawValue]])
                try await lab.fault(node, "none")
                #expect(try await lab.status().nodes.allSatisfy { $0.isUp && $0.faults.isEmpty })
                #expect(try await lab.state() == before, "\(fault)")
            }
            #expect(isGood(try await uploads(lab, node)))
        }
    }

    @Test(arguments: [Fault.diskFull, .loginRefused, .sessionExpired, .cutUpload])
    func nothingIsStored(fault: Fault) async throws {
        try await RunningLab.with(release: "14") { lab in
            let node = RunningLab.subscriber
            let before = try await lab.state()
            try await lab.fault(node, fault.rawValue)
            switch fault {
            case .loginRefused:
                #expect(try await lab.ssh(["exit"], at: node).status != 0)
                let login = try await lab.client("osadmin", node, "login")
                #expect((login["error"] as? String)?.contains("Invalid User ID or Password") == true)
                try await lab.fault(RunningLab.publisher, fault.rawValue)
                #expect(try await lab.client("soap", "ris", "*")["status"] as? Int == 401)
                try await lab.fault(RunningLab.publisher, "none")
            default:
                let results = try await uploads(lab, node)
                switch fault {
                case .diskFull:
                    for name in ["file", "certificate", "shell", "rest"] {
                        #expect(results[name]??.contains("not enough disk space") == true, "\(name)")
                    }
                case .sessionExpired:
                    #expect(results["file"] == "status 302" && results["certificate"] == "status 302")
                default: #expect(results.values.allSatisfy { $0 == nil }, "\(results)")
                }
            }
            var after = try await lab.state()
            // REST and the command line have no web session that could expire.
            if fault == .sessionExpired { after["trust-store/Phone-SAST-trust/SAST-ADN0054f509.pem"] = nil }
            if fault == .sessionExpired { after["trust-store/Phone-SAST-trust/SAST-ADN0054f509-1.pem"] = nil }
            #expect(after == before)
            try await lab.fault(node, "none")
            #expect(isGood(try await uploads(lab, node)))
        }
    }

    /// Stored, although the client cannot know.
    @Test func theAnswerIsLost() async throws {
        try await RunningLab.with(release: "14") { lab in
            let node = RunningLab.subscriber
            let before = try await lab.state()
            try await lab.fault(node, "cut-answer")
            let results = try await uploads(lab, node)
            #expect(results.values.allSatisfy { $0 == nil }, "\(results)")
            let added = Set(try await lab.state().keys).subtracting(before.keys)
            #expect(
                added == ["nodes/\(node)/tftp/fault.bin", "trust-store/Phone-SAST-trust/SAST-ADN0054f509.pem"])
        }
    }

    @Test func aSlowNode() async throws {
        try await RunningLab.with { lab in
            let node = RunningLab.subscriber
            #expect(try await RunningLab.cli(["fault", lab.directory, node, "slow", "--delay", "1.5"]).status == 0)
            let url = try lab.https(node) + "/cmplatform"
            #expect(try ChildProcess.end(of: ["curl", "-sk", "--max-time", "1", url]).status == 28)
            #expect(try ChildProcess.end(of: ["curl", "-sk", url]).status == 0)
            let start = ContinuousClock.now
            #expect(try await lab.type(["show version active", "exit"], at: node).contains("Active Master Version"))
            #expect(ContinuousClock.now - start > .seconds(3))
            let other = try lab.https(RunningLab.publisher) + "/cmplatform"
            #expect(try ChildProcess.end(of: ["curl", "-sk", other]).status == 0)
        }
    }

    @Test func otherKeys() async throws {
        try await RunningLab.with { lab in
            let node = RunningLab.publisher
            let pin = try lab.node(node).tlsPin.required("tlsPin")
            let print = try lab.node(node).sshHostKey.required("sshHostKey")
            func hasOwnTLSKey() async throws -> Bool {
                let url = try lab.https(node) + "/cmplatform"
                let status = try ChildProcess.end(of: ["curl", "-sk", "--pinnedpubkey", pin, url]).status
                #expect([0, 90].contains(status))
                return status == 0
            }
            func hasOwnSSHKey() async throws -> Bool {
                let scan = "ssh-keyscan -t rsa -p \(try lab.port(\.sshPort, node)) \(try lab.address(node)) 2>/dev/null"
                let found = try ChildProcess.end(of: ["bash", "-c", scan + " | ssh-keygen -lf -"]).output
                #expect(found.contains("SHA256:"))
                return found.contains(print)
            }
            for (faults, own) in [
                (["tls-key"], (false, true)), (["ssh-key"], (true, false)), (["tls-key", "ssh-key"], (false, false)),
                (["none"], (true, true)),
            ] {
                #expect(try await RunningLab.cli(["fault", lab.directory, node] + faults).status == 0)
                #expect(try await hasOwnTLSKey() == own.0)
                #expect(try await hasOwnSSHKey() == own.1)
            }
        }
    }

    @Test(arguments: RunningLab.profiles) func replicationAndNames(release: String) async throws {
        try await RunningLab.with(release: release) { lab in
            let node = RunningLab.subscriber
            func rows() async throws -> [String] {
                let screen = try await lab.type(["set cli pagination off", "utils dbreplication runtimestate", "exit"])
                return screen.split(separator: "\n").filter { $0.contains("127.") }.map {
                    $0.trimmingCharacters(in: .whitespaces)
                }
            }
            let mode = ["run sql select paramvalue from processconfig where paramname='ClusterSecurityMode'", "exit"]
            let toNonSecure = ["utils ctl set-cluster non-secure-mode", "y", "exit"]
            let good = try await rows()
            #expect(good.count == 2 && good.allSatisfy { $0.contains("(2) ") && $0.hasSuffix("Setup Completed") })
            try await lab.fault(node, "replication")
            let broken = try await rows()
            #expect(broken[0] == good[0])
            #expect(broken[1].hasPrefix(node) && broken[1].hasSuffix("(4) Setup Failed"))
            // The node keeps what it had.
            let hasModeCommand = try await lab.type(toNonSecure).contains("Cluster set to Non Secure Mode")
            #expect(hasModeCommand == !["8.6", "9.1"].contains(release))
            #expect(try await lab.type(mode, at: node).contains("\n1         \n"))
            #expect(try await lab.type(mode).contains("\n\(hasModeCommand ? 0 : 1)         \n"))
            try await lab.fault(node, "down")
            #expect(try await rows()[1].hasSuffix("(4) Off-Line"))
            let cluster = try await lab.type(["show network cluster", "exit"])
            #expect(cluster.contains("\(node) Subscriber callmanager DBSub not authenticated"))
            try await lab.fault(node, "none")
            #expect(try await rows() == good)
            #expect(try await lab.type(mode, at: node).contains("\n\(hasModeCommand ? 0 : 1)         \n"))

            let names = ["utils network host \(node)", "utils diagnose module validate_network", "exit"]
            let before = try await lab.type(names)
            #expect(before.contains("\(node).lab.example has address 127."))
            #expect(before.contains("validate_network    : Passed"))
            try await lab.fault(RunningLab.publisher, "dns")
            let after = try await lab.type(names)
            #expect(after.contains("no servers could be reached"))
            #expect(!after.contains("Passed"))
        }
    }

    @Test func faultsOutliveTheLab() async throws {
        try await RunningLab.inDirectory { directory in
            #expect(try await RunningLab.cli(["up", directory]).status == 0)
            let lab = try RunningLab(directory: directory)
            let nodes = try lab.cluster().nodes
            let before = try await lab.state()
            try await lab.fault("all", "tls-key", "disk-full")
            for delay in ["-1", "51", "much"] {
                let cli = ["fault", directory, RunningLab.publisher, "slow", "--delay", delay]
                #expect(try await RunningLab.cli(cli).status == 64)
            }
            #expect(try await RunningLab.cli(["down", directory]).status == 0)
            #expect(try await RunningLab.cli(["up", directory]).status == 0)
            let faults = try await lab.status().nodes.map(\.faults)
            #expect(faults == [["disk-full", "tls-key"], ["disk-full", "tls-key"]])
            // What clients are told stays the same as before the key changed.
            #expect(try lab.cluster().nodes == nodes && nodes.count == 2)
            try await lab.fault("all", "none")
            #expect(try await lab.status().nodes.allSatisfy { $0.faults.isEmpty })
            #expect(try await lab.state() == before)
            #expect(try await RunningLab.cli(["down", directory]).status == 0)
        }
    }

    @Test func loginsAreLimitedForAWhile() async throws {
        try await RunningLab.with { lab in
            let node = RunningLab.subscriber
            try await lab.fault(node, "too-many-logins")
            for password in [[], ["wrong"]] {
                let answer = try await lab.run("osadmin", [node, "login"] + password).json()
                #expect(answer["status"] as? Int == 200)
                #expect((answer["error"] as? String)?.contains("too many attempts, try again in 30 seconds") == true)
            }
            #expect(try await lab.ssh(["exit"], at: node).status == 0)
            try await lab.fault(node, "none")
            #expect(try await lab.client("osadmin", node, "login")["status"] as? Int == 302)
        }
    }

    @Test func aCertificateExpiresSoon() async throws {
        try await RunningLab.with { lab in
            let node = RunningLab.subscriber
            func expiry() async throws -> Date {
                let screen = try await lab.type(["set cli pagination off", "show cert own ipsec", "exit"], at: node)
                let begin = try screen.range(of: "-----BEGIN CERTIFICATE-----").required("PEM").lowerBound
                let end = try screen.range(of: "-----END CERTIFICATE-----").required("PEM").upperBound
                let certificate = try Certificate(pem: String(screen[begin..<end]) + "\n")
                return Date(timeIntervalSince1970: Double(certificate.notAfter))
            }
            #expect(try await expiry().timeIntervalSinceNow > 4 * 365 * 86400)
            try await lab.fault(node, "expiring")
            #expect(try await expiry().timeIntervalSinceNow < 6 * 86400)
            let tomcat = try await lab.client("osadmin", node, "certificates")
            #expect((tomcat["rows"] as? [[String]])?.contains { $0[0] == "ipsec" } == true)
            try await lab.fault(node, "none")
            #expect(try await expiry().timeIntervalSinceNow > 4 * 365 * 86400)
        }
    }

    @Test func servicesThatStartSlowly() async throws {
        try await RunningLab.with { lab in
            let node = RunningLab.subscriber
            #expect(try await RunningLab.cli(["fault", lab.directory, node, "slow-start", "--delay", "4"]).status == 0)
            let screen = try await lab.type(
                ["utils service restart Cisco Tftp", "utils service list", "exit"], at: node)
            #expect(screen.contains("Cisco Tftp[STARTING]  \nadmin:"))
            #expect(!screen.contains("Cisco Tftp[STARTED]"))
            let url = try lab.http(node) + "/CTLFile.tlv"
            #expect(try ChildProcess.end(of: ["curl", "-s", url]).status == 7)
            try await waitUntil("the service has started") {
                try await lab.status().nodes[1].services["Cisco Tftp"] == true
            }
            #expect(try await lab.type(["utils service list", "exit"], at: node).contains("Cisco Tftp[STARTED]"))
            #expect(try ChildProcess.end(of: ["curl", "-sf", url]).status == 0)
        }
    }

    @Test func aRESTInterfaceWithoutPhoneSASTTrust() async throws {
        try await RunningLab.with(release: "14") { lab in
            let node = RunningLab.publisher
            try await lab.fault(node, "rest-refusal")
            let before = try await lab.state()
            let token = try TestToken("SAST-ADN0054f509")
            let pem = try lab.file(Array(token.certificate.pem.utf8))
            let answer = try await lab.client("plain", node, pem, pem)
            #expect(answer["status"] as? Int == 400)
            #expect((answer["pages"] as? [String: Any])?["certificate"] as? String == "Certificate Uploaded")
            #expect(Set(try await lab.state().keys).subtracting(before.keys).allSatisfy { $0.contains("plain") })
        }
    }
}

import ClusterLab
import Configuration
import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

/// Clusters with other numbers of nodes, and the cache of Cisco Tftp.
@Suite(.waiting, .timeLimit(.minutes(10))) struct SizeTests {
    @Test func sixNodes() async throws {
        try await RunningLab.with(["--nodes", "6"]) { lab in
            let nodes = try lab.cluster().nodes
            #expect(nodes.map(\.isPublisher) == [true, false, false, false, false, false])
            #expect(nodes.map(\.servesTFTP) == [true, true, true, false, false, false])
            #expect(Set(nodes.compactMap(\.tlsPin)).count == 6)
            #expect(Set(nodes.compactMap(\.sshHostKey)).count == 6)
            #expect(RunningLab.processes(of: lab.directory).count == 6, "lab, three atftpd, two nginx")
            let last = "cucm-1051-a-sub5"
            #expect(try TrustListFile(decoding: lab.served(RunningLab.publisher)).records.count == 9)
            #expect(try ChildProcess.end(of: ["curl", "-s", try lab.http(last) + "/CTLFile.tlv"]).status == 7)
            #expect(try await lab.client("osadmin", last, "login")["status"] as? Int == 302)
            let screen = try await lab.type(
                [
                    "set cli pagination off", "utils service list", "utils service start Cisco Tftp",
                    "show network cluster",
                    "run sql select n.name, s.isactive from processnode n, processnodeservice s, typeservice t where "
                        + "s.fkprocessnode = n.pkid and s.tkservice = t.enum and t.name = 'Cisco Tftp' order by n.nodeid",
                    "exit",
                ], at: last)
            #expect(screen.contains("\nCisco Tftp[STOPPED]  Service Not Activated\n"))
            #expect(screen.contains("\nPrimary Node =false\n"))
            #expect(screen.contains(" \(last) Subscriber callmanager DBSub authenticated"))
            #expect(screen.contains("\ncucm-1051-a-sub2 t       \ncucm-1051-a-sub3 f       \n"), "\(screen)")
        }
    }

    @Test func thirtyNodesAndTheirTFTP() async throws {
        try await RunningLab.with(["--nodes", "30", "--tftp-nodes", "2"]) { lab in
            let status = try await lab.status()
            #expect(status.nodes.count == 30 && status.nodes.allSatisfy(\.isUp))
            #expect(Set(status.nodes.map(\.ctlSHA1)).count == 1)
            #expect(RunningLab.processes(of: lab.directory).count == 5)
            let screen = try await lab.type(["show version active", "exit"], at: "cucm-1051-a-sub29")
            #expect(screen.contains("Active Master Version: 10.5"))
        }
    }

    @Test(arguments: [
        ["--nodes", "1"], ["--nodes", "31"], ["--nodes", "3", "--tftp-nodes", "4"], ["--tftp-nodes", "0"],
        ["--tvs-nodes", "3"],
    ])
    func impossibleShapes(options: [String]) async throws {
        let parent = TemporaryFolder()
        let directory = parent.file("lab")
        let up = try await RunningLab.cli(["up", directory] + options)
        #expect(up.status == 64)
        #expect(up.errors.contains("nodes"))
        #expect(!FileManager.default.fileExists(atPath: directory))
    }

    /// Phones ask the next server of their ITL file if one does not answer; each checks the CTL file of its own node.
    @Test func twoTrustVerificationServices() async throws {
        try await RunningLab.with(["--nodes", "3", "--tvs-nodes", "2"]) { lab in
            let nodes = [RunningLab.publisher, RunningLab.subscriber, "cucm-1051-a-sub2"]
            #expect(try nodes.map { try lab.node($0).tvsPort != nil } == [true, true, false])
            #expect(try nodes.map { try lab.node($0).tvsPin != nil } == [true, true, false])
            for node in nodes {
                let list = try TrustListFile(decoding: try lab.served(node, "ITLFile.tlv"))
                let servers = list.records.filter { $0.role == .tvs }
                #expect(servers.map(\.dnsName) == [RunningLab.publisher, RunningLab.subscriber])
            }
            let token = try TestToken("SAST-ADN0054f509")
            let pem = try lab.file(Array(token.certificate.pem.utf8))
            _ = try await lab.client("osadmin", RunningLab.publisher, "certificate", "Phone-SAST-trust", pem)
            let new = try token.ctl(try lab.served(RunningLab.publisher))
            try await lab.deploy(new, to: nodes)
            _ = try await lab.type(["utils service stop Cisco Trust Verification Service", "exit"])
            let phones = try await lab.restartPhones()
            #expect(phones["CP-7975"]?.ctlOutcome == "accepted" && phones["CP-8861"]?.ctlOutcome == "accepted")
            #expect(phones["CP-7975"]?.ctlReason == "TVS vouches for the signer")
            #expect(phones["CP-7960"]?.ctlOutcome == "refused")
        }
    }

    @Test func aCacheIsFilledWhenTheServiceStarts() async throws {
        try await RunningLab.with(["--tftp-cache"]) { lab in
            let node = RunningLab.subscriber
            let path = lab.directory + "/fetched"
            func served(_ name: String) async throws -> [[UInt8]?] {
                var found: [[UInt8]?] = []
                for base in [try lab.tftp(node), try lab.http(node)] {
                    try? FileManager.default.removeItem(atPath: path)
                    _ = try ChildProcess.end(of: ["curl", "-sSf", "-o", path, "\(base)/\(name)"])
                    found.append((try? Data(contentsOf: URL(fileURLWithPath: path))).map(Array.init))
                }
                return found
            }
            let old = try lab.served(node)
            let new = try TestToken("SAST-ADN0054f509").ctl(old)
            try await lab.deploy(new, to: [node])
            #expect(try lab.served(node) == new)
            #expect(try await served("CTLFile.tlv") == [old, old])
            #expect(
                try await lab.type(["show ctl", "q", "exit"], at: node).contains("Length of CTL file: \(new.count)"))
            // A new name is found at once.
            let file = try lab.file([1, 2, 3])
            _ = try await lab.client("osadmin", node, "upload", "new.bin", file)
            #expect(try await served("new.bin") == [[1, 2, 3], [1, 2, 3]])

            _ = try await lab.type(["utils service restart Cisco CallManager", "exit"], at: node)
            #expect(try await served("CTLFile.tlv") == [old, old])
            _ = try await lab.type(["utils service restart Cisco Tftp", "exit"], at: node)
            #expect(try await served("CTLFile.tlv") == [new, new])

            _ = try await lab.type(["file delete tftp CTLFile.tlv", "y", "exit"], at: node)
            #expect(try await served("CTLFile.tlv") == [new, new])
            _ = try await lab.type(["utils service restart Cisco Tftp", "exit"], at: node)
            #expect(try await served("CTLFile.tlv") == [nil, nil])
        }
    }
}

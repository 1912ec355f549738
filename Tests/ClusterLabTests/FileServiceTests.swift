import ClusterLab
import Configuration
import Foundation
import ServerFixtures
import Testing

/// TFTP and HTTP 6970, with curl and atftp.
@Suite(.waiting, .timeLimit(.minutes(10))) struct FileServiceTests {
    @Test func bothNodesServeTheSameBytes() async throws {
        try await RunningLab.with { lab in
            let expected = try lab.served(RunningLab.publisher)
            for node in [RunningLab.publisher, RunningLab.subscriber] {
                for base in [try lab.tftp(node), try lab.http(node)] {
                    let path = lab.directory + "/fetched"
                    let curl = try ChildProcess.end(of: ["curl", "-sS", "-o", path, "\(base)/CTLFile.tlv"])
                    #expect(curl.status == 0, "\(base): \(curl.errors)")
                    #expect(Array(try Data(contentsOf: URL(fileURLWithPath: path))) == expected)
                }
                let path = lab.directory + "/by-atftp"
                let address = try lab.address(node)
                let port = "\(try lab.port(\.tftpPort, node))"
                let get = ["atftp", "--get", "--local-file", path, "--remote-file", "CTLFile.tlv", address, port]
                #expect(try ChildProcess.end(of: get).status == 0)
                #expect(Array(try Data(contentsOf: URL(fileURLWithPath: path))) == expected)
            }
            #expect(
                try lab.served(RunningLab.publisher, "ITLFile.tlv") != lab.served(RunningLab.subscriber, "ITLFile.tlv"))
        }
    }

    @Test func missingFilesAndUploadsAreRefused() async throws {
        try await RunningLab.with { lab in
            let node = RunningLab.publisher
            let missing = try ChildProcess.end(of: ["curl", "-sS", "\(try lab.tftp(node))/CTLSEP000000000000.tlv"])
            #expect(missing.status == 68)
            let http = try lab.http(node)
            func code(_ arguments: [String]) async throws -> String {
                try ChildProcess.end(of: ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"] + arguments).output
            }
            #expect(try await code(["\(http)/CTLSEP000000000000.tlv"]) == "404")
            #expect(try await code(["-d", "x", "\(http)/CTLFile.tlv"]) == "403")
            #expect(try await code(["-T", "/etc/hostname", "\(http)/x"]) == "403")
            #expect(try await code(["--path-as-is", "\(http)/../keys/tomcat.key"]) == "400")

            let before = try lab.served(node)
            for name in ["CTLFile.tlv", "new.txt"] {
                let put = try ChildProcess.end(of: [
                    "atftp", "--put", "--local-file", "/etc/hostname", "--remote-file", name, try lab.address(node),
                    "\(try lab.port(\.tftpPort, node))",
                ])
                #expect(put.errors.contains("Access violation"), "\(put.errors)")
            }
            #expect(try lab.served(node) == before)
            #expect(try !lab.serves(node, "new.txt"))
        }
    }

    @Test func aNodeThatIsDownDoesNotAnswer() async throws {
        try await RunningLab.with { lab in
            let node = RunningLab.subscriber
            try await lab.fault(node, "down")
            for url in [try lab.http(node) + "/CTLFile.tlv", try lab.https(node) + "/cmplatform"] {
                #expect(try ChildProcess.end(of: ["curl", "-ks", "--max-time", "5", url]).status == 7)
            }
            let tftp = ["curl", "-s", "--max-time", "2", try lab.tftp(node) + "/CTLFile.tlv"]
            #expect(try ChildProcess.end(of: tftp).status != 0)
            #expect(try await lab.ssh(["exit"], at: node).status != 0)
            #expect(
                try ChildProcess.end(of: ["curl", "-sf", try lab.http(RunningLab.publisher) + "/CTLFile.tlv"]).status
                    == 0)

            // A change made in the meantime does not reach it.
            let held = try lab.served(node)
            _ = try await lab.type(["utils ctl update CTLFile", "y", "exit"])
            #expect(try lab.served(node) == held)

            try await lab.fault(node, "none")
            #expect(try ChildProcess.end(of: tftp).status == 0)
            #expect(try await lab.ssh(["exit"], at: node).status == 0)
            #expect(try await lab.client("osadmin", node, "login")["status"] as? Int == 302)
        }
    }

    @Test func unknownNodesAndFaultsAreRefused() async throws {
        try await RunningLab.with { lab async throws in
            #expect(
                try await RunningLab.cli(["fault", lab.directory, "nobody", "down"]).errors.contains("no node nobody"))
            #expect(try await RunningLab.cli(["fault", lab.directory, RunningLab.publisher, "fire"]).status == 64)
        }
    }
}

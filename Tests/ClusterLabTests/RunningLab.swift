import ClusterLab
import Foundation
import ServerFixtures
import X509

/// A lab of a test's own, started with the real program, in a directory of its own, gone when the test ends.
struct RunningLab {
    let directory: String
    let description: [String: Any]

    static let publisher = "cucm-1051-a-pub"
    static let subscriber = "cucm-1051-a-sub1"

    static let profiles = ["9.1", "10.5", "12.5", "14"]

    static func with(
        release: String = "10.5", _ options: [String] = [], _ body: (RunningLab) async throws -> Void
    ) async throws {
        try await inDirectory { directory in
            try await run(directory, ["--release", release] + options, body)
        }
    }

    /// Gives a test a directory of its own, which need not exist, and removes it afterwards. Only a few tests at a time
    /// get one: labs are many processes.
    static func inDirectory(_ body: (String) async throws -> Void) async throws {
        await turns.take()
        let directory = newDirectory()
        let result: Result<Void, any Error>
        do { result = .success(try await body(directory)) } catch { result = .failure(error) }
        try? FileManager.default.removeItem(atPath: directory)
        await turns.giveBack()
        try result.get()
    }

    private static let turns = Turns(4)

    private actor Turns {
        private var free: Int
        private var waiting: [CheckedContinuation<Void, Never>] = []

        init(_ count: Int) { free = count }

        func take() async {
            if free > 0 {
                free -= 1
            } else {
                await withCheckedContinuation { waiting.append($0) }
            }
        }

        func giveBack() {
            if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
        }
    }

    private static func run(
        _ directory: String, _ options: [String], _ body: (RunningLab) async throws -> Void
    ) async throws {
        let up = try await cli(["up", directory] + options)
        guard up.status == 0 else { throw Missing(description: "up failed: \(up.errors)") }
        do {
            try await body(try RunningLab(directory: directory))
        } catch {
            let log = (try? String(contentsOfFile: directory + "/lab.log", encoding: .utf8)) ?? ""
            _ = try await cli(["down", directory])
            throw Missing(description: "\(error)\n\(log.suffix(3000))")
        }
        let down = try await cli(["down", directory])
        guard down.status == 0 else { throw Missing(description: "down failed: \(down.errors)") }
    }

    init(directory: String) throws {
        self.directory = directory
        let data = try Data(contentsOf: URL(fileURLWithPath: directory + "/lab.json"))
        description = try (JSONSerialization.jsonObject(with: data) as? [String: Any]).required("lab.json is no object")
    }

    static func newDirectory() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("lab-\(UUID().uuidString)").path
    }

    // MARK: The program

    static let executable = Programs.path("cluster-lab")

    static func cli(_ arguments: [String]) async throws -> Program { try await Program.run([executable] + arguments) }

    func fault(_ node: String, _ faults: String...) async throws {
        let result = try await Self.cli(["fault", directory, node] + faults)
        guard result.status == 0 else { throw Missing(description: result.errors) }
    }

    func status() async throws -> LabStatus {
        let result = try await Self.cli(["status", directory, "--json"])
        return try JSONDecoder().decode(LabStatus.self, from: Data(result.output.utf8))
    }

    // MARK: What lab.json says

    func node(_ name: String) throws -> [String: Any] {
        let nodes = try (description["nodes"] as? [[String: Any]]).required("nodes")
        return try nodes.first { $0["name"] as? String == name }.required("node \(name)")
    }

    func address(_ node: String) throws -> String { try (self.node(node)["address"] as? String).required("address") }
    func port(_ kind: String, _ node: String) throws -> Int { try (self.node(node)[kind] as? Int).required(kind) }
    func http(_ node: String) throws -> String { "http://\(try address(node)):\(try port("httpPort", node))" }
    func https(_ node: String) throws -> String { "https://\(try address(node)):\(try port("httpsPort", node))" }
    func tftp(_ node: String) throws -> String { "tftp://\(try address(node)):\(try port("tftpPort", node))" }

    func served(_ node: String, _ file: String = "CTLFile.tlv") throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/nodes/\(node)/tftp/\(file)")))
    }

    func held(_ phone: String, _ file: String = "CTLFile.tlv") -> [UInt8]? {
        (try? Data(contentsOf: URL(fileURLWithPath: "\(directory)/phones/\(phone)/\(file)"))).map(Array.init)
    }

    // MARK: Clients

    private static let clients = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Clients"

    func client(_ script: String, _ arguments: String...) async throws -> [String: Any] {
        try await run(script, arguments).json()
    }

    /// What OpenSSH's client must be told to talk to this release.
    var sshAlgorithms: [String] {
        guard description["legacySSH"] as? Bool == true else { return [] }
        return [
            "KexAlgorithms=+diffie-hellman-group14-sha1", "HostKeyAlgorithms=+ssh-rsa", "Ciphers=+aes128-cbc",
            "MACs=+hmac-sha1",
        ].flatMap { ["-o", $0] }
    }

    /// The same where it need not succeed.
    func run(_ script: String, _ arguments: [String]) async throws -> Program {
        let command = ["python3", "-W", "ignore", "\(Self.clients)/\(script).py", directory + "/lab.json"]
        return try await Program.run(command + arguments)
    }

    /// Everything that the cluster and its phones hold, faults left out.
    func state() async throws -> [String: String] {
        let status = try await status()
        var state: [String: String] = ["mode": "\(status.securityMode ?? -1)"]
        for root in ["trust-store", "phones"] + status.nodes.map({ "nodes/\($0.name)/tftp" }) {
            let walk = FileManager.default.enumerator(atPath: "\(directory)/\(root)")
            while let file = walk?.nextObject() as? String {
                guard !file.hasSuffix("state.json"), !file.hasSuffix("console.log"),
                    let data = FileManager.default.contents(atPath: "\(directory)/\(root)/\(file)")
                else { continue }
                state["\(root)/\(file)"] = Digest.sha1(Array(data)).hex
            }
        }
        for node in status.nodes {
            for (service, isStarted) in node.services { state["\(node.name): \(service)"] = "\(isStarted)" }
            let keys = "\(directory)/nodes/\(node.name)/keys"
            for name in ["tomcat.pem", "CallManager.pem", "ssh_host_key"] {
                state["\(node.name)/\(name)"] = try String(contentsOfFile: "\(keys)/\(name)", encoding: .utf8)
            }
        }
        return state
    }

    /// Types these lines at a node's command line, and returns what the screen shows.
    func type(_ lines: [String], at node: String = publisher, options: [String] = ["-tt"]) async throws -> String {
        let result = try await ssh(lines, at: node, options: options)
        return result.output.replacing("\r\n", with: "\n")
    }

    func ssh(
        _ lines: [String], at node: String = publisher, options: [String] = ["-tt"], passwordFile: String? = nil
    ) async throws -> Program {
        try await Program.run(
            [
                "sshpass", "-f", passwordFile ?? directory + "/credentials/platform", "ssh", "-p",
                "\(try port("sshPort", node))", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1",
            ] + sshAlgorithms + options + ["administrator@\(try address(node))"],
            input: lines.map { $0 + "\n" }.joined())
    }

    /// Writes bytes to a file for a client.
    func file(_ bytes: [UInt8]) throws -> String {
        let path = "\(directory)/test-\(UUID().uuidString)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Uploads a CTL file to both nodes, as an administrator would.
    func deploy(_ bytes: [UInt8], to nodes: [String] = [publisher, subscriber]) async throws {
        let path = try file(bytes)
        for node in nodes {
            let answer = try await client("osadmin", node, "upload", "CTLFile.tlv", path)
            guard answer["text"] as? String == "File uploaded successfully." else {
                throw Missing(description: "upload: \(answer)")
            }
        }
    }

    /// Restarts all phones over AXL and waits until each has started.
    func restartPhones() async throws -> [String: LabStatus.Phone] {
        let before = try await status()
        for phone in before.phones { _ = try await client("soap", "axl", "restartPhone", "name", phone.name) }
        let deadline = Date().addingTimeInterval(40)
        while Date() < deadline {
            try await Task.sleep(for: .milliseconds(100))
            let now = try await status()
            let isDone = zip(before.phones, now.phones).allSatisfy { $1.starts > $0.starts }
            if isDone { return Dictionary(uniqueKeysWithValues: now.phones.map { ($0.model, $0) }) }
        }
        throw Missing(description: "the phones did not start")
    }

    /// The processes that have this lab's directory in their command line or working directory.
    static func processes(of directory: String) -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.filter { name in
            guard Int32(name) != nil else { return false }
            let arguments = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(name)/cmdline"))) ?? Data()
            let folder = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(name)/cwd")) ?? ""
            return folder == directory || String(decoding: arguments, as: UTF8.self).contains(directory + "\0")
        }
    }
}

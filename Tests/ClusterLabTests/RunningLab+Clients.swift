import Basics
import ClusterLab
import Configuration
import Foundation
import ServerFixtures
import Synchronization
import Testing
import X509

/// Queries to a lab by clients that share no code with it.
extension RunningLab {
    static let profiles = ["8.6", "9.1", "10.5(1)", "10.5", "11.5", "12.5", "14", "15"]

    /// A lab of a test's own. If the test fails, the end of the lab's log is reported.
    static func with(
        release: String = "10.5", _ options: [String] = [], _ body: (RunningLab) async throws -> Void
    ) async throws {
        let lab = try RunningLab(release: release, options: options)
        do {
            try await body(lab)
        } catch {
            let log = (try? String(contentsOfFile: lab.directory + "/lab.log", encoding: .utf8)) ?? ""
            throw Missing(description: "\(error)\n\(log.suffix(3000))")
        }
    }

    /// The lab of a release that all tests share which only read, until the process ends.
    static func reading(
        release: String = "10.5", _ body: (RunningLab) async throws -> Void
    ) async throws {
        let lab = try readOnly.withLock { labs in
            if let lab = labs[release] { return lab }
            let folder = TemporaryFolder.untilExit()
            // Of what is registered the last comes first: before the folders are removed.
            if labs.isEmpty { atexit { RunningLab.readOnly.withLock { $0.removeAll() } } }
            let lab = try RunningLab(in: folder, release: release)
            labs[release] = lab
            return lab
        }
        try await body(lab)
    }

    private static let readOnly = Mutex<[String: RunningLab]>([:])

    /// Gives a test a directory, which need not exist, and removes it afterwards.
    static func inDirectory(_ body: (String) async throws -> Void) async throws {
        let parent = TemporaryFolder()
        try await body(parent.file("lab"))
        withExtendedLifetime(parent) {}
    }

    // MARK: The program

    static func cli(_ arguments: [String]) async throws -> ChildProcess.Result {
        try ChildProcess.end(of: [executable] + arguments + (arguments.first == "up" ? keys : []))
    }

    func fault(_ node: String, _ faults: String...) async throws {
        let result = try await Self.cli(["fault", directory, node] + faults)
        guard result.status == 0 else { throw Missing(description: result.errors) }
    }

    func status() async throws -> LabStatus {
        let result = try await Self.cli(["status", directory, "--json"])
        return try JSONDecoder().decode(LabStatus.self, from: Data(result.output.utf8))
    }

    // MARK: What cluster.toml says

    func node(_ name: String) throws -> NodeConfiguration { try cluster().node(name).required("node \(name)") }

    func address(_ node: String) throws -> String { try self.node(node).address }
    func port(_ kind: KeyPath<NodeConfiguration, UInt16>, _ node: String) throws -> UInt16 {
        try self.node(node)[keyPath: kind]
    }
    func http(_ node: String) throws -> String { "http://\(try address(node)):\(try port(\.httpPort, node))" }
    func https(_ node: String) throws -> String { "https://\(try address(node)):\(try port(\.httpsPort, node))" }
    func tftp(_ node: String) throws -> String { "tftp://\(try address(node)):\(try port(\.tftpPort, node))" }

    func served(_ node: String, _ file: String = "CTLFile.tlv") throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/nodes/\(node)/tftp/\(file)")))
    }

    /// Whether a node has a file to serve.
    func serves(_ node: String, _ file: String = "CTLFile.tlv") throws -> Bool {
        try FileManager.default.subpathsOfDirectory(atPath: "\(directory)/nodes/\(node)/tftp").contains(file)
    }

    func held(_ phone: String, _ file: String = "CTLFile.tlv") -> [UInt8]? {
        (try? Data(contentsOf: URL(fileURLWithPath: "\(directory)/phones/\(phone)/\(file)"))).map(Array.init)
    }

    // MARK: Clients

    private static let clients = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Clients"

    func client(_ script: String, _ arguments: String...) async throws -> [String: Any] {
        try await run(script, arguments).json()
    }

    /// The options that OpenSSH's client needs for this release.
    private func sshAlgorithms() throws -> [String] {
        guard try cluster().publisher?.legacySSH == true else { return [] }
        return [
            "KexAlgorithms=+diffie-hellman-group14-sha1", "HostKeyAlgorithms=+ssh-rsa", "Ciphers=+aes128-cbc",
            "MACs=+hmac-sha1",
        ].flatMap { ["-o", $0] }
    }

    /// The same if it need not succeed.
    func run(_ script: String, _ arguments: [String]) async throws -> ChildProcess.Result {
        let command = ["python3", "-W", "ignore", "\(Self.clients)/\(script).py", directory + "/cluster.toml"]
        return try ChildProcess.end(of: command + arguments)
    }

    /// Everything that the cluster and its phones hold, without faults.
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
    ) async throws -> ChildProcess.Result {
        try ChildProcess.end(
            of: [
                "sshpass", "-f", passwordFile ?? directory + "/credentials/platform", "ssh", "-p",
                "\(try port(\.sshPort, node))", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1",
            ] + sshAlgorithms() + options + ["administrator@\(try address(node))"],
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
        var now = before
        try await waitUntil("the phones have started") {
            now = try await status()
            return zip(before.phones, now.phones).allSatisfy { $1.starts > $0.starts }
        }
        return Dictionary(uniqueKeysWithValues: now.phones.map { ($0.model, $0) })
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

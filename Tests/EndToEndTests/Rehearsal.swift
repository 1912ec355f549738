import Foundation
import ServerFixtures
import Testing

/// Two tokens without hardware, a lab cluster, and the program with a configuration of its own. All of it goes away with the object.
final class Rehearsal {
    typealias Result = ChildProcess.Result

    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    let folder = TemporaryFolder()
    /// `NAME=value`.
    private(set) var variables: [String] = []
    private(set) var module = ""
    private var hasLab = false
    private var cards: VirtualTokens?

    /// - Parameter options: for `cluster-lab up`.
    init(secondCertificate: Bool = false, lab: Bool = true, options labOptions: [String] = []) throws {
        variables = ["XDG_CONFIG_HOME=\(folder.file("config"))", "XDG_STATE_HOME=\(folder.file("state"))"]
        let options = secondCertificate ? ["--second-certificate"] : []
        let made = try run(Self.repository + "/tools/mock-tokens", options + [folder.file("tokens")])
        precondition(made.status == 0, made.errors)
        for line in made.output.split(separator: "\n") {
            let variable = String(line.dropFirst("export ".count))
            if variable.hasPrefix("SOFTHSM2_CONF=") {
                variables.append(variable)
            } else {
                module = String(variable.split(separator: "=", maxSplits: 1)[1])
            }
        }
        if lab { try startLab(labOptions) }
    }

    /// With virtual tokens in place of SoftHSM's.
    init(cards: VirtualTokens, lab: Bool = false) throws {
        variables = ["XDG_CONFIG_HOME=\(folder.file("config"))", "XDG_STATE_HOME=\(folder.file("state"))"]
        variables += cards.environment
        module = cards.module
        self.cards = cards
        if lab { try startLab() }
    }

    deinit {
        if hasLab { _ = try? run(Programs.path("cluster-lab"), ["down", folder.file("lab")]) }
    }

    private func startLab(_ options: [String] = []) throws {
        let up = try run(Programs.path("cluster-lab"), ["up", folder.file("lab")] + options)
        precondition(up.status == 0, up.errors + up.output)
        hasLab = true
        let added = try bridge("cluster", "add", "--lab", folder.file("lab"))
        precondition(added.status == 0, added.errors)
    }

    /// Runs etoken-bridge.
    func bridge(_ arguments: String..., input: String? = nil) throws -> Result {
        try run(Programs.path("etoken-bridge"), arguments, input: input)
    }

    /// Runs etoken-bridge on a terminal of its own.
    ///
    /// - Parameter answers: what to wait for, and what to type then.
    /// - Returns: its status, and all that stood on the terminal.
    func onTerminal(
        _ arguments: [String], _ answers: [(String, String)] = [], columns: Int = 200
    ) throws -> (Int32, String) {
        let questions = String(decoding: try JSONEncoder().encode(answers.map { [$0.0, $0.1] }), as: UTF8.self)
        let result = try run(
            "/usr/bin/env",
            ["python3", Self.repository + "/Tests/EndToEndTests/on-terminal.py", "\(columns)", questions]
                + [Programs.path("etoken-bridge")] + arguments)
        return (result.status, result.output)
    }

    static let tokens = ["SAST-ADN0054f509", "SAST-ADN008580ef"]

    /// Runs the main job. The 7960 is accepted as stranded, and the PIN comes from the tokens' file.
    func migrate(
        _ extra: String..., tokens: [String] = tokens, pinFile: String? = nil, accepting: Bool = true
    ) throws -> Result {
        let arguments = migrationArguments(output: folder.file("out"), tokens: tokens, pinFile: pinFile)
        return try run(
            Programs.path("etoken-bridge"), arguments + (accepting ? ["--accept-stranded"] : []) + extra)
    }

    func migrationArguments(
        output: String, tokens: [String] = tokens, pinFile: String? = nil
    ) -> [String] {
        ["migrate", "to-etoken", "--cluster", "lab", "--module", module, "--yes", "--phone-timeout", "30"]
            + tokens.flatMap { ["--token", $0] }
            + ["--pin-file", pinFile ?? rightPIN, "--output", output]
    }

    var moduleOptions: [String] { ["--module", module] }

    /// What a program needs in its environment to find the tokens.
    var tokenEnvironment: [String] {
        variables.filter { !$0.hasPrefix("XDG_") }
    }

    var rightPIN: String { cards?.pinFile ?? folder.file("tokens/pin") }

    func ctl(_ arguments: [String]) throws -> Result {
        try run(Programs.path("etoken-bridge"), ["ctl"] + arguments)
    }

    /// The options with which a mock token signs.
    func signing(_ token: String) -> [String] {
        ["--sign-with", token, "--module", module, "--pin-file", rightPIN]
    }

    func token(_ arguments: String...) throws -> Result {
        try run(Programs.path("etoken-bridge"), ["token"] + arguments + ["--module", module])
    }

    func fault(_ node: String, _ fault: String, _ options: String...) throws {
        let result = try run(Programs.path("cluster-lab"), ["fault", folder.file("lab"), node, fault] + options)
        precondition(result.status == 0, result.errors)
    }

    static let publisher = "cucm-1051-a-pub"
    static let subscriber = "cucm-1051-a-sub1"

    /// What can change on the cluster and its phones: every node's files, the trust store, every phone's files.
    func clusterState() throws -> [String: [UInt8]] {
        var state: [String: [UInt8]] = [:]
        let root = folder.file("lab")
        let nodes = try FileManager.default.contentsOfDirectory(atPath: "\(root)/nodes")
        for top in nodes.map({ "nodes/\($0)/tftp" }) + ["trust-store", "phones"] {
            guard let names = FileManager.default.enumerator(atPath: "\(root)/\(top)") else { continue }
            for case let name as String in names where name.hasSuffix(".tlv") || name.hasSuffix(".pem") {
                state["\(top)/\(name)"] = Array(try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(top)/\(name)")))
            }
        }
        return state
    }

    /// Puts the nodes' trust list files back, as ``clusterState()`` found them.
    func restore(_ state: [String: [UInt8]]) throws {
        for (path, bytes) in state where path.hasPrefix("nodes/") { folder.write("lab/\(path)", bytes, mode: 0o644) }
    }

    /// Puts a certificate into the lab's Phone-SAST-trust by hand, on the publisher's command line.
    func importTrust(_ pem: String) throws {
        let text = try String(contentsOfFile: pem, encoding: .utf8)
        let output = try commandLine(Self.publisher, "set cert import trust Phone-SAST-trust\n\(text)\n")
        #expect(output.contains("Successfully imported"), "\(output)")
    }

    /// Types something on a node's command line, by OpenSSH's client and without the program under test.
    @discardableResult func commandLine(_ node: String, _ input: String) throws -> String {
        let lab = try LabDescription(folder: folder.file("lab"), node: node)
        let result = try run(
            "/usr/bin/sshpass",
            [
                "-f", lab.passwordFile, "ssh", "-T", "-o", "StrictHostKeyChecking=no", "-o",
                "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-p", "\(lab.sshPort)",
                "\(lab.user)@\(lab.address)",
            ], input: input + "\nexit\n")
        return result.output + result.errors
    }

    /// What this needs of `lab.json`, for a node.
    private struct LabDescription {
        let user, passwordFile, address: String
        let sshPort: Int

        init(folder: String, node: String) throws {
            let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/lab.json"))
            let document = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            let credentials = try #require(document["credentials"] as? [String: [String: String]])
            let nodes = try #require(document["nodes"] as? [[String: Any]])
            let node = try #require(nodes.first { $0["name"] as? String == node })
            user = try #require(credentials["platform"]?["user"])
            passwordFile = try #require(credentials["platform"]?["passwordFile"])
            address = try #require(node["address"] as? String)
            sshPort = try #require(node["sshPort"] as? Int)
        }
    }

    func ctlFile(_ node: String) -> [UInt8]? { folder.bytes("lab/nodes/\(node)/tftp/CTLFile.tlv") }

    func replaceCTLFile(_ bytes: [UInt8]) {
        for node in [Self.publisher, Self.subscriber] {
            folder.write("lab/nodes/\(node)/tftp/CTLFile.tlv", bytes, mode: 0o644)
        }
    }

    func replaceInConfiguration(_ key: String, with value: String) throws {
        let path = folder.file("config/etoken-bridge/config.toml")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix(key + " ") || line.hasPrefix(key + "=") ? "\(key) = '\(value)'" : String(line)
        }
        precondition(lines.joined(separator: "\n") != text, "\(key) is not in the configuration")
        folder.write("config/etoken-bridge/config.toml", lines.joined(separator: "\n"))
    }

    /// - Parameter more: `NAME=value`, beside the environment that finds the tokens.
    func run(
        _ program: String, _ arguments: [String], input: String? = nil, environment more: [String] = []
    ) throws -> Result {
        try ChildProcess.end(of: [program] + arguments, input: input, environment: variables + more)
    }
}

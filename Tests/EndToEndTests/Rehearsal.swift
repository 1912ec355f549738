import Basics
import Configuration
import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

/// Two tokens without hardware, a lab cluster, and the program with its own configuration. All of it is removed with
/// the object.
final class Rehearsal {
    typealias Result = ChildProcess.Result

    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    let folder = TemporaryFolder()
    /// `NAME=value`.
    private(set) var variables: [String] = []
    let module: String
    /// A file with the right PIN of the tokens.
    let rightPIN: String
    private var lab: RunningLab?
    private let owner: any Sendable

    /// - Parameter options: for `cluster-lab up`.
    init(secondCertificate: Bool = false, lab: Bool = true, options labOptions: [String] = []) throws {
        let tokens = try MockTokens(secondCertificate ? .secondCertificate : .usual)
        variables = [
            "XDG_CONFIG_HOME=\(folder.file("config"))", "XDG_STATE_HOME=\(folder.file("state"))",
            "XDG_CACHE_HOME=\(folder.file("cache"))",
        ]
        variables += tokens.environment
        (module, rightPIN) = (tokens.module, tokens.pinFile)
        owner = tokens
        if lab { try startLab(labOptions) }
    }

    /// With virtual tokens instead of SoftHSM's.
    init(cards: VirtualTokens, lab: Bool = false, options labOptions: [String] = []) throws {
        variables = [
            "XDG_CONFIG_HOME=\(folder.file("config"))", "XDG_STATE_HOME=\(folder.file("state"))",
            "XDG_CACHE_HOME=\(folder.file("cache"))",
        ]
        variables += cards.environment
        (module, rightPIN) = (cards.module, cards.pinFile)
        owner = cards
        if lab { try startLab(labOptions) }
    }

    private func startLab(_ options: [String] = []) throws {
        lab = try RunningLab(in: folder, options: options)
        let added = try bridge("cluster", "add", "--lab", folder.file("lab"))
        guard added.status == 0 else { throw ChildProcess.Failure(description: "cluster add: \(added)") }
    }

    /// Two more tokens, MOCK-1 and MOCK-2, in the same store.
    func addTokens() throws {
        let more = try MockTokens(.otherMaker)
        let configuration = variables.first { $0.hasPrefix("SOFTHSM2_CONF=") }?.dropFirst("SOFTHSM2_CONF=".count) ?? ""
        let store = URL(fileURLWithPath: String(configuration)).deletingLastPathComponent().path
        try ChildProcess.run(["cp", "-a", "\(more.path)/tokens/.", "\(store)/tokens"])
    }

    /// Runs etoken-bridge.
    func bridge(_ arguments: String..., input: String? = nil) throws -> Result {
        try run(Programs.path("etoken-bridge"), arguments, input: input)
    }

    /// Runs etoken-bridge on its own terminal.
    ///
    /// - Parameter answers: what to wait for, and what to type then.
    /// - Returns: its status, and everything printed on the terminal.
    func onTerminal(
        _ arguments: [String], _ answers: [(String, String)] = [], columns: Int = 200, lines: Int = 24,
        environment: [String] = []
    ) throws -> (Int32, String) {
        try onTerminal(
            arguments, script: answers.map { [.text($0.0), .text($0.1)] }, columns: columns, lines: lines,
            environment: environment)
    }

    /// A part of a step on a terminal: what to wait for and what to type, or a command to run in between.
    enum StepPart: Encodable {
        case text(String)
        case nothing
        case command([String])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .nothing: try container.encodeNil()
            case .command(let words): try container.encode(words)
            }
        }
    }

    /// As ``onTerminal(_:_:columns:lines:environment:)``.
    ///
    /// - Parameter script: for each step what to wait for, what to type or nothing, and the commands to run before that.
    func onTerminal(
        _ arguments: [String], script: [[StepPart]], columns: Int, lines: Int, environment: [String] = []
    ) throws -> (Int32, String) {
        let questions = String(decoding: try JSONEncoder().encode(script), as: UTF8.self)
        let result = try run(
            "/usr/bin/env",
            ["python3", Self.repository + "/Tests/EndToEndTests/on-terminal.py", "\(columns)x\(lines)", questions]
                + [Programs.path("etoken-bridge")] + arguments, environment: environment)
        return (result.status, result.output)
    }

    static let tokens = MockTokens.labels

    /// Runs the main job. The 7960 is accepted as stranded, and the PIN comes from the tokens' file.
    func migrate(
        _ extra: String..., tokens: [String] = tokens, pinFile: String? = nil, accepting: Bool = true
    ) throws -> Result {
        let arguments = migrationArguments(output: folder.file("out"), tokens: tokens, pinFile: pinFile)
        return try run(
            Programs.path("etoken-bridge"), arguments + (accepting ? ["--accept-stranded"] : []) + extra)
    }

    /// What keeps the tokens of the current file: an old cluster has some of its own, which nobody names here.
    func keepingTokens() throws -> [String] {
        let present = try TrustListFile(decoding: #require(ctlFile(Self.publisher)))
        return present.records.filter(\.isToken).compactMap(\.x509).flatMap { ["--keep", $0.sha1.hex] }
    }

    func migrationArguments(
        output: String, tokens: [String] = tokens, pinFile: String? = nil
    ) -> [String] {
        ["migrate", "to-etoken", "--cluster", "lab", "--module", module, "--yes", "--phone-timeout", "30"]
            + tokens.flatMap { ["--token", $0] }
            + ["--pin-file", pinFile ?? rightPIN, "--output", output]
    }

    /// A token's URI that says where its PIN is.
    static func uri(_ label: String, pinFile: String) -> String { "pkcs11:token=\(label)?pin-source=file:\(pinFile)" }

    var moduleOptions: [String] { ["--module", module] }

    /// The environment that a program needs to find the tokens.
    var tokenEnvironment: [String] {
        variables.filter { !$0.hasPrefix("XDG_") }
    }

    func ctl(_ arguments: [String]) throws -> Result {
        try run(Programs.path("etoken-bridge"), ["ctl"] + arguments)
    }

    /// The options for signing with a mock token.
    func signing(_ token: String) -> [String] {
        ["--sign-with", token, "--module", module, "--pin-file", rightPIN]
    }

    func token(_ arguments: String...) throws -> Result {
        try run(Programs.path("etoken-bridge"), ["token"] + arguments + ["--module", module])
    }

    func fault(_ node: String, _ fault: String, _ options: String...) throws {
        try RunningLab(directory: folder.file("lab")).fault(node, [fault], options: options)
    }

    static let publisher = RunningLab.publisher
    static let subscriber = RunningLab.subscriber

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

    /// Restores the nodes' trust list files as ``clusterState()`` found them.
    func restore(_ state: [String: [UInt8]]) throws {
        for (path, bytes) in state where path.hasPrefix("nodes/") { folder.write("lab/\(path)", bytes, mode: 0o644) }
    }

    /// Puts a certificate into the lab's Phone-SAST-trust by hand, on the publisher's command line.
    func importTrust(_ pem: String) throws {
        let text = try String(contentsOfFile: pem, encoding: .utf8)
        let output = try commandLine(Self.publisher, "set cert import trust Phone-SAST-trust\n\(text)\n")
        #expect(output.contains("Successfully imported"), "\(output)")
    }

    /// Types something at a node's command line, with OpenSSH's client and without the program under test.
    @discardableResult func commandLine(_ node: String, _ input: String) throws -> String {
        let lab = try labConfiguration()
        let (account, node) = (try #require(lab.platform), try #require(lab.node(node)))
        let result = try run(
            "/usr/bin/sshpass",
            [
                "-f", try #require(account.passwordFile), "ssh", "-T", "-o", "StrictHostKeyChecking=no", "-o",
                // Up to 11.5 nodes have nothing newer; later ones do not mind.
                "KexAlgorithms=+diffie-hellman-group14-sha1", "-o", "HostKeyAlgorithms=+ssh-rsa", "-o",
                "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-p", "\(node.sshPort)",
                "\(account.user)@\(node.address)",
            ], input: input + "\nexit\n")
        return result.output + result.errors
    }

    /// The lab as it describes itself.
    func labConfiguration() throws -> ClusterConfiguration { try ConfigurationFile.lab(in: folder.file("lab")) }

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
        guard lines.joined(separator: "\n") != text else {
            throw ChildProcess.Failure(description: "\(key) is not in the configuration")
        }
        folder.write("config/etoken-bridge/config.toml", lines.joined(separator: "\n"))
    }

    /// - Parameter more: `NAME=value`, in addition to the environment that finds the tokens.
    func run(
        _ program: String, _ arguments: [String], input: String? = nil, environment more: [String] = []
    ) throws -> Result {
        try ChildProcess.end(of: [program] + arguments, input: input, environment: variables + more)
    }
}

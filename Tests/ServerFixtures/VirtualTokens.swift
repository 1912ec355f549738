import Glibc

/// Two virtual tokens in readers of a separate smart card service, which OpenSC reads like real ones. All of it is
/// stopped with its owner. The PIN of both is `Cisco123`.
public final class VirtualTokens: Sendable {
    /// The label of the token in the first reader, and in the second.
    public static let labels = MockTokens.labels
    /// The same for tokens that are not Cisco's.
    public static let otherLabels = ["MOCK-1", "MOCK-2"]

    /// The state of a token, as its card sees it.
    public struct Status: Equatable, Sendable {
        /// Wrong PINs that the card still accepts.
        public let tries: Int
        /// PINs, right and wrong, that were sent to the card.
        public let verifications: Int
        /// Signatures that the card made.
        public let signatures: Int

        public init(tries: Int, verifications: Int, signatures: Int) {
            (self.tries, self.verifications, self.signatures) = (tries, verifications, signatures)
        }
    }

    public let folder: String
    /// What programs need in their environment to find the tokens.
    public let environment: [String]
    /// The OpenSC module.
    public let module: String
    private let parent = TemporaryFolder()
    private let process: ChildProcess

    /// - Parameters:
    ///   - kinds: what each token is: `cardos` or `piv`.
    ///   - tries: how many wrong PINs lock a token.
    ///   - wrongPIN: how CardOS answers one: `plain` or `counted`.
    ///   - areOfCisco: whether they have Cisco's certificates.
    public init(
        kinds: [String] = ["cardos", "cardos"], tries: Int = 15, wrongPIN: String = "plain", areOfCisco: Bool = true
    ) throws {
        folder = parent.file("tokens")
        let log = parent.file("log")
        let made = try MockTokens.original(areOfCisco ? .usual : .otherMaker)
        let programs = Programs.path("virtual-token").split(separator: "/").dropLast().joined(separator: "/")
        process = try ChildProcess(
            [
                Programs.script("virtual-tokens"), "--first", kinds[0], "--second", kinds[1], "--tries", "\(tries)",
                "--wrong-pin", wrongPIN, "--tokens", made,
            ] + (areOfCisco ? [] : ["--other-maker"]) + [folder], output: log,
            environment: ["ETOKEN_BRIDGE_BIN=/\(programs)"])
        let (process, ready) = (process, folder + "/ready")
        guard comesTrue(within: 60, { access(ready, F_OK) == 0 || !process.isRunning }), access(ready, F_OK) == 0 else {
            throw ChildProcess.Failure(description: "tools/virtual-tokens: \(parent.text("log"))")
        }
        var environment: [String] = []
        var module = ""
        for line in parent.text("tokens/env").split(separator: "\n") {
            let variable = String(line.dropFirst("export ".count))
            if variable.hasPrefix("ETOKEN_BRIDGE_MODULE=") {
                module = String(variable.dropFirst("ETOKEN_BRIDGE_MODULE=".count))
            } else {
                environment.append(variable)
            }
        }
        (self.environment, self.module) = (environment, module)
    }

    /// The file that contains the right PIN.
    public var pinFile: String { folder + "/pin" }

    /// Sends an order to a token (0 or 1), for example `pull` or `trap hang before sign`; returns its answer.
    @discardableResult
    public func tell(_ token: Int, _ order: String) throws -> String {
        let words = order.split(separator: " ").map(String.init)
        return try ChildProcess.run(command(token, words))
    }

    /// The command that sends an order to a token, for programs that do it themselves.
    public func command(_ token: Int, _ words: [String]) -> [String] {
        [Programs.path("virtual-token"), "tell", "\(folder)/\(token + 1).control"] + words
    }

    /// Inserts a token again, and waits until the smart card service has noticed.
    public func insertAndWait(_ token: Int) throws {
        try tell(token, "insert")
        let isSeen = try comesTrue(within: 60) {
            let readers = try ChildProcess.run(["opensc-tool", "--list-readers"], environment: environment)
            let lines = readers.split(separator: "\n").filter { $0.contains("Virtual PCD") }
            return lines.count > token && lines[token].contains(" Yes ")
        }
        guard isSeen else { throw ChildProcess.Failure(description: "the reader does not see token \(token)") }
    }

    public func status(_ token: Int) throws -> Status {
        let pairs = try tell(token, "status").split(whereSeparator: \.isWhitespace)
        let values = pairs.reduce(into: [Substring: Int]()) { values, pair in
            let parts = pair.split(separator: "=")
            values[parts[0]] = Int(parts[1])
        }
        guard let tries = values["tries"], let verify = values["verify"], let sign = values["sign"] else {
            throw ChildProcess.Failure(description: "virtual-token says: \(pairs)")
        }
        return Status(tries: tries, verifications: verify, signatures: sign)
    }
}

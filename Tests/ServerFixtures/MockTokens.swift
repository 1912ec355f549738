import Synchronization

/// The two tokens of tools/mock-tokens, in a separate SoftHSM store. Their PIN is `Cisco123`.
public struct MockTokens: Sendable {
    /// A store has the same tokens as all others of its kind: it is a copy, because generating keys takes long.
    public enum Kind: String, Sendable {
        case usual
        case secondCertificate = "--second-certificate"
        case otherMaker = "--other-maker"
    }

    public static let labels = ["SAST-ADN0054f509", "SAST-ADN008580ef"]

    public enum Life: Sendable {
        case owner
        case exit
    }

    public let folder: TemporaryFolder
    /// What programs need in their environment to find the tokens.
    public let environment: [String]
    /// SoftHSM's module.
    public let module: String

    /// The path of the store.
    public var path: String { folder.file("tokens") }
    public var pinFile: String { path + "/pin" }

    /// - Parameter life: until its owner goes, or until the process ends.
    public init(_ kind: Kind = .usual, until life: Life = .owner) throws {
        folder = life == .owner ? TemporaryFolder() : .untilExit()
        let original = try Self.original(kind)
        try ChildProcess.run(["cp", "-a", original, folder.file("tokens")])
        // The one thing that differs: where it is.
        for name in ["softhsm2.conf", "env"] {
            folder.write(
                "tokens/" + name, folder.text("tokens/" + name).replacing(original, with: folder.file("tokens")))
        }
        let lines = folder.text("tokens/env").split(separator: "\n").map { String($0.dropFirst("export ".count)) }
        environment = lines.filter { $0.hasPrefix("SOFTHSM2_CONF=") }
        let variable = "ETOKEN_BRIDGE_MODULE="
        guard let module = lines.first(where: { $0.hasPrefix(variable) })?.dropFirst(variable.count) else {
            throw ChildProcess.Failure(description: "tools/mock-tokens names no module: \(lines)")
        }
        self.module = String(module)
    }

    /// A store that is created once per process, with the keys next to it.
    static func original(_ kind: Kind) throws -> String {
        try originals.withLock { originals in
            if let made = originals[kind] { return made.file("tokens") }
            let folder = TemporaryFolder.untilExit()
            let option = kind == .usual ? [] : [kind.rawValue]
            try ChildProcess.run(
                [Programs.script("mock-tokens"), "--keep-keys"] + option + [folder.file("tokens")])
            originals[kind] = folder
            return folder.file("tokens")
        }
    }

    private static let originals = Mutex<[Kind: TemporaryFolder]>([:])
}

import Glibc

/// A lab of our own, made by the program cluster-lab and stopped with its owner.
public final class RunningLab: Sendable {
    public let folder: String
    private let parent = TemporaryFolder()

    /// The program: `CLUSTER_LAB` in the environment, else the one that was built beside the tests.
    public static var program: String? {
        if let path = getenv("CLUSTER_LAB") { return String(cString: path) }
        // swift test runs a helper of the toolchain; the test bundle is among its arguments.
        guard let bundle = CommandLine.arguments.first(where: { $0.contains(".xctest") }) else { return nil }
        let folder = bundle.prefix(upTo: bundle.firstRange(of: ".xctest")!.lowerBound)
        let path =
            folder.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/") + "/cluster-lab"
        return access(path, X_OK) == 0 ? path : nil
    }

    /// - Parameter release: `10.5` or `12.5`.
    public init(release: String = "10.5") throws {
        guard let program = Self.program else {
            throw ChildProcess.Failure(description: "cluster-lab is not built (swift build --product cluster-lab)")
        }
        folder = parent.file("lab")
        try ChildProcess.run([program, "up", folder, "--release", release])
    }

    deinit { _ = try? ChildProcess.run([Self.program ?? "", "down", folder]) }

    /// The secret of an account: `platform` or `application`.
    public func password(_ account: String) -> String {
        let bytes = TemporaryFolder.read("\(folder)/credentials/\(account)") ?? []
        return String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
    }

    @discardableResult
    public func run(_ arguments: String...) throws -> String {
        try ChildProcess.run([Self.program ?? ""] + arguments)
    }
}

import Glibc

/// A lab of our own, made by the program cluster-lab and stopped with its owner.
public final class RunningLab: Sendable {
    public let folder: String
    private let parent = TemporaryFolder()

    private static var program: String { Programs.path("cluster-lab") }

    /// - Parameters:
    ///   - release: `10.5` or `12.5`.
    ///   - options: more of `cluster-lab up`.
    public init(release: String = "10.5", options: [String] = []) throws {
        folder = parent.file("lab")
        try ChildProcess.run([Self.program, "up", folder, "--release", release] + options)
    }

    deinit { _ = try? ChildProcess.run([Self.program, "down", folder]) }

    /// The secret of an account: `platform` or `application`.
    public func password(_ account: String) -> String {
        let bytes = TemporaryFolder.read("\(folder)/credentials/\(account)") ?? []
        return String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
    }

    @discardableResult
    public func run(_ arguments: String...) throws -> String {
        try ChildProcess.run([Self.program] + arguments)
    }
}

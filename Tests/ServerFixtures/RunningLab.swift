import Glibc

/// A lab of our own, made by the program cluster-lab and stopped with its owner.
public final class RunningLab: Sendable {
    public let folder: String
    private let parent = TemporaryFolder()

    private static var program: String { Programs.path("cluster-lab") }

    /// - Parameter release: `10.5` or `12.5`.
    public init(release: String = "10.5") throws {
        folder = parent.file("lab")
        try ChildProcess.run([Self.program, "up", folder, "--release", release])
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

import Configuration
import Glibc
import Testing

/// A lab, created by the program cluster-lab, in its own folder and stopped with its owner.
public final class RunningLab: Sendable {
    public let directory: String
    private let parent: TemporaryFolder?
    private let isOwner: Bool

    public static let executable = Programs.path("cluster-lab")
    public static let publisher = "cucm-1051-a-pub"
    public static let subscriber = "cucm-1051-a-sub1"

    /// Starts a lab.
    ///
    /// - Parameters:
    ///   - parent: where the lab's own folder, `lab`, is created.
    ///   - release: for example `10.5`.
    ///   - options: more of `cluster-lab up`.
    public init(in parent: TemporaryFolder = TemporaryFolder(), release: String? = nil, options: [String] = []) throws {
        self.parent = parent
        directory = parent.file("lab")
        isOwner = true
        let up = ["up", directory] + (release.map { ["--release", $0] } ?? []) + options
        try ChildProcess.run([Self.executable] + up + Self.keys)
    }

    /// A lab that someone else starts and stops.
    public init(directory: String) throws {
        guard access(directory, F_OK) == 0 else {
            throw ChildProcess.Failure(description: "no lab in \(directory)")
        }
        (self.directory, parent, isOwner) = (directory, nil, false)
    }

    deinit {
        guard isOwner else { return }
        do { try run("down", directory) } catch { Issue.record(error) }
    }

    /// Options of `cluster-lab up` for keys that earlier labs of these tests generated: generating them is most of the
    /// work.
    public static var keys: [String] { ["--keys", keyFolder.path] }

    private static let keyFolder = TemporaryFolder.untilExit()

    /// The cluster as the lab describes it.
    public func cluster() throws -> ClusterConfiguration { try ConfigurationFile.lab(in: directory) }

    /// The secret of an account: `platform` or `application`.
    public func password(_ account: String) -> String {
        let bytes = TemporaryFolder.read("\(directory)/credentials/\(account)") ?? []
        return String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
    }

    /// What the lab's servers noted so far.
    public var log: String { String(decoding: TemporaryFolder.read("\(directory)/lab.log") ?? [], as: UTF8.self) }

    @discardableResult
    public func run(_ arguments: String...) throws -> String {
        try ChildProcess.run([Self.executable] + arguments)
    }

    /// Replaces the faults of a node, or of `all`.
    public func fault(_ node: String, _ faults: [String], options: [String] = []) throws {
        try ChildProcess.run([Self.executable, "fault", directory, node] + faults + options)
    }
}

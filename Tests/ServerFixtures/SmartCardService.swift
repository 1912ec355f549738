import Glibc

/// `smart-card-service.py`: stands in for pcscd where readers have to come and go.
public final class StandInSmartCardService: Sendable {
    private let folder = TemporaryFolder()
    private let process: ChildProcess

    /// A line for each reader: its name, how often cards came and went, and the card's ATR or nothing.
    public init(readers: [String] = []) throws {
        let script = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        Self.write(readers, in: folder)
        process = try ChildProcess(
            ["python3", script + "/smart-card-service.py", folder.file("socket"), folder.file("readers")])
        for _ in 0..<1000 where access(folder.file("ready"), F_OK) != 0 { usleep(20_000) }
    }

    /// What programs need in their environment.
    public var environment: [String] { ["PCSCLITE_CSOCK_NAME=\(folder.file("socket"))"] }

    public func set(readers: [String]) { Self.write(readers, in: folder) }

    private static func write(_ readers: [String], in folder: TemporaryFolder) {
        folder.write("new", readers.map { $0 + "\n" }.joined())
        rename(folder.file("new"), folder.file("readers"))
    }
}

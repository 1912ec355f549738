import Glibc

/// `smart-card-service.py`: stands in for pcscd if readers have to come and go.
public final class StandInSmartCardService: Sendable {
    private let folder = TemporaryFolder()
    private let process: ChildProcess

    public struct Reader {
        let line: String

        /// - Parameters:
        ///   - atr: hexadecimal; empty without a card, and `mute` for one that does not answer.
        ///   - events: how often cards were inserted and removed.
        ///   - status: what connecting to the card returns.
        public init(_ name: String, atr: String, events: Int = 1, status: UInt32 = 0) {
            line = "\(name)|\(events)|\(atr)|\(String(status, radix: 16))\n"
        }
    }

    public init(readers: [Reader] = []) throws {
        let script = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        Self.write(readers, in: folder)
        process = try ChildProcess(
            ["python3", script + "/smart-card-service.py", folder.file("socket"), folder.file("readers")],
            output: folder.file("log"))
        let (process, folder) = (process, folder)
        guard comesTrue(within: 30, { access(folder.file("ready"), F_OK) == 0 || !process.isRunning }),
            access(folder.file("ready"), F_OK) == 0
        else { throw ChildProcess.Failure(description: "smart-card-service.py: \(folder.text("log"))") }
    }

    /// What programs need in their environment.
    public var environment: [String] { ["PCSCLITE_CSOCK_NAME=\(folder.file("socket"))"] }

    public func set(readers: [Reader]) { Self.write(readers, in: folder) }

    private static func write(_ readers: [Reader], in folder: TemporaryFolder) {
        folder.write("new", readers.map(\.line).joined())
        rename(folder.file("new"), folder.file("readers"))
    }
}

import Glibc

/// `http-server.py`, on its own address.
public final class PythonServer: Sendable {
    public let address: String
    public let port: UInt16
    private let process: ChildProcess
    private let folder = TemporaryFolder()

    public var url: String { "http://\(address):\(port)" }

    /// - Parameters:
    ///   - script: a file next to this one.
    ///   - address: of another server whose port this one is to replace; one of its own if nil.
    public init(script: String = "http-server.py", arguments: [String] = [], address: String? = nil) throws {
        let address = address ?? Loopback.address()
        self.address = address
        let path = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
        process = try ChildProcess(
            ["python3", "\(path)/\(script)", address] + arguments, output: folder.file("output"))
        var port: UInt16?
        let (process, folder) = (process, folder)
        _ = comesTrue(within: 30) {
            let text = folder.text("output")
            let line = text.split(separator: "\n").first { $0.hasPrefix("port ") }
            port = text.hasSuffix("\n") ? line.flatMap { UInt16($0.dropFirst(5)) } : nil
            return port != nil || !process.isRunning
        }
        guard let port else {
            throw ChildProcess.Failure(description: "\(script) does not start: \(folder.text("output"))")
        }
        self.port = port
    }

    /// What it has printed so far.
    public var log: String { folder.text("output") }
}

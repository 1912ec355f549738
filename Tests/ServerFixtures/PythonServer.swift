import Glibc

/// `http-server.py`, on an address of its own.
public final class PythonServer: Sendable {
    public let address: String
    public let port: UInt16
    private let process: ChildProcess
    private let folder = TemporaryFolder()

    public var url: String { "http://\(address):\(port)" }

    /// - Parameter script: a file beside this one.
    public init(script: String = "http-server.py", arguments: [String] = []) throws {
        address = Loopback.address()
        let path = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
        process = try ChildProcess(
            ["python3", "\(path)/\(script)", address] + arguments, output: folder.file("output"))
        for _ in 0..<1000 {
            let text = folder.text("output")
            if let line = text.split(separator: "\n").first(where: { $0.hasPrefix("port ") }), text.hasSuffix("\n"),
                let port = UInt16(line.dropFirst(5))
            {
                self.port = port
                return
            }
            usleep(20_000)
        }
        throw ChildProcess.Failure(description: "\(script) does not start: \(folder.text("output"))")
    }

    /// What it has printed so far.
    public var log: String { folder.text("output") }
}

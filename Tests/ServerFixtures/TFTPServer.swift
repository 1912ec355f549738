import Glibc
import Transfers

/// `atftpd`, on its own or a given address.
public final class TFTPServer: Sendable {
    public let address: String
    public let port: UInt16
    /// What it serves.
    public let folder = TemporaryFolder()
    private let process: ChildProcess

    public init(address: String = Loopback.address()) throws {
        self.address = address
        port = try Loopback.port(on: address, datagram: true)
        // It only serves what everyone can read.
        chmod(folder.path, 0o755)
        process = try ChildProcess([
            "/usr/sbin/atftpd", "--daemon", "--no-fork", "--bind-address", address, "--port", "\(port)",
            "--user", "root.root", "--logfile", folder.file("log"), folder.path,
        ])
        folder.write("ready", [1], mode: 0o644)
        for _ in 0..<150 {
            if (try? TFTPClient.read("ready", host: address, port: port, timeout: 0.2)) != nil { return }
        }
        throw ChildProcess.Failure(description: "atftpd does not start: \(folder.text("log"))")
    }
}

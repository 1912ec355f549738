import Basics
import Glibc
import Messages

/// The right to try PINs on one token: from the last look at what is remembered until the outcome of the try is, no
/// other run of this program tries one. The kernel ends it when the process exits, for any reason.
final class PINTurn: Sendable {
    private let file: FileLock?
    private let machine: MachineLock

    /// Waits for others, which may take as long as a login does.
    ///
    /// - Parameters:
    ///   - record: of the token.
    ///   - ledger: where the record is kept.
    ///   - needsFile: whether the lock must be in the folder of the record, because that has to be written.
    /// - Throws: `FileError`; `locked` if another run still has its turn after that time.
    init(_ record: PINRecord, in ledger: PINLedger, needsFile: Bool, within seconds: Int) throws(FileError) {
        let deadline = Deadline(seconds: seconds)
        // The folder may differ between runs of one machine, or not be writable.
        machine = try Self.wait(until: deadline) { () throws(FileError) in
            try MachineLock("\(ledger.machine)/pin/\(record.lockName)")
        }
        do throws(FileError) {
            try Files.makeFolder(ledger.folder)
            file = try Self.wait(until: deadline) { () throws(FileError) in
                try FileLock("\(ledger.folder)/.\(record.lockName).lock")
            }
        } catch {
            guard !needsFile, error.code != .locked else { throw error }
            file = nil
        }
    }

    private static func wait<Lock>(
        until deadline: Deadline, _ take: () throws(FileError) -> Lock
    ) throws(FileError) -> Lock {
        while true {
            do throws(FileError) {
                return try take()
            } catch {
                guard error.code == .locked, !deadline.hasPassed else { throw error }
                interruptibleSleep(0.05)
            }
        }
    }
}

/// A lock that needs no file system: an abstract socket name (unix(7)), which one process of the machine has at a time.
private final class MachineLock: Sendable {
    private let socket: Int32

    /// - Throws: `FileError`; `locked` if another process or thread has it.
    init(_ name: String) throws(FileError) {
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw FileError(.lock, name) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(name.utf8.prefix(MemoryLayout.size(ofValue: address.sun_path) - 1))
        // The name starts with a NUL.
        withUnsafeMutableBytes(of: &address.sun_path) { $0[1...].copyBytes(from: bytes) }
        let size = socklen_t(MemoryLayout.size(ofValue: address.sun_family) + 1 + bytes.count)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, size) }
        }
        guard status == 0 else {
            // deinit closes it: everything is initialised.
            throw FileError(.lock, name, errno: errno == EADDRINUSE ? EWOULDBLOCK : errno)
        }
    }

    deinit { close(socket) }
}

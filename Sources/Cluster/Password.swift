import Files
import Glibc

/// A password. It cannot be printed, and its memory is overwritten when its last owner lets go of it.
///
/// libcurl and libssh keep copies of their own for as long as a connection lives.
public final class Password: Sendable, CustomStringConvertible, CustomReflectable {
    // Written in init and deinit only.
    private nonisolated(unsafe) let storage: UnsafeMutableBufferPointer<UInt8>

    /// Takes the bytes over and overwrites what it was given.
    public init(consuming bytes: inout [UInt8]) {
        storage = .allocate(capacity: bytes.count)
        _ = storage.initialize(from: bytes)
        bytes.withUnsafeMutableBytes { buffer in
            if let address = buffer.baseAddress { explicit_bzero(address, buffer.count) }
        }
        bytes = []
    }

    public convenience init(_ text: String) {
        var bytes = Array(text.utf8)
        self.init(consuming: &bytes)
    }

    deinit {
        if let address = storage.baseAddress { explicit_bzero(address, storage.count) }
        storage.deallocate()
    }

    /// Reads the first line of a file, which must belong to the user and be closed to everybody else.
    public static func read(file path: String) throws(ClusterError) -> Password {
        let operation = "read the password file \(path)"
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw ClusterError(.file, operation: operation, message: String(cString: strerror(errno)))
        }
        guard status.st_mode & 0o077 == 0, status.st_uid == geteuid() else {
            throw ClusterError(
                .configuration, operation: operation, message: "others may read it (chmod 600 closes it to them)")
        }
        var bytes: [UInt8]
        do {
            bytes = try Files.read(path, limit: 4096)
        } catch {
            throw ClusterError(error, operation: operation)
        }
        var line = Array(bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
        explicit_bzero(&bytes, bytes.count)
        guard !line.isEmpty, !line.contains(0) else {
            throw ClusterError(.configuration, operation: operation, message: "its first line holds no password")
        }
        return Password(consuming: &line)
    }

    /// Lends a copy of the bytes, without a trailing NUL, and overwrites it afterwards.
    func withBytes<T, E: Error>(_ body: ([UInt8]) throws(E) -> T) throws(E) -> T {
        var copy = Array(storage)
        defer {
            copy.withUnsafeMutableBytes { buffer in
                if let address = buffer.baseAddress { explicit_bzero(address, buffer.count) }
            }
        }
        return try body(copy)
    }

    /// Lends the password as C text.
    func withCString<T>(_ body: (UnsafePointer<CChar>) -> T) -> T {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: storage.count + 1) { text in
            for index in 0..<storage.count { text[index] = CChar(bitPattern: storage[index]) }
            text[storage.count] = 0
            defer { explicit_bzero(text.baseAddress!, text.count) }
            return body(text.baseAddress!)
        }
    }

    public var description: String { "(password)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

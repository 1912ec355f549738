import Glibc
import Synchronization
import Testing

/// A private folder that is removed with its owner.
public final class TemporaryFolder: Sendable {
    public let path: String

    public init() {
        var template = Array("/tmp/etb-test.XXXXXX".utf8CString)
        if mkdtemp(&template) == nil { Issue.record("mkdtemp: \(String(cString: strerror(errno)))") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// A folder for what all tests of a process share: nothing static is ever destroyed.
    public static func untilExit() -> TemporaryFolder {
        let folder = TemporaryFolder()
        shared.withLock {
            if $0.isEmpty { atexit { TemporaryFolder.removeShared() } }
            $0.append(folder.path)
        }
        return folder
    }

    private static let shared = Mutex<[String]>([])

    private static func removeShared() {
        if let removal = try? ChildProcess(["/bin/rm", "-rf"] + shared.withLock { $0 }) { _ = removal.wait() }
    }

    deinit { if let removal = try? ChildProcess(["/bin/rm", "-rf", path]) { _ = removal.wait() } }

    public func file(_ name: String) -> String { "\(path)/\(name)" }

    @discardableResult
    public func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o600) -> String {
        let target = file(name)
        let descriptor = open(target, O_WRONLY | O_CLOEXEC | O_CREAT | O_TRUNC, mode)
        if descriptor < 0 || Glibc.write(descriptor, bytes, bytes.count) != bytes.count {
            Issue.record("cannot write \(target): \(String(cString: strerror(errno)))")
        }
        _ = fchmod(descriptor, mode)
        _ = close(descriptor)
        return target
    }

    @discardableResult
    public func write(_ name: String, _ text: String, mode: mode_t = 0o600) -> String {
        write(name, Array(text.utf8), mode: mode)
    }

    public func text(_ name: String) -> String { String(decoding: bytes(name) ?? [], as: UTF8.self) }

    public func bytes(_ name: String) -> [UInt8]? { Self.read(file(name)) }

    /// Also a file of the system whose length is not known beforehand: Foundation reads only its first page.
    public static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { _ = close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }
}

extension TemporaryFolder {
    /// Any file's bytes; nil if there is none.
    public static func contents(_ path: String) -> [UInt8]? { read(path) }

    /// Overwrites an existing file.
    public static func replace(_ path: String, _ bytes: [UInt8]) {
        let descriptor = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
        if descriptor < 0 || Glibc.write(descriptor, bytes, bytes.count) != bytes.count {
            Issue.record("cannot write \(path): \(String(cString: strerror(errno)))")
        }
        _ = close(descriptor)
    }
}

import Basics
import Glibc

/// The lab's files, and its own messages for errors with them.
enum LabFiles {
    static func read(_ path: String, limit: Int = 16 << 20) throws(LabError) -> [UInt8] {
        do { return try Files.read(path, limit: limit) } catch { throw LabError(error) }
    }

    static func text(_ path: String) throws(LabError) -> String {
        do { return try Files.text(path) } catch { throw LabError(error) }
    }

    static func write(
        _ bytes: [UInt8], to path: String, mode: mode_t = 0o600, scratch: String? = nil
    ) throws(LabError) {
        do {
            try Files.write(bytes, to: path, permissions: mode, replacing: true, scratch: scratch)
        } catch {
            throw LabError(error)
        }
    }

    static func write(_ text: String, to path: String, mode: mode_t = 0o600) throws(LabError) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    static func makeFolder(_ path: String, mode: mode_t = 0o700) throws(LabError) {
        do { try Files.makeFolder(path, permissions: mode) } catch { throw LabError(error) }
    }

    static func remove(_ path: String) throws(LabError) {
        do { try Files.remove(path) } catch { throw LabError(error) }
    }

    static func removeTree(_ path: String) throws(LabError) {
        do { try Files.removeTree(path) } catch { throw LabError(error) }
    }

    /// Reads what ``JSON/encode(_:compact:)`` wrote.
    static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws(LabError) -> Value {
        let bytes = try read(path)
        guard let value = try? JSON.decode(type, from: bytes) else {
            throw LabError(.notALab, "\(path) is not what the lab wrote")
        }
        return value
    }

    /// The lock that a running lab holds on its directory; nil if one is running.
    static func lock(_ path: String) throws(LabError) -> FileLock? {
        do {
            return try FileLock(path)
        } catch {
            if error.code == .locked { return nil }
            throw LabError(error)
        }
    }
}

extension LabError {
    init(_ error: FileError) {
        self.init(.fileFailed, "cannot \(error.operation.rawValue) \(error.path): \(error.reason)")
    }
}

extension JSON {
    /// - Parameter compact: on a single line, for programs only.
    static func encode(_ value: some Encodable, compact: Bool = false) -> [UInt8] {
        // The lab's own types contain nothing that JSON cannot represent.
        guard let bytes = try? compact ? line(value) : document(value) else {
            preconditionFailure("a value does not encode")
        }
        return bytes
    }
}

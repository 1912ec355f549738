import Basics
import Glibc
import Synchronization

/// The files of a node for its phones, and what TFTP and HTTP 6970 serve of them: the files themselves, or copies made
/// when the service started. The folders and files are read-only, because atftpd would otherwise accept files from
/// anyone; only this class makes them writable, for the duration of a change.
final class TFTPFolder: Sendable {
    /// The files as stored.
    let path: String
    /// The files as served.
    let served: String
    /// On the same file system, for files that are being written.
    private let scratch: String
    private let lock = Mutex(())

    /// - Parameter cache: where copies are served from; nil if the files are served as stored.
    init(path: String, cache: String?) throws(LabError) {
        self.path = path
        served = cache ?? path
        scratch = path + "-incoming"
        for folder in [path, served] { try LabFiles.makeFolder(folder, mode: 0o555) }
        try LabFiles.makeFolder(scratch)
    }

    private var hasCache: Bool { served != path }

    /// The files, including folders, sorted.
    var files: [String] { Self.list(path) }

    func read(_ name: String) -> [UInt8]? { try? LabFiles.read("\(path)/\(name)") }

    func modified(_ name: String) -> Int64? { Files.modified("\(path)/\(name)") }

    func exists(_ name: String) -> Bool { Files.exists("\(path)/\(name)") }

    /// Replaces a file by these bytes, atomically. A name that is not in the cache is served at once.
    func write(_ name: String, _ bytes: [UInt8]) throws(LabError) {
        try lock.withLock { (_) throws(LabError) in
            try write(name, bytes, in: path)
            if hasCache, !Files.exists("\(served)/\(name)") { try write(name, bytes, in: served) }
        }
    }

    /// - Returns: false if there is no such file.
    func delete(_ name: String) throws(LabError) -> Bool {
        guard exists(name) else { return false }
        try lock.withLock { (_) throws(LabError) in try remove(name, in: path) }
        return true
    }

    /// What the service does when it starts: from now on it serves what is currently stored.
    func fillCache() throws(LabError) {
        guard hasCache else { return }
        try lock.withLock { (_) throws(LabError) in
            let stored = Self.list(path)
            for name in Self.list(served) where !stored.contains(name) { try remove(name, in: served) }
            for name in stored { try write(name, try LabFiles.read("\(path)/\(name)"), in: served) }
        }
    }

    private func write(_ name: String, _ bytes: [UInt8], in root: String) throws(LabError) {
        try change(name, in: root, creating: true) { () throws(LabError) in
            try LabFiles.write(bytes, to: "\(root)/\(name)", mode: 0o444, scratch: scratch)
        }
    }

    private func remove(_ name: String, in root: String) throws(LabError) {
        try change(name, in: root, creating: false) { () throws(LabError) in try LabFiles.remove("\(root)/\(name)") }
    }

    private func change(
        _ name: String, in root: String, creating: Bool, _ body: () throws(LabError) -> Void
    ) throws(LabError) {
        var folders = [root]
        for part in name.split(separator: "/").dropLast() {
            chmod(folders[folders.count - 1], 0o755)
            let folder = "\(folders[folders.count - 1])/\(part)"
            if creating { try LabFiles.makeFolder(folder, mode: 0o755) }
            folders.append(folder)
        }
        for folder in folders { chmod(folder, 0o755) }
        defer { for folder in folders.reversed() { chmod(folder, 0o555) } }
        try body()
    }

    private static func list(_ root: String, _ folder: String = "") -> [String] {
        Files.names(in: "\(root)/\(folder)", hidden: false).flatMap { name in
            let file = folder.isEmpty ? name : "\(folder)/\(name)"
            var status = stat()
            guard stat("\(root)/\(file)", &status) == 0 else { return [String]() }
            return status.st_mode & S_IFMT == S_IFDIR ? list(root, file) : [file]
        }
    }
}

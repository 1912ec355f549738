import Basics
import Glibc
import Synchronization

/// The files of a node for its phones, and what TFTP and HTTP 6970 serve of them: the files themselves, or copies made
/// when the service started. The folders and files are read-only, because atftpd would otherwise accept files from
/// anyone; only this class makes them writable, for the duration of a change.
final class TFTPFolder: Sendable {
    /// The files as stored.
    let path: String
    /// The files as the node serves them.
    private let own: String
    /// The files as served by someone who answers in the node's place.
    private let spoofed: String
    private let spoof = Mutex<Spoof?>(nil)
    /// On the same file system, for files that are being written.
    private let scratch: String
    private let lock = Mutex(())

    /// What someone who answers in the node's place serves instead of the node's files, by name.
    struct Spoof {
        var files: [String: [UInt8]]
        /// Whether the node's file is passed on once it has a new one.
        var endsWithChange: Bool
    }

    /// What TFTP and HTTP 6970 get.
    var served: String { spoof.withLock { $0 != nil } ? spoofed : own }

    /// - Parameter cache: where copies are served from; nil if the files are served as stored.
    init(path: String, cache: String?) throws(LabError) {
        self.path = path
        own = cache ?? path
        spoofed = path + "-spoofed"
        scratch = path + "-incoming"
        for folder in [path, own] { try LabFiles.makeFolder(folder, mode: 0o555) }
        try LabFiles.makeFolder(scratch)
    }

    private var hasCache: Bool { own != path }

    /// From now on someone else answers; nil ends that. The servers must be restarted, as the folder is a different one.
    func setSpoof(_ new: Spoof?) throws(LabError) {
        try lock.withLock { (_) throws(LabError) in
            spoof.withLock { $0 = new }
            if new != nil { try LabFiles.makeFolder(spoofed, mode: 0o555) }
            try copyForSpoof()
        }
    }

    /// What the node serves, with the impostor's files instead of its own.
    ///
    /// - Parameter changed: a file of the node that was just written or deleted.
    private func copyForSpoof(changed: String? = nil) throws(LabError) {
        let files = spoof.withLock { spoof -> [String: [UInt8]]? in
            if let changed, spoof?.endsWithChange == true { spoof?.files[changed] = nil }
            return spoof?.files
        }
        guard let files else { return }
        let names = Set(Self.list(own)).union(files.keys)
        for name in Self.list(spoofed) where !names.contains(name) { try remove(name, in: spoofed) }
        for name in names.sorted() {
            let bytes = if let file = files[name] { file } else { try LabFiles.read("\(own)/\(name)") }
            if (try? LabFiles.read("\(spoofed)/\(name)")) != bytes { try write(name, bytes, in: spoofed) }
        }
    }

    /// The files, including folders, sorted.
    var files: [String] { Self.list(path) }

    func read(_ name: String) -> [UInt8]? { try? LabFiles.read("\(path)/\(name)") }

    func modified(_ name: String) -> Int64? { Files.modified("\(path)/\(name)") }

    func exists(_ name: String) -> Bool { Files.exists("\(path)/\(name)") }

    /// Replaces a file by these bytes, atomically. A name that is not in the cache is served at once.
    func write(_ name: String, _ bytes: [UInt8]) throws(LabError) {
        try lock.withLock { (_) throws(LabError) in
            try write(name, bytes, in: path)
            if hasCache, !Files.exists("\(own)/\(name)") { try write(name, bytes, in: own) }
            try copyForSpoof(changed: name)
        }
    }

    /// - Returns: false if there is no such file.
    func delete(_ name: String) throws(LabError) -> Bool {
        guard exists(name) else { return false }
        try lock.withLock { (_) throws(LabError) in
            try remove(name, in: path)
            try copyForSpoof(changed: name)
        }
        return true
    }

    /// What the service does when it starts: from now on it serves what is currently stored.
    func fillCache() throws(LabError) {
        guard hasCache else { return }
        try lock.withLock { (_) throws(LabError) in
            let stored = Self.list(path)
            for name in Self.list(own) where !stored.contains(name) { try remove(name, in: own) }
            for name in stored { try write(name, try LabFiles.read("\(path)/\(name)"), in: own) }
            try copyForSpoof()
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

import Glibc
import Synchronization

/// What a node serves over TFTP and HTTP 6970. The folder and its files are read-only, because atftpd would otherwise
/// take files from anybody; only this class writes, for the moment that a change takes.
final class TFTPFolder: Sendable {
    let path: String
    /// On the same file system, for files that are being written.
    private let scratch: String
    private let lock = Mutex(())

    init(path: String) throws(LabError) {
        self.path = path
        scratch = path + "-incoming"
        try Files.makeFolder(path, mode: 0o555)
        try Files.makeFolder(scratch)
    }

    /// The files, folders inside included, sorted.
    var files: [String] { list("") }

    func read(_ name: String) -> [UInt8]? { try? Files.read("\(path)/\(name)") }

    func modified(_ name: String) -> Int64? { Files.modified("\(path)/\(name)") }

    func exists(_ name: String) -> Bool { Files.exists("\(path)/\(name)") }

    /// Replaces a file by these bytes, at once or not at all.
    func write(_ name: String, _ bytes: [UInt8]) throws(LabError) {
        try change(name, creating: true) { () throws(LabError) in
            try Files.write(bytes, to: "\(path)/\(name)", mode: 0o444, scratch: scratch)
        }
    }

    /// - Returns: false when there is no such file.
    func delete(_ name: String) throws(LabError) -> Bool {
        guard exists(name) else { return false }
        try change(name, creating: false) { () throws(LabError) in try Files.remove("\(path)/\(name)") }
        return true
    }

    private func change(
        _ name: String, creating: Bool, _ body: () throws(LabError) -> Void
    ) throws(LabError) {
        try lock.withLock { (_) throws(LabError) in
            var folders = [path]
            for part in name.split(separator: "/").dropLast() {
                chmod(folders[folders.count - 1], 0o755)
                let folder = "\(folders[folders.count - 1])/\(part)"
                if creating { try Files.makeFolder(folder, mode: 0o755) }
                folders.append(folder)
            }
            for folder in folders { chmod(folder, 0o755) }
            defer { for folder in folders.reversed() { chmod(folder, 0o555) } }
            try body()
        }
    }

    private func list(_ folder: String) -> [String] {
        Files.list("\(path)/\(folder)").flatMap { name in
            let file = folder.isEmpty ? name : "\(folder)/\(name)"
            var status = stat()
            guard stat("\(path)/\(file)", &status) == 0 else { return [String]() }
            return status.st_mode & S_IFMT == S_IFDIR ? list(file) : [file]
        }
    }
}

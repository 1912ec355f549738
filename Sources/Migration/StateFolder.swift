import Certificates
import Files
import Glibc
import Messages

/// The folder in which the program keeps what must survive it: every CTL file that it ever replaced.
///
/// Source: docs/operator-guide.md, "Files".
public struct StateFolder: Sendable {
    public let path: String

    /// `$XDG_STATE_HOME/etoken-bridge`, or `~/.local/state/etoken-bridge`.
    public static func standard() -> StateFolder {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        let base = variable("XDG_STATE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        return StateFolder(path: (base ?? (variable("HOME") ?? "") + "/.local/state") + "/etoken-bridge")
    }

    public init(path: String) { self.path = path }

    var journals: String { "\(path)/journals" }

    func journalPath(of id: String) -> String { "\(journals)/\(id).jsonl" }

    /// The changes of a cluster that have a journal, the newest last.
    public func changes(of cluster: String) -> [String] {
        names(in: journals, suffix: ".jsonl").sorted().map { "\(journals)/\($0)" }.filter { path in
            (try? Journal.read(path).first?.plan?.cluster) == cluster
        }
    }

    /// Every journal, the newest last within its cluster.
    public func allChanges() -> [String] { names(in: journals, suffix: ".jsonl").sorted().map { "\(journals)/\($0)" } }

    /// A name that can be a file's.
    static func fileName(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "_" })
    }

    /// Where the backup of a CTL file stands: named by its SHA-256, so that one file is kept once.
    public func backupPath(of bytes: [UInt8]) -> String {
        "\(path)/backups/\(Digest.sha256(bytes).hex).tlv"
    }

    /// Keeps a CTL file, reads it back, and gives its path.
    public func backUp(_ bytes: [UInt8]) throws -> String {
        let path = backupPath(of: bytes)
        try Files.makeFolder("\(self.path)/backups")
        if !Files.exists(path) { try Files.write(bytes, to: path, replacing: false) }
        guard try Files.read(path) == bytes else {
            throw MigrationError(
                .readBackDiffers, localized("The backup \(path) does not hold the bytes that were written."),
                next: localized("Check the disk that holds \(self.path), and run the command again."))
        }
        return path
    }

    /// The backup with this SHA-256.
    ///
    /// - Throws: `FileError`; ``MigrationError`` where the file was changed since.
    func backup(sha256: String) throws -> [UInt8] {
        let path = "\(self.path)/backups/\(sha256).tlv"
        let bytes = try Files.read(path)
        guard Digest.sha256(bytes).hex == sha256 else {
            throw MigrationError(
                .readBackDiffers, localized("The backup \(path) no longer holds the bytes that its name says."),
                next: localized("Check the disk that holds \(self.path)."))
        }
        return bytes
    }

    /// The backup with this checksum (MD5 or SHA-1, lower-case hexadecimal), or nil.
    public func backup(withChecksum checksum: String) -> [UInt8]? {
        for name in names(in: "\(path)/backups", suffix: ".tlv") {
            guard let bytes = try? Files.read("\(path)/backups/\(name)") else { continue }
            if Digest.md5(bytes).hex == checksum || Digest.sha1(bytes).hex == checksum { return bytes }
        }
        return nil
    }

    private func names(in folder: String, suffix: String) -> [String] {
        guard let folder = opendir(folder) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            // By its pointer: an entry's name may end before its type does, and before the system's buffer.
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
            }
            if name.hasSuffix(suffix) { names.append(name) }
        }
        return names
    }
}

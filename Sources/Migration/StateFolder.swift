import Basics
import Glibc
import Messages
import Operations
import X509

/// The folder in which the program keeps what must outlive it: every CTL file that it ever replaced.
///
/// Source: docs/operator-guide.md, "Files".
public struct StateFolder: Sendable {
    public let path: String

    /// `$XDG_STATE_HOME/etoken-bridge`, or `~/.local/state/etoken-bridge`.
    ///
    /// - Throws: `FileError` if it belongs to someone else, or someone else could take it over.
    public static func standard() throws(FileError) -> StateFolder {
        let base = getenv("XDG_STATE_HOME").map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
        let path: String
        if let base { path = base } else { path = "\(try HomeFolder.path())/.local/state" }
        let folder = StateFolder(path: path + "/etoken-bridge")
        try folder.check()
        return folder
    }

    /// Its contents decide what is restored, and which files are written: it has to be the user's own.
    func check() throws(FileError) {
        try Files.checkOwnFolder(path)
        for name in ["backups", "changes", "erasures", "journals", "locks", "restarts", "visits", "wrong-pins"] {
            let inner = "\(path)/\(name)"
            if Files.exists(inner) { try Files.checkOwnFolder(inner) }
        }
    }

    public init(path: String) { self.path = path }

    var journals: String { "\(path)/journals" }

    func journalPath(of id: String) -> String { "\(journals)/\(id).jsonl" }

    /// The changes of a cluster with the contents of their journals, the latest last.
    ///
    /// - Throws: `FileError`; ``MigrationError`` (`journal-unusable`) if one cannot be read: it may belong to an
    ///   unfinished change, during which no other may start.
    public func changes(of cluster: String) throws -> [(path: String, records: [JournalRecord])] {
        let prefix = Files.name(cluster) + "-"
        let names = Files.names(in: journals).filter {
            $0.hasPrefix(prefix) && $0.hasSuffix(".jsonl") && !$0.dropFirst(prefix.count).contains("-")
        }
        return try names.map { ("\(journals)/\($0)", try Journal.read("\(journals)/\($0)")) }
            .filter { $0.1.first?.plan?.cluster == cluster }
    }

    /// The location of a CTL file's backup: named by its SHA-256, so that a file is stored only once.
    public func backupPath(of bytes: [UInt8]) -> String {
        "\(path)/backups/\(Digest.sha256(bytes).hex).tlv"
    }

    /// Saves a CTL file, reads it back, and returns its path.
    public func backUp(_ bytes: [UInt8]) throws -> String {
        let path = backupPath(of: bytes)
        try Files.makeFolder("\(self.path)/backups")
        if !Files.exists(path) { try Files.write(bytes, to: path, replacing: false) }
        guard try Files.read(path) == bytes else {
            throw MigrationError(
                .readBackDiffers, localized("The backup \(path) does not contain the bytes that were written."),
                next: localized("Check the disk that holds \(self.path), and run the command again."))
        }
        return path
    }

    /// The backup with this SHA-256.
    ///
    /// - Throws: `FileError`; ``MigrationError`` if the file has been changed since.
    func backup(sha256: String) throws -> [UInt8] {
        guard sha256.utf8.count == 64, sha256.utf8.allSatisfy(Self.isHexDigit) else {
            throw MigrationError(
                .journalUnusable, localized("\(sha256) is not the SHA-256 of a backup."),
                next: localized("Check the disk that holds \(self.path)."))
        }
        let path = "\(self.path)/backups/\(sha256).tlv"
        let bytes = try Files.read(path)
        guard Digest.sha256(bytes).hex == sha256 else {
            throw MigrationError(
                .readBackDiffers, localized("The backup \(path) no longer matches the checksum in its name."),
                next: localized("Check the disk that holds \(self.path)."))
        }
        return bytes
    }

    /// The same as evidence: an earlier run, or this one, proved or created it, and recorded its SHA-256.
    func recorded(sha256: String) throws -> Authenticated<[UInt8]> {
        _ = try backup(sha256: sha256)
        guard let file = try Authenticated.recorded(as: sha256, at: "\(path)/backups/\(sha256).tlv") else {
            throw MigrationError(
                .readBackDiffers,
                localized("The backup \("\(path)/backups/\(sha256).tlv") no longer matches the checksum in its name."),
                next: localized("Check the disk that holds \(path)."))
        }
        return file
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    /// The backup with this checksum (MD5 or SHA-1, lower-case hexadecimal), or nil.
    public func backup(withChecksum checksum: String) -> [UInt8]? {
        for name in Files.names(in: "\(path)/backups") where name.hasSuffix(".tlv") {
            guard let bytes = try? Files.read("\(path)/backups/\(name)") else { continue }
            if Digest.displayed(bytes).contains(checksum) { return bytes }
        }
        return nil
    }
}

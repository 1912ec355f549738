import Certificates
import Files
import Glibc

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
                .readBackDiffers, "The backup \(path) does not hold the bytes that were written.",
                next: "Check the disk that holds \(self.path), and run the command again.")
        }
        return path
    }

    /// The backup with this checksum (MD5 or SHA-1, lower-case hexadecimal), or nil.
    public func backup(withChecksum checksum: String) -> [UInt8]? {
        guard let folder = opendir("\(path)/backups") else { return nil }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasSuffix(".tlv"), let bytes = try? Files.read("\(path)/backups/\(name)") else { continue }
            if Digest.md5(bytes).hex == checksum || Digest.sha1(bytes).hex == checksum { return bytes }
        }
        return nil
    }
}

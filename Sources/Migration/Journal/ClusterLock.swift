import Basics
import Glibc
import Messages

/// Keeps two runs on this machine from changing one cluster at the same time. Released when the process exits, for any
/// reason.
public final class ClusterLock {
    private let lock: FileLock

    /// - Throws: ``MigrationError`` (`busy`) if another process holds it.
    public init(_ cluster: String, in folder: StateFolder) throws {
        let path = Self.path(cluster, folder)
        try Files.makeFolder("\(folder.path)/locks")
        do throws(FileError) { lock = try FileLock(path, note: "\(getpid())") } catch {
            guard error.code == .locked else { throw Self.failure(path, cluster, .verbatim(error.reason)) }
            let holder = (try? Files.read(path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            throw MigrationError(
                .busy,
                localized(
                    holder.isEmpty
                        ? "Another run is changing cluster \(cluster)."
                        : "Another run (process \(holder)) is changing cluster \(cluster)."),
                next: localized(
                    "Wait for it to finish, or check its progress: etoken-bridge migrate status --cluster \(word: cluster)"
                ))
        }
    }

    private static func path(_ cluster: String, _ folder: StateFolder) -> String {
        "\(folder.path)/locks/\(Files.name(cluster)).lock"
    }

    /// The run that holds the lock now: its process, and since when, in seconds since 1970; nil if there is none. A run
    /// that starts during this check is not disturbed.
    static func holder(of cluster: String, in folder: StateFolder) -> (process: Int, since: Int64)? {
        let path = path(cluster, folder)
        var status = stat()
        guard FileLock.isHeld(path), stat(path, &status) == 0, let text = try? Files.read(path),
            let process = Int(String(decoding: text, as: UTF8.self))
        else { return nil }
        return (process, Int64(status.st_mtim.tv_sec))
    }

    private static func failure(_ path: String, _ cluster: String, _ why: LocalizableText) -> MigrationError {
        MigrationError(
            .busy, localized("Cluster \(cluster) cannot be locked against other runs: \(path): \(why)."),
            next: localized("Fix that, and run the command again."))
    }
}

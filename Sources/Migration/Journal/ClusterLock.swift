import Basics
import Glibc
import Messages

/// Keeps two runs on this machine from changing one cluster at the same time. It goes with the process, however that ends.
public final class ClusterLock {
    private let descriptor: Int32

    /// - Throws: ``MigrationError`` (`busy`) where another process holds it.
    public init(_ cluster: String, in folder: StateFolder) throws {
        try Files.makeFolder("\(folder.path)/locks")
        let path = "\(folder.path)/locks/\(Files.name(cluster)).lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path, cluster, String(cString: strerror(errno))) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try? Files.read(path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            close(descriptor)
            throw MigrationError(
                .busy,
                localized(
                    holder.isEmpty
                        ? "Another run is changing cluster \(cluster)."
                        : "Another run (process \(holder)) is changing cluster \(cluster)."),
                next: localized("Wait for it, or see how far it is: etoken-bridge migrate status --cluster \(cluster)"))
        }
        let text = "\(getpid())"
        ftruncate(descriptor, 0)
        _ = text.withCString { write(descriptor, $0, strlen($0)) }
    }

    deinit { close(descriptor) }

    /// The run that holds the lock now: its process, and since when, in seconds since 1970; nil where none does.
    static func holder(of cluster: String, in folder: StateFolder) -> (process: Int, since: Int64)? {
        let path = "\(folder.path)/locks/\(Files.name(cluster)).lock"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, let text = try? Files.read(path),
            let process = Int(String(decoding: text, as: UTF8.self))
        else { return nil }
        return (process, Int64(status.st_mtim.tv_sec))
    }

    private static func failure(_ path: String, _ cluster: String, _ why: String) -> MigrationError {
        MigrationError(
            .busy, localized("Cluster \(cluster) cannot be locked against other runs: \(path): \(why)."),
            next: localized("Put that right, and run the command again."))
    }
}

import Files
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

    private static func failure(_ path: String, _ cluster: String, _ why: String) -> MigrationError {
        MigrationError(
            .busy, localized("Cluster \(cluster) cannot be locked against other runs: \(path): \(why)."),
            next: localized("Put that right, and run the command again."))
    }
}

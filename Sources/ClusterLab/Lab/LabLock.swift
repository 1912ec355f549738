import Glibc

/// The lock that a running lab holds on its directory. The kernel lets go of it when the lab ends, however it ends.
final class LabLock: Sendable {
    private let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Nil where a lab is running.
    static func take(_ folder: LabFolder) throws(LabError) -> LabLock? {
        let descriptor = open(folder.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw LabError(.fileFailed, "cannot write \(folder.lock): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        return LabLock(descriptor)
    }

    static func isHeld(_ folder: LabFolder) -> Bool {
        guard Files.exists(folder.lock), let lock = try? take(folder) else { return Files.exists(folder.lock) }
        withExtendedLifetime(lock) {}
        return false
    }
}

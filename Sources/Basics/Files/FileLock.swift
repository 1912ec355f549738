import Glibc

/// A lock on a file that keeps other processes, and other threads of this one, from doing the same thing at the same
/// time. The kernel releases it when the process exits, for any reason.
///
/// It is an "open file description" lock (fcntl(2)): it belongs to the open file, not to the process, and works over
/// NFS. The file itself stays, because removing it would let two processes lock two files of the same name.
public final class FileLock: Sendable {
    public let path: String
    private let descriptor: Int32

    /// Takes the lock, creating its file if needed.
    ///
    /// - Parameters:
    ///   - path: of the lock's file.
    ///   - note: becomes the contents of the file: who holds the lock, for those who are refused.
    /// - Throws: `FileError`; `locked` if another process or thread holds it.
    public init(_ path: String, note: String? = nil) throws(FileError) {
        self.path = path
        descriptor = try Files.openOwn(path, O_RDWR, creating: 0o600, for: .lock)
        // deinit closes it, also after these throw.
        guard Self.take(descriptor) else { throw FileError(.lock, path) }
        guard let note else { return }
        guard ftruncate(descriptor, 0) == 0 else { throw FileError(.write, path) }
        try Files.write(Array(note.utf8), descriptor, path)
    }

    deinit { Self.release(descriptor) }

    /// Whether someone holds the lock of a file. Checking does not take it.
    public static func isHeld(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var lock = lock(F_WRLCK)
        return fcntl(descriptor, askOpenFile, &lock) == 0 && lock.l_type != F_UNLCK
    }

    /// Locks an open file for writing; false with `errno`, `EWOULDBLOCK` if someone else holds it.
    static func take(_ descriptor: Int32) -> Bool {
        var lock = lock(F_WRLCK)
        return fcntl(descriptor, setOpenFile, &lock) == 0
    }

    /// Unlocks and closes. Unlocked first: a child that another thread is starting has the descriptor for a moment.
    static func release(_ descriptor: Int32) {
        var lock = lock(F_UNLCK)
        _ = fcntl(descriptor, setOpenFile, &lock)
        close(descriptor)
    }

    /// The whole file.
    private static func lock(_ type: Int32) -> flock {
        var lock = flock()
        lock.l_type = Int16(type)
        lock.l_whence = Int16(SEEK_SET)
        return lock
    }

    // F_OFD_GETLK and F_OFD_SETLK of Linux' fcntl.h, which Swift's Glibc module hides.
    private static let askOpenFile: Int32 = 36
    private static let setOpenFile: Int32 = 37
}

import Glibc

/// Files and folders, by POSIX calls. What is written is written beside its place and renamed.
enum Files {
    static func read(_ path: String, limit: Int = 16 << 20) throws(LabError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("read", path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw failure("read", path)
            }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { throw LabError(.fileFailed, "\(path) is longer than \(limit) bytes") }
        }
    }

    static func text(_ path: String) throws(LabError) -> String { String(decoding: try read(path), as: UTF8.self) }

    /// Writes beside the place (or in `scratch`, on the same file system), syncs and renames.
    static func write(
        _ bytes: [UInt8], to path: String, mode: mode_t = 0o600, scratch: String? = nil
    ) throws(LabError) {
        let temporary =
            "\(scratch.map { $0 + "/" + name(of: path) } ?? path).\(getpid())-\(UInt32.random(in: .min ... .max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("write", path) }
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + start, $0.count - start) }
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                let error = failure("write", path)
                close(descriptor)
                unlink(temporary)
                throw error
            }
            start += count
        }
        // The mode that was asked for, whatever the umask.
        guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0, close(descriptor) == 0,
            rename(temporary, path) == 0
        else {
            let error = failure("write", path)
            unlink(temporary)
            throw error
        }
    }

    static func write(_ text: String, to path: String, mode: mode_t = 0o600) throws(LabError) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    static func makeFolder(_ path: String, mode: mode_t = 0o700) throws(LabError) {
        if mkdir(path, mode) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw failure("create", path)
        }
        try makeFolder(String(path[..<slash]), mode: mode)
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw failure("create", path) }
    }

    /// The names in a folder, sorted, without those that begin with a dot; nothing where there is no such folder.
    static func list(_ path: String, hidden: Bool = false) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") || (hidden && name != "." && name != "..") { names.append(name) }
        }
        return names.sorted()
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Removes a file. One that is not there is no error.
    static func remove(_ path: String) throws(LabError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
    }

    /// Removes a folder and all that is in it, read-only folders too. Links are removed, not followed.
    static func removeTree(_ path: String) throws(LabError) {
        chmod(path, 0o700)
        for name in list(path, hidden: true) {
            let inner = "\(path)/\(name)"
            var status = stat()
            if lstat(inner, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                try removeTree(inner)
            } else {
                try remove(inner)
            }
        }
        guard rmdir(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
    }

    /// When a file was last modified, in seconds since 1970.
    static func modified(_ path: String) -> Int64? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Int64(status.st_mtim.tv_sec)
    }

    /// Something that changes whenever the file is replaced; nil where there is none.
    static func stamp(_ path: String) -> FileStamp? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return FileStamp(
            inode: UInt64(status.st_ino), size: Int64(status.st_size), seconds: Int64(status.st_mtim.tv_sec),
            nanoseconds: Int64(status.st_mtim.tv_nsec))
    }

    /// The absolute form of a path, its links resolved where it exists.
    static func absolute(_ path: String) -> String {
        if let resolved = realpath(path, nil) {
            defer { free(resolved) }
            return String(cString: resolved)
        }
        if path.hasPrefix("/") { return path }
        guard let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        return String(cString: current) + "/" + path
    }

    static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private static func failure(_ what: String, _ path: String) -> LabError {
        LabError(.fileFailed, "cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }
}

/// Which version of a file it is.
struct FileStamp: Hashable, Sendable {
    let inode: UInt64
    let size: Int64
    let seconds: Int64
    let nanoseconds: Int64
}

import Glibc

/// Reads and writes whole files, so that a file is either the old one or the new one, whatever happens in between.
public enum Files {
    /// Reads a file.
    ///
    /// - Parameter limit: the maximum number of bytes; a longer file is refused.
    public static func read(_ path: String, limit: Int = 1 << 24) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(.read, path) }
        defer { close(descriptor) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return output }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError(.read, path)
            }
            output += buffer[..<count]
            guard output.count <= limit else { throw FileError(.read, path, errno: EFBIG) }
        }
    }

    /// Reads a file of text.
    package static func text(_ path: String) throws(FileError) -> String {
        String(decoding: try read(path), as: UTF8.self)
    }

    /// Writes a file: to a temporary name next to it, synced, then renamed.
    ///
    /// - Parameters:
    ///   - permissions: of the new file, for example 0o600.
    ///   - replacing: whether an existing file may be replaced; otherwise that is refused with `exists`.
    ///   - scratch: a folder of the same file system to write in first, for places next to which no other file may appear.
    public static func write(
        _ bytes: [UInt8], to path: String, permissions: mode_t = 0o600, replacing: Bool, scratch: String? = nil
    ) throws(FileError) {
        let place = scratch.map {
            "\($0)/\(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])"
        }
        var template = Array("\(place ?? path).XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw FileError(.write, path) }
        let temporary = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        var isPlaced = false
        defer { if !isPlaced { unlink(temporary) } }
        do {
            defer { close(descriptor) }
            guard fchmod(descriptor, permissions) == 0 else { throw FileError(.write, path) }
            try write(bytes, descriptor, path)
            guard fsync(descriptor) == 0 else { throw FileError(.write, path) }
        }
        if replacing {
            guard rename(temporary, path) == 0 else { throw FileError(.write, path) }
            isPlaced = true
        } else {
            // link(2) refuses to replace, which rename(2) does not.
            guard link(temporary, path) == 0 else { throw FileError(.write, path) }
        }
        syncFolder(of: path)
    }

    /// Makes sure that a file could be written now, by another one next to it that takes as much room as a short one does.
    ///
    /// - Throws: what ``write(_:to:permissions:replacing:scratch:)`` would.
    public static func probe(_ path: String) throws(FileError) {
        var template = Array("\(path).XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw FileError(.write, path) }
        defer {
            close(descriptor)
            unlink(template)
        }
        try write(Array("0\n".utf8), descriptor, path)
        guard fsync(descriptor) == 0 else { throw FileError(.write, path) }
    }

    /// Creates a folder and missing parent folders.
    public static func makeFolder(_ path: String, permissions: mode_t = 0o700) throws(FileError) {
        if mkdir(path, permissions) == 0 || (errno == EEXIST && isFolder(path)) { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw FileError(.create, path)
        }
        try makeFolder(String(path[..<slash]), permissions: permissions)
        guard mkdir(path, permissions) == 0 || errno == EEXIST else { throw FileError(.create, path) }
    }

    /// Removes a file; it is not an error if there is none.
    public static func remove(_ path: String) throws(FileError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw FileError(.remove, path) }
    }

    /// Removes a folder and its contents, including read-only folders. Links are removed, not followed.
    package static func removeTree(_ path: String) throws(FileError) {
        chmod(path, 0o700)
        for name in names(in: path) {
            let inner = "\(path)/\(name)"
            var status = stat()
            if lstat(inner, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                try removeTree(inner)
            } else {
                try remove(inner)
            }
        }
        guard rmdir(path) == 0 || errno == ENOENT else { throw FileError(.remove, path) }
    }

    public static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The names in a folder, sorted; empty if it cannot be read.
    ///
    /// - Parameter hidden: whether those that start with a dot are included.
    public static func names(in folder: String, hidden: Bool = true) -> [String] {
        guard let folder = opendir(folder) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            // By its pointer: an entry's name may end before its type does, and before the system's buffer.
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
                })
        }
        return names.filter { hidden ? $0 != "." && $0 != ".." : !$0.hasPrefix(".") }.sorted()
    }

    /// A text as a file name: anything that is not an ASCII letter, digit, `-`, `_` or `.` becomes `_`.
    public static func name(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "_" })
    }

    /// When the file was last changed, in seconds since 1970, or nil.
    public static func modified(_ path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_mtim.tv_sec) : nil
    }

    /// Something that changes whenever a file is replaced; nil if there is none.
    package static func stamp(_ path: String) -> FileStamp? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return FileStamp(
            inode: UInt64(status.st_ino), size: Int64(status.st_size), seconds: Int64(status.st_mtim.tv_sec),
            nanoseconds: Int64(status.st_mtim.tv_nsec))
    }

    /// The absolute form of a path, with links resolved if it exists.
    package static func absolute(_ path: String) -> String {
        if let resolved = realpath(path, nil) {
            defer { free(resolved) }
            return String(cString: resolved)
        }
        if path.hasPrefix("/") { return path }
        guard let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        return String(cString: current) + "/" + path
    }

    static func write(_ bytes: [UInt8], _ descriptor: Int32, _ path: String) throws(FileError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError(.write, path)
            }
            offset += count
        }
    }

    /// Makes the new name itself durable. A file system that cannot sync a folder is not a reason to fail.
    private static func syncFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// Identifies a version of a file.
package struct FileStamp: Hashable, Sendable {
    let inode: UInt64
    let size: Int64
    let seconds: Int64
    let nanoseconds: Int64
}

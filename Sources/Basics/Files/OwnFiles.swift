import Glibc

// Files and folders that another user could have prepared: the state of the program, a lab. What others own, can write
// to, or have replaced by a link is not used.

extension FileError {
    /// What is wrong with a file or folder that should be the user's own.
    public enum Doubt: Int32, Sendable {
        case link = -1
        case wrongType = -2
        case otherOwner = -3
        case writableByOthers = -4
        /// The path does not start with `/`.
        case relative = -5
    }

    package init(_ operation: Operation, _ path: String, _ doubt: Doubt) {
        self.init(operation, path, errno: doubt.rawValue)
    }

    /// Nil for an error of the system.
    public var doubt: Doubt? { Doubt(rawValue: number) }
}

extension Files {
    /// Opens a regular file that is the user's own, without following a link in its place.
    ///
    /// - Throws: `FileError`, with a `doubt` if someone else could have prepared the file.
    static func openOwn(
        _ path: String, _ flags: Int32, creating permissions: mode_t? = nil, for operation: FileError.Operation
    ) throws(FileError) -> Int32 {
        let all = flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = permissions.map { open(path, all | O_CREAT, $0) } ?? open(path, all)
        guard descriptor >= 0 else {
            throw errno == ELOOP ? FileError(operation, path, .link) : FileError(operation, path)
        }
        var status = stat()
        let problem: FileError?
        if fstat(descriptor, &status) != 0 {
            problem = FileError(operation, path)
        } else {
            problem = doubt(status, isFolder: false).map { FileError(operation, path, $0) }
        }
        if let problem {
            close(descriptor)
            throw problem
        }
        return descriptor
    }

    /// Makes sure that a file is regular, the user's or root's, and not writable by others.
    ///
    /// - Throws: `FileError`, also if it does not exist.
    public static func checkOwn(_ path: String) throws(FileError) { try checkOwn(path, isFolder: false) }

    /// Makes sure that a folder is the user's or root's, and not writable by others, and that nobody else can put another
    /// in its place. If the folder does not exist, those above it are checked.
    ///
    /// - Throws: `FileError`.
    public static func checkOwnFolder(_ path: String) throws(FileError) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        var status = stat()
        if lstat(path, &status) == 0 { try checkOwn(path, isFolder: true) }
        // The folders that lead there, as they are without links.
        var place = place(of: path)
        while let slash = place.lastIndex(of: "/"), place != "/" {
            place = slash == place.startIndex ? "/" : String(place[..<slash])
            guard stat(place, &status) == 0 else { continue }
            guard status.st_uid == geteuid() || status.st_uid == 0 else { throw FileError(.read, place, .otherOwner) }
            guard status.st_mode & S_IWOTH == 0 || status.st_mode & S_ISVTX != 0 else {
                throw FileError(.read, place, .writableByOthers)
            }
        }
    }

    /// Reads a small file that another user has written where all may: only a regular one of that user, to which nobody else
    /// writes.
    ///
    /// - Returns: nil if it is anything else, or cannot be read.
    package static func textOfOther(_ path: String, owner: uid_t, limit: Int) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == owner,
            status.st_mode & (S_IWGRP | S_IWOTH) == 0
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = Glibc.read(descriptor, &bytes, limit)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }

    private static func checkOwn(_ path: String, isFolder: Bool) throws(FileError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw FileError(.read, path) }
        if let doubt = doubt(status, isFolder: isFolder) { throw FileError(.read, path, doubt) }
    }

    private static func doubt(_ status: stat, isFolder: Bool) -> FileError.Doubt? {
        switch status.st_mode & S_IFMT {
        case S_IFLNK: return .link
        case isFolder ? S_IFDIR : S_IFREG: break
        default: return .wrongType
        }
        if status.st_uid != geteuid(), status.st_uid != 0 { return .otherOwner }
        return status.st_mode & (S_IWGRP | S_IWOTH) == 0 ? nil : .writableByOthers
    }

    /// Where a path leads; the end of it need not exist.
    private static func place(of path: String) -> String {
        var start = path
        var rest = ""
        while !exists(start), let slash = start.lastIndex(of: "/"), slash > start.startIndex {
            rest = start[slash...] + rest
            start = String(start[..<slash])
        }
        return absolute(start) + rest
    }
}

/// The user's home.
public enum HomeFolder {
    /// `$HOME`, or what the system's user database says.
    ///
    /// - Throws: `FileError` if `$HOME` is relative: what is kept there would be elsewhere with the next command.
    public static func path() throws(FileError) -> String {
        if let value = getenv("HOME").map({ String(cString: $0) }), !value.isEmpty {
            guard value.hasPrefix("/") else { throw FileError(.read, value, .relative) }
            return value == "/" ? "" : value
        }
        guard let entry = getpwuid(geteuid()), let folder = entry.pointee.pw_dir.map({ String(cString: $0) }),
            folder.hasPrefix("/")
        else { throw FileError(.read, "HOME", errno: ENOENT) }
        return folder == "/" ? "" : folder
    }
}

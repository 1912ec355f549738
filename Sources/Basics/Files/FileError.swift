import Glibc

/// A file or folder could not be read or written. Its sentence for people is in Messages.
public struct FileError: Error, Equatable, Sendable {
    public enum Code: String, Sendable {
        case notFound = "not-found"
        case exists
        case tooLarge = "too-large"
        case noSpace = "no-space"
        case permission
        /// Another process has locked it.
        case locked
        /// Someone else could have prepared it: `doubt` says why.
        case notOurs = "not-ours"
        case other
    }

    /// The operation that failed.
    public enum Operation: String, Sendable { case read, write, create, remove, lock }

    public let operation: Operation
    public let path: String
    /// The system's error number.
    public let number: Int32

    package init(_ operation: Operation, _ path: String, errno number: Int32 = errno) {
        self.operation = operation
        self.path = path
        self.number = number
    }

    public var code: Code {
        switch number {
        case ENOENT, ENOTDIR: .notFound
        case EEXIST: .exists
        case EFBIG: .tooLarge
        case ENOSPC, EDQUOT: .noSpace
        case EACCES, EPERM, EROFS: .permission
        case EWOULDBLOCK: .locked
        case ..<0: .notOurs
        default: .other
        }
    }

    /// The system's error message.
    public var reason: String { String(cString: strerror(number)) }
}

/// What went wrong in the lab, in one sentence.
public struct LabError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The stable kind of a failure.
    public enum Code: String, Sendable, Hashable {
        /// The directory is not a lab's.
        case notALab = "not-a-lab"
        /// The directory contains something other than a lab.
        case directoryNotEmpty = "directory-not-empty"
        case alreadyRunning = "already-running"
        case notRunning = "not-running"
        /// A program that the lab needs is not installed.
        case missingProgram = "missing-program"
        /// An address and port that the lab needs are taken.
        case portTaken = "port-taken"
        /// A server of the lab did not come up.
        case startFailed = "start-failed"
        /// A file of the lab cannot be read or written.
        case fileFailed = "file-failed"
        /// A request that the running lab does not understand.
        case badRequest = "bad-request"
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}

import Basics
import Messages

/// What went wrong between us and a cluster.
///
/// The text never holds a password. What a peer said is quoted in `found`, cut to a readable length.
public struct ClusterError: Error, Sendable, CustomStringConvertible {
    /// The stable kind of a failure.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The configuration is missing something, or holds something that it must not.
        case configuration
        /// A local file cannot be read or written.
        case file
        /// Nothing answers at the node's address.
        case unreachable
        /// The node did not answer within the time allowed.
        case timedOut = "timed-out"
        /// The node's TLS or SSH key is not the pinned one. Nothing was sent, no login was tried.
        case notTrusted = "not-trusted"
        /// The node speaks no version or algorithm of TLS or SSH that is allowed with it.
        case noCommonAlgorithm = "no-common-algorithm"
        /// The node refuses user name or password. They were tried once.
        case loginRefused = "login-refused"
        /// The node refuses logins for a while.
        case tooManyLogins = "too-many-logins"
        /// The node has too much to do and did not begin with it; it may be asked again later.
        case busy
        /// The node knows the operation and says no.
        case refused
        /// What the operation needs is not there.
        case notFound = "not-found"
        /// The node does not know the operation: another version, or not this role.
        case notSupported = "not-supported"
        /// The node asks something that was not expected; it was not answered.
        case unexpectedQuestion = "unexpected-question"
        /// The node's answer cannot be understood; `found` shows it.
        case unexpectedAnswer = "unexpected-answer"
        /// The same thing differs between two places that must agree.
        case mismatch
        /// The connection ended early.
        case closed
        /// The user, or the system, asked the program to stop. A node may still be at what it was told.
        case interrupted
    }

    public let code: Code
    /// What was attempted, as a verb phrase: `log in to OS Administration`.
    public let operation: String
    /// The node's name, or its address where it has no name yet; nil where no node is concerned.
    public let node: String?
    /// One sentence: what happened.
    public let message: String
    /// What had to be there: a pin, a checksum, a text.
    public let expected: String?
    /// What was there instead.
    public let found: String?
    public let cause: (any Error)?
    /// Of a refused login: whose it was.
    public let account: Account?
    /// Of a busy node: after how many seconds it wants to be asked again, where it says so.
    public let retryAfter: Double?

    public init(
        _ code: Code, operation: String, node: String? = nil, message: String, expected: String? = nil,
        found: String? = nil, cause: (any Error)? = nil, account: Account? = nil, retryAfter: Double? = nil
    ) {
        self.code = code
        self.operation = operation
        self.node = node
        self.message = message
        self.expected = expected
        self.found = found.map { Self.excerpt($0) }
        self.cause = cause
        self.account = account
        self.retryAfter = retryAfter
    }

    public var description: String {
        var text =
            if let node { localized("cannot \(operation) on \(node): \(message)") } else {
                localized("cannot \(operation): \(message)")
            }
        if let expected { text += localized("; expected: \(expected)") }
        if let found { text += localized("; found: \(found)") }
        return text
    }

    /// The description as a sentence.
    public var sentence: String { description.prefix(1).uppercased() + description.dropFirst() + "." }

    /// The beginning of a long text.
    static func excerpt(_ text: String, limit: Int = 600) -> String {
        text.count > limit ? text.prefix(limit) + " ..." : text
    }
}

extension ClusterError {
    /// A local file cannot be read or written.
    package init(_ error: FileError, operation: String) {
        self.init(.file, operation: operation, message: error.description, cause: error)
    }
}

import Basics
import Messages

/// What went wrong between us and a cluster.
///
/// The text never contains a password. What a peer said is quoted in `found`, shortened to a readable length.
public struct ClusterError: UserError {
    /// The stable kind of a failure.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The configuration is missing something, or contains something that it must not.
        case configuration
        /// A local file cannot be read or written.
        case file
        /// Nothing answers at the node's address.
        case unreachable
        /// The node did not answer within the time allowed.
        case timedOut = "timed-out"
        /// The node's TLS or SSH key is not the pinned one. Nothing was sent, no login was tried.
        case notTrusted = "not-trusted"
        /// The node supports no TLS version or cipher that is allowed for it.
        case noCommonAlgorithm = "no-common-algorithm"
        /// The node supports no SSH algorithm that is allowed for it.
        case noCommonSSHAlgorithm = "no-common-ssh-algorithm"
        /// The node refuses the user name or password. They were tried once.
        case loginRefused = "login-refused"
        /// The account's password has expired: the node asks for a new one. Nothing was answered.
        case passwordExpired = "password-expired"
        /// The node refuses logins for a while.
        case tooManyLogins = "too-many-logins"
        /// The node is too busy and did not start; it may be asked again later.
        case busy
        /// The node knows the operation and refuses it.
        case refused
        /// What the operation needs is not there.
        case notFound = "not-found"
        /// The node does not support the operation: another version, or not this role.
        case notSupported = "not-supported"
        /// The node asks something unexpected; it was not answered.
        case unexpectedQuestion = "unexpected-question"
        /// The node's response cannot be understood; `found` shows it.
        case unexpectedAnswer = "unexpected-answer"
        /// The same thing differs between two places that must agree.
        case mismatch
        /// The connection ended early.
        case closed
        /// The user, or the system, asked the program to stop. A node may still be working on a command.
        case interrupted
    }

    public let code: Code
    /// What was attempted, as a verb phrase: `log in to OS Administration`.
    public let operation: LocalizableText
    /// The node's name, or its address if it has no name yet; nil if no node is involved.
    public let node: String?
    /// One sentence: what happened.
    public let message: LocalizableText
    /// What was expected: a pin, a checksum, a text.
    public let expected: LocalizableText?
    /// What was found instead.
    public let found: LocalizableText?
    public let cause: (any Error)?
    /// For a refused login: the account.
    public let account: Account?
    /// For a busy node: the number of seconds after which it wants to be asked again, if it says so.
    public let retryAfter: Double?
    /// What to do about it, if the usual advice for this kind of failure does not fit.
    package var advice: LocalizableText?

    /// - Parameters:
    ///   - expected: the same in every language.
    ///   - found: the same in every language: the peer's own message, for example.
    public init(
        _ code: Code, operation: LocalizableText, node: String? = nil, message: LocalizableText,
        expected: String? = nil,
        found: String? = nil, cause: (any Error)? = nil, account: Account? = nil, retryAfter: Double? = nil
    ) {
        self.code = code
        self.operation = operation
        self.node = node
        self.message = message
        self.expected = expected.map { .verbatim($0) }
        self.found = found.map { .verbatim(Self.excerpt($0)) }
        self.cause = cause
        self.account = account
        self.retryAfter = retryAfter
    }

    /// If what was found is described in our words.
    public init(
        _ code: Code, operation: LocalizableText, node: String? = nil, message: LocalizableText,
        expected: LocalizableText? = nil, found: LocalizableText, account: Account? = nil
    ) {
        (self.code, self.operation, self.node, self.message) = (code, operation, node, message)
        (self.expected, self.found, self.account) = (expected, found, account)
        cause = nil
        retryAfter = nil
    }

    public var clause: LocalizableText {
        compared(
            node.map { localized("cannot \(operation) on \($0): \(message)") }
                ?? localized("cannot \(operation): \(message)"))
    }

    public var text: LocalizableText {
        let sentence = compared(
            node.map { localized("Cannot \(operation) on \($0): \(message)") }
                ?? localized("Cannot \(operation): \(message)"))
        return localized("\(sentence).")
    }

    /// What was expected and what was found, after what happened.
    private func compared(_ text: LocalizableText) -> LocalizableText {
        switch (expected, found) {
        case (let expected?, let found?): localized("\(text); expected: \(expected); found: \(found)")
        case (let expected?, nil): localized("\(text); expected: \(expected)")
        case (nil, let found?): localized("\(text); found: \(found)")
        case (nil, nil): text
        }
    }

    /// The beginning of a long text, its lines one after another.
    static func excerpt(_ text: String, limit: Int = 600) -> String {
        let line = text.split(whereSeparator: \.isNewline).map(\.trimmed).filter { !$0.isEmpty }.joined(separator: " ")
        return line.count > limit ? line.prefix(limit) + " ..." : line
    }
}

extension ClusterError {
    /// A local file cannot be read or written.
    package init(_ error: FileError, operation: LocalizableText) {
        self.init(.file, operation: operation, message: LocalizableText(describing: error), cause: error)
    }
}

import Messages

/// What went wrong in a transfer.
///
/// The text never contains a user name, a password or a query string: it is meant to be shown and logged.
public struct TransferError: UserError, Hashable {
    /// The stable kind of a failure.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The request cannot be sent as it is: a malformed URL, a missing trust setting, an unreadable CA file.
        case invalidRequest
        /// The name does not resolve, or nothing answers at that address.
        case unreachable
        /// The peer did not answer within the time allowed.
        case timedOut
        /// The peer's key is not the pinned one, or its certificate is not from the specified CA. Nothing was sent.
        case notTrusted
        /// The TLS handshake failed for another reason (for example, no common version or cipher).
        case handshakeFailed
        /// The peer has no such file (TFTP).
        case notFound
        /// The peer refused the operation (TFTP access violation).
        case refused
        /// The response is larger than the given limit.
        case tooLarge
        /// The peer closed the connection early.
        case closed
        /// The peer's response violates the protocol.
        case protocolError
    }

    public let code: Code
    /// What was attempted: `GET`, `POST`, `TFTP read`, `TLS connect`, `TLS send`, `TLS receive`.
    public let operation: LocalizableText
    /// The peer and path, without credentials and without a query.
    public let location: LocalizableText
    /// The CURLcode of libcurl, if there is one.
    public let curlCode: UInt32?
    /// libcurl's error message, or ours.
    public let message: LocalizableText

    public init(
        code: Code, operation: LocalizableText, location: LocalizableText, curlCode: UInt32? = nil,
        message: LocalizableText
    ) {
        self.code = code
        self.operation = operation
        self.location = location
        self.curlCode = curlCode
        self.message = message
    }

    public var text: LocalizableText { localized("The transfer failed: \(clause).") }

    public var clause: LocalizableText {
        curlCode.map { localized("\(operation) \(location): \(message) (libcurl \($0))") }
            ?? localized("\(operation) \(location): \(message)")
    }
}

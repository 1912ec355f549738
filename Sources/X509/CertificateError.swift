import COpenSSL

/// Why a certificate, key or signature could not be read or used.
public struct CertificateError: Error, Equatable, Sendable {
    /// What kind of fault it is; stable across releases.
    public enum Code: String, Sendable {
        /// The bytes are not one X.509 certificate.
        case notACertificate = "not-a-certificate"
        /// The bytes are not a private key that can be used.
        case notAPrivateKey = "not-a-private-key"
        /// The key is of a kind, or size, that cannot be used here.
        case unsupportedKey = "unsupported-key"
        /// libcrypto failed.
        case cryptoFailed = "crypto-failed"
    }

    public let code: Code
    /// One sentence: what was expected and what was found.
    public let reason: String
    /// What libcrypto gave as its reason, or nil.
    public let cause: String?

    public init(_ code: Code, _ reason: String, cause: String? = nil) {
        self.code = code
        self.reason = reason
        self.cause = cause
    }

    /// An error with libcrypto's last reason as its cause; empties libcrypto's error queue.
    static func openSSL(_ code: Code, _ reason: String) -> CertificateError {
        let number = ERR_peek_last_error()
        ERR_clear_error()
        guard number != 0, let text = ERR_reason_error_string(number) else { return CertificateError(code, reason) }
        return CertificateError(code, reason, cause: String(cString: text))
    }
}

extension CertificateError: CustomStringConvertible {
    public var description: String { reason }
}

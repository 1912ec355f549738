import COpenSSL
import Messages

/// Why a certificate, key or signature could not be read or used.
public struct CertificateError: UserError, Equatable {
    /// The kind of error; stable across releases.
    public enum Code: String, Sendable {
        /// The bytes are not one X.509 certificate.
        case notACertificate = "not-a-certificate"
        /// The bytes are not a usable private key.
        case notAPrivateKey = "not-a-private-key"
        /// The key has a type or size that cannot be used here.
        case unsupportedKey = "unsupported-key"
        /// libcrypto failed.
        case cryptoFailed = "crypto-failed"
    }

    public let code: Code
    /// One sentence: what was expected and what was found.
    public let reason: LocalizableText
    /// The reason that libcrypto gave, or nil.
    public let opensslReason: String?

    public init(_ code: Code, _ reason: LocalizableText, opensslReason: String? = nil) {
        self.code = code
        self.reason = reason
        self.opensslReason = opensslReason
    }

    /// An error with libcrypto's last reason as its cause; empties libcrypto's error queue.
    static func openSSL(_ code: Code, _ reason: LocalizableText) -> CertificateError {
        let number = ERR_peek_last_error()
        ERR_clear_error()
        guard number != 0, let text = ERR_reason_error_string(number) else { return CertificateError(code, reason) }
        return CertificateError(code, reason, opensslReason: String(cString: text))
    }
}

extension CertificateError {
    public var text: LocalizableText { localized("A certificate or key cannot be used: \(reason).") }
    public var clause: LocalizableText { reason }
    public var next: LocalizableText? { localized("Specify one that OpenSSL can read, as PEM or DER.") }
    public var details: [LocalizableText] { opensslReason.map { [.verbatim($0)] } ?? [] }
}

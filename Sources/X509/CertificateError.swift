import COpenSSL
import Messages

/// Why a certificate, key or signature could not be read or used.
public struct CertificateError: UserError, Equatable {
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
    public let reason: LocalizableText
    /// What libcrypto gave as its reason, or nil.
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
    public var next: LocalizableText? { localized("Give another one, as PEM or DER, that OpenSSL can read.") }
    public var details: [LocalizableText] { opensslReason.map { [.verbatim($0)] } ?? [] }
}

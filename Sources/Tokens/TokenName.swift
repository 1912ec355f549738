/// A user's name for a token: a PKCS#11 URI (RFC 7512), its label, its serial number in any spelling, or the name (CN) of
/// a certificate on it.
public struct TokenName: Hashable, Sendable {
    /// As the user wrote it.
    public let text: String
    /// Nil for a label, a serial number, or the name of a certificate.
    public let uri: TokenURI?

    /// - Throws: ``TokenError`` (`bad-uri`).
    public init(_ text: String) throws(TokenError) {
        self.text = text
        uri = TokenURI.isScheme(of: text) ? try TokenURI(text) : nil
    }

    /// Whether a token matches the name, without a look at its certificates.
    public func matches(_ info: TokenInfo) -> Bool {
        if let uri { return uri.matches(info) }
        return info.isNamed(text) || info.isNamedLoosely(text)
    }

    /// Whether a token matches the name, also by its certificates if those were read (``TokenWatcher``).
    public func matches(_ token: PresentToken) -> Bool {
        matches(token.info) || uri == nil && Self.isName(text, in: token.certificateNames)
    }

    /// In any spelling: capitals do not matter.
    static func isName(_ text: String, in names: [String]) -> Bool {
        let text = text.lowercased()
        return !text.isEmpty && names.contains { $0.lowercased() == text }
    }
}

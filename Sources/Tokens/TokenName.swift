/// A user's name for a token: a PKCS#11 URI (RFC 7512), its label, its serial number in any spelling, or the name (CN) of
/// a certificate on it.
public struct TokenName: Hashable, Sendable {
    /// As the user wrote it.
    public let text: String
    /// Nil for a label or a serial number.
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
}

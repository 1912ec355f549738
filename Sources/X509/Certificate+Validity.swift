extension Certificate {
    /// Whether a certificate is valid at a time. Phones look at signatures and not at dates (*unconfirmed* for every
    /// model); browsers and other software look at both.
    public enum Validity: String, Sendable {
        case valid
        case notYet = "not-yet"
        case expired
    }

    /// - Parameter seconds: since 1970.
    public func validity(at seconds: Int64) -> Validity {
        seconds < notBefore ? .notYet : seconds > notAfter ? .expired : .valid
    }
}

extension Certificate {
    /// Whether a certificate is valid at a time. Phones look at signatures and not at dates (*unconfirmed* for every
    /// model); browsers and other software look at both.
    public enum Validity: String, Sendable {
        case valid
        case notYet = "not-yet"
        case expired
    }

    /// How long before its end a certificate is worth a word, in seconds: three months.
    private static let notice: Int64 = 90 * 86400

    /// - Parameter seconds: since 1970.
    public func validity(at seconds: Int64) -> Validity {
        seconds < notBefore ? .notYet : seconds > notAfter ? .expired : .valid
    }

    /// Whether it is valid at a time, and not for much longer.
    ///
    /// - Parameter seconds: since 1970.
    public func endsSoon(at seconds: Int64) -> Bool {
        validity(at: seconds) == .valid && notAfter - seconds < Self.notice
    }
}

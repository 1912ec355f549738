extension PKCS11Module {
    /// The module's names for its slots, including those without a token: usually the names of readers.
    ///
    /// - Throws: ``TokenError``.
    public func slotDescriptions() throws(TokenError) -> [String] {
        try attempt(on: path) { () throws(TokenError) in try self.slots().map(\.description) }
    }
}

import Messages
import Secrets

/// The factory user PIN of Cisco's tokens. It is public.
public enum FactoryPIN {
    public static let text = "Cisco123"

    public static func isEqual(to secret: Secret) -> Bool { secret.withBytes { $0.elementsEqual(text.utf8) } }
}

extension Token {
    /// Refuses if a login could lock the token, by what is remembered about its PIN and by its current flags.
    ///
    /// - Returns: what is remembered.
    /// - Throws: ``TokenError`` (`pin-locked`, `pin-final-try`, `pin-missing`, `token-not-found`, `no-answer`), or what
    ///   ``PINLedger`` throws.
    @discardableResult
    public func checkLogin() throws -> PINHistory {
        let history = try pinHistory()
        try history.check()
        try attempt { () throws(TokenError) in try currentInfo().checkLogin() }
        return history
    }

    /// Changes the user PIN, and verifies it by a login with the new one. The old one is tried once.
    ///
    /// - Parameters:
    ///   - old: nil if the reader has a PIN pad; `new` is then nil, too.
    ///   - new: to be checked with ``PINStrength`` first.
    /// - Throws: ``TokenError`` (`pin-refused`, `pin-locked`, `pin-final-try`, `pin-missing`, `pin-unsuitable`,
    ///   `no-answer`), or what ``PINLedger`` throws.
    public func changePIN(from old: Secret?, to new: Secret?) throws {
        let history = try pinHistory()
        try history.check()
        try attempt(within: old == nil ? PINPad.patience : nil) { () throws(TokenError) in
            let current = try currentInfo()
            try current.checkLogin()
            if let new, !current.pinLengths.contains(new.count) {
                throw TokenError(
                    .pinUnsuitable, info.plainLabel,
                    localized(
                        "Token \(info.plainLabel) accepts PINs of \(current.pinLengths.lowerBound) to \(current.pinLengths.upperBound) bytes; the new one has \(new.count)."
                    )
                )
            }
            try Session(self, isWritable: true).changePIN(from: old, to: new, history.attempt())
        }
        try attempt(within: new == nil ? PINPad.patience : nil) { () throws(TokenError) in
            try Session(self).login(new, for: .user, history.attempt())
        }
    }
}

/// What is wrong with a new PIN, as the end of a sentence that starts with "it".
public enum PINStrength {
    /// In bytes. A token locks itself after a few wrong tries, so this is long enough.
    public static let shortest = 6

    /// Nil if the PIN is acceptable.
    ///
    /// - Parameter previous: the PIN that it replaces.
    public static func weakness(of pin: Secret, previous: Secret?, on token: TokenInfo) -> LocalizableText? {
        pin.withBytes { bytes in
            if bytes.count < shortest { return localized("has fewer than \(shortest) characters") }
            guard bytes.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                return localized(
                    "contains a space or a non-ASCII character, which other programs and PIN pads may encode differently"
                )
            }
            if FactoryPIN.isEqual(to: pin) { return localized("is the factory PIN of Cisco's tokens") }
            if let previous, previous.withBytes({ $0.elementsEqual(bytes) }) { return localized("is the current one") }
            if Set(bytes).count < 4 { return localized("has fewer than four different characters") }
            let steps = Set(zip(bytes, bytes.dropFirst()).map { Int($1) - Int($0) })
            if steps == [1] || steps == [-1] { return localized("is a sequence of adjacent characters") }
            for name in [token.serialNumber, token.plainLabel] where isPart(bytes, of: name) {
                return localized("can be guessed from the token's label or serial number")
            }
            return nil
        }
    }

    /// Whether the PIN is part of a name, or the whole name is part of the PIN; ignoring case.
    private static func isPart(_ pin: UnsafeBufferPointer<UInt8>, of name: String) -> Bool {
        func small(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }
        let name = name.utf8.map(small)
        func stands(_ count: Int, _ test: (Int) -> Bool) -> Bool { count >= 0 && (0...count).contains(where: test) }
        // A serial number of two digits is part of half of all PINs.
        return name.count >= 4
            && (stands(name.count - pin.count) { start in zip(name[start...], pin).allSatisfy { $0 == small($1) } }
                || stands(pin.count - name.count) { start in
                    zip(name, pin[start...]).allSatisfy { $0 == small($1) }
                })
    }
}

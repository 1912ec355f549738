import Basics
import Messages
import Secrets
import Synchronization

/// The factory user PIN of Cisco's tokens. It is public.
public enum FactoryPIN {
    public static let text = "Cisco123"

    public static func isEqual(to secret: Secret) -> Bool { secret.withBytes { $0.elementsEqual(text.utf8) } }
}

extension Token {
    /// Refuses if a login could lock the token, by what is remembered about its PIN and by its current flags.
    ///
    /// - Returns: what is remembered.
    /// - Throws: ``TokenError`` (`pin-locked`, `pin-final-try`, `pin-missing`, `pin-history-unusable`,
    ///   `token-not-found`, `no-answer`), or what ``PINLedger`` throws.
    @discardableResult
    public func checkLogin() throws -> PINHistory {
        let history = try pinHistory()
        try history.checkBeforePrompt()
        try attempt { () throws(TokenError) in try currentInfo().checkLogin() }
        return history
    }

    /// Changes the user PIN, and verifies it by a login with the new one. The old one is tried once.
    ///
    /// An error that leaves it open which PIN is valid says so, and so does the next prompt.
    ///
    /// - Parameters:
    ///   - old: nil if the reader has a PIN pad; `new` is then nil, too.
    ///   - new: to be checked with ``PINStrength`` first.
    /// - Throws: ``TokenError`` (`pin-refused`, `pin-locked`, `pin-final-try`, `pin-missing`, `pin-impossible`,
    ///   `pin-unsuitable`, `pin-busy`, `pin-history-unusable`, `no-answer`), or what ``PINLedger`` throws.
    public func changePIN(from old: Secret?, to new: Secret?) throws {
        let history = try pinHistory()
        try history.checkBeforePrompt()
        if let old { try info.checkPossible(old) }
        if let new {
            try info.checkLength(ofNew: new)
            if let reason = info.impossibility(of: new, isNew: true) {
                throw TokenError(
                    .pinUnsuitable, info.plainLabel,
                    localized(
                        "The new PIN for token \(info.plainLabel) \(reason). It was not set, and the current one was not tried."
                    ))
            }
        }
        // One turn for both: no other run tries a PIN in between.
        let turn = try history.takeTurn()
        let progress = ChangeProgress()
        do throws(TokenError) {
            try attempt(within: old == nil ? PINPad.patience : nil, as: .other) { () throws(TokenError) in
                let current = try currentInfo()
                try current.checkLogin()
                if let new { try current.checkLength(ofNew: new) }
                let session = try Session(self, isWritable: true)
                let now = history.refreshed(current, told: session.tries())
                let attempt = try now.attempt(in: turn, changing: .asked)
                progress.hasBegun.store(true, ordering: .relaxed)
                try session.changePIN(from: old, to: new, attempt)
            }
        } catch {
            guard progress.hasBegun.load(ordering: .relaxed), error.leavesPINOpen else { throw error }
            guard error.returnValue != .generalError || error.code == .tokenPulled else {
                throw error.adding(
                    localized("If it was wrong, the PIN was not changed."),
                    next: localized(
                        "Make sure of the current PIN first. Only if you are sure that it was right, try the new one: it may already be valid."
                    ))
            }
            throw error.adding(
                localized("Whether the PIN was changed is not known."),
                next: localized(
                    "Insert the token again. Try the new PIN first: it may already be valid, and the old one would then count as wrong."
                ))
        }
        do throws(TokenError) {
            try attempt(within: new == nil ? PINPad.patience : nil, as: .other) { () throws(TokenError) in
                let session = try Session(self)
                let now = history.refreshed(try currentInfo(), told: session.tries())
                try session.login(new, for: .user, now.attempt(in: turn))
            }
        } catch {
            throw error.adding(
                localized("The token has changed its PIN before: the new one holds."),
                next: localized("Use the new PIN from now on. See what the token says: etoken-bridge token list"))
        }
    }
}

/// Whether a change of the PIN was sent to the token, in case it never returns.
private final class ChangeProgress: Sendable {
    let hasBegun = Atomic(false)
}

extension TokenError {
    /// Whether the new PIN may be valid after this failure of C_SetPIN.
    fileprivate var leavesPINOpen: Bool { returnValue.map { !Session.saysThatNothingChanged($0) } ?? true }

    /// The same with one more sentence, and other advice.
    func adding(_ sentence: LocalizableText, next: LocalizableText) -> TokenError {
        TokenError(
            code, subject, [text, sentence].joined(separator: " "), next: next, function: function,
            returnValue: returnValue)
    }
}

extension TokenInfo {
    /// Refuses a PIN that cannot be the right one, so that no try is used for it.
    ///
    /// - Throws: ``TokenError`` (`pin-impossible`).
    func checkPossible(_ secret: Secret) throws(TokenError) {
        guard let reason = impossibility(of: secret, isNew: false) else { return }
        throw TokenError(
            .pinImpossible, plainLabel,
            localized("The PIN for token \(plainLabel) \(reason), so it was not tried. No PIN attempt was used."))
    }

    fileprivate func checkLength(ofNew new: Secret) throws(TokenError) {
        guard !pinLengths.contains(new.count) else { return }
        throw TokenError(
            .pinUnsuitable, plainLabel,
            localized(
                "Token \(plainLabel) accepts PINs of \(pinLengths.lowerBound) to \(pinLengths.upperBound) bytes; the new one has \(new.count)."
            ))
    }

    /// Looks for characters that nobody sees; one at a time, so that no copy of a PIN stays in memory. A PIN in another
    /// encoding than UTF-8 is possible, if not sensible: then only its ASCII characters are looked at.
    private static func look(_ bytes: UnsafeBufferPointer<UInt8>) -> (hasHidden: Bool, endsWithSpace: Bool) {
        var decoder = UTF8()
        var rest = bytes.makeIterator()
        var (hasHidden, endsWithSpace) = (false, false)
        while true {
            switch decoder.decode(&rest) {
            case .scalarValue(let scalar):
                hasHidden = hasHidden || scalar.isHidden
                endsWithSpace = scalar.properties.isWhitespace
            case .error: endsWithSpace = false
            case .emptyInput: return (hasHidden, endsWithSpace)
            }
        }
    }

    /// Why something cannot be a PIN of this token, as the end of a sentence that starts with "the PIN"; nil if it may be.
    fileprivate func impossibility(of secret: Secret, isNew: Bool) -> LocalizableText? {
        secret.withBytes { bytes in
            if bytes.isEmpty { return localized("is empty") }
            if bytes.starts(with: [0xef, 0xbb, 0xbf]) {
                return localized("starts with a byte order mark, which some editors write into files")
            }
            let (hasHidden, endsWithSpace) = Self.look(bytes)
            if hasHidden { return localized("contains a control character, for example that of a tab or an arrow key") }
            if endsWithSpace { return localized("ends with a space") }
            guard !isNew, !pinLengths.contains(bytes.count) else { return nil }
            return localized(
                "has \(bytes.count) bytes, and the token accepts \(pinLengths.lowerBound) to \(pinLengths.upperBound)")
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

import Configuration
import Messages
import Tokens

/// Whether one more PIN may be tried on a token: this program never locks one. It stops when two thirds of the wrong
/// PINs that lock the token were tried in a row, and remembers if a token reported that it is locked.
///
/// Tries of other programs, and of this one on other machines, are not known here; tokens that set flags report them.
struct PINHistory {
    /// How many wrong PINs lock a token as sold by Cisco (docs/pins-and-signing.md).
    private static let ofCisco = 15
    /// How many are assumed to lock a token about which nothing is known: hardly any card is set to fewer.
    private static let atLeast = 3

    let record: PINRecord
    private let token: Token
    /// How many wrong PINs in a row lock the token, if known.
    private let tries: Int?

    /// - Parameter configured: how many wrong PINs lock the tokens, according to the user.
    init(_ token: Token, configured: Int?) {
        self.token = token
        record = PINRecord(token.info)
        // Reading certificates takes a while; without a wrong PIN there is nothing to decide.
        let isCisco =
            record.count > 0
            && ((try? token.certificates()) ?? []).contains { SASTLikeness($0.certificate) == .full }
        tries = isCisco ? min(configured ?? Self.ofCisco, Self.ofCisco) : configured
    }

    private var label: String { token.info.plainLabel }

    /// After how many wrong PINs no other is tried, or nil if the token reports how many are left: a token that reports
    /// a wrong PIN also reports the last try (PKCS#11 2.40, section 3.2), which is refused by its flag.
    private var limit: Int? {
        if let tries { return tries * 2 / 3 }
        return token.info.pin == .countLow ? nil : Self.atLeast * 2 / 3
    }

    /// Why no PIN is tried on the token now, or nil.
    var refusal: Failure? {
        let count = record.count
        if record.isLocked {
            return Failure(
                Status.pinLocked,
                localized("Token \(label) reported at the last login that its PIN is locked, so no other is tried."),
                next: localized(
                    "Use the other token, or have this one unlocked with its administrator PIN, and then: rm \(record.path)"
                ))
        }
        guard let limit, count >= limit else { return nil }
        guard let tries else {
            return Failure(
                Status.pinLocked,
                localized(
                    "\(count) wrong PINs in a row were tried on token \(label) with this program. It is not known how many lock it; it may be \(Self.atLeast), so no other is tried."
                ),
                next: localized(
                    "Use the other token. If you know how many wrong PINs lock this one, add the number to \(ConfigurationFile.defaultPath), under [tokens]: pin_tries = N. If the right PIN has been entered with other software in the meantime: rm \(record.path)"
                ))
        }
        return Failure(
            Status.pinLocked,
            localized(
                count,
                one:
                    "1 wrong PIN was tried on token \(label) with this program; \(tries) in a row lock it for good, so no other is tried.",
                other:
                    "\(count) wrong PINs in a row were tried on token \(label) with this program; \(tries) lock it for good, so no other is tried."
            ),
            next: localized(
                "Use the other token. If you are sure of the PIN, allow one more try: echo \(limit - 1) >\(record.path)"
            ))
    }

    /// Refuses a login that might lock the token.
    func check() throws {
        // If the flags say anything at all, they will also say when it is unlocked.
        if token.info.pin != .ready { record.store(record.count) }
        if let refusal { throw refusal }
    }

    /// What the user should know before entering a PIN, or nil.
    var warning: LocalizableText? {
        let count = record.count
        guard count > 0 else { return nil }
        return [
            localized(
                count,
                one: "Warning: 1 wrong PIN was tried on token \(label) with this program since the last right one.",
                other:
                    "Warning: \(count) wrong PINs were tried on token \(label) with this program since the last right one."
            ),
            whatLocks,
        ].joined(separator: " ")
    }

    /// A sentence on how many wrong PINs are too many.
    var whatLocks: LocalizableText {
        tries.map { localized("\($0) in a row lock it for good.") }
            ?? localized("How many in a row lock it for good is not known.")
    }

    /// Does something that tries a PIN once, and keeps count. As on a card, the try counts before its outcome is known,
    /// so that killing the program hides none.
    ///
    /// - Parameter body: calls its argument when it has the PIN and is about to try it.
    func counting<Value>(_ body: (_ isAboutToTry: () -> Void) throws -> Value) throws -> Value {
        let before = record.count
        do {
            let value = try body { record.store(before + 1) }
            record.store(0)
            return value
        } catch {
            let fault = error as? TokenError
            if fault?.usedUpPINTry != true {
                record.store(before)
            } else if fault?.code == .pinLocked {
                record.store(before + 1, isLocked: true)
            }
            throw error
        }
    }
}

import Basics
import Messages

/// Whether one more PIN may be tried on a token: this program never locks one. It stops when two thirds of the wrong
/// PINs that lock the token were tried in a row, and remembers if a token reported that it is locked.
///
/// Tries of other programs, and of this one on other machines, are not known here; tokens that set flags report them.
public struct PINHistory: Sendable {
    /// How many wrong PINs lock a token as sold by Cisco (docs/pins-and-signing.md).
    private static let ofCisco = 15
    /// How many are assumed to lock a token about which nothing is known: hardly any card is set to fewer.
    private static let atLeast = 3

    private let label: String
    private let flags: PINState
    private let record: PINRecord
    private let settings: String
    /// How many wrong PINs in a row lock the token, if known.
    private let tries: Int?

    /// - Parameter isCisco: whether the token is one that Cisco sells. Finding that out takes a while; without a wrong
    ///   PIN there is nothing to decide, and it is not asked.
    /// - Throws: what ``PINLedger`` throws if the user's settings cannot be read.
    init(_ info: TokenInfo, in ledger: PINLedger, isCisco: () -> Bool) throws {
        label = info.plainLabel
        flags = info.pin
        record = PINRecord(info, in: ledger.folder)
        settings = ledger.settings
        let configured = try ledger.triesThatLock()
        let isCisco = record.count > 0 && isCisco()
        tries = isCisco ? min(configured ?? Self.ofCisco, Self.ofCisco) : configured
    }

    /// Wrong PINs that were tried with this program since the last right one.
    public var wrongTries: Int { record.count }

    /// The state of the token's PIN: by its flags or, if they show nothing, by what it reported at a login.
    public var state: PINState { record.state }

    /// After how many wrong PINs no other is tried, or nil if the token reports how many are left: a token that reports
    /// a wrong PIN also reports the last try (PKCS#11 2.40, section 3.2), which is refused by its flag.
    private var limit: Int? {
        if let tries { return tries * 2 / 3 }
        return flags == .countLow ? nil : Self.atLeast * 2 / 3
    }

    /// Why no PIN is tried on the token now (`pin-locked`), or nil.
    public var refusal: TokenError? {
        func refusal(_ text: LocalizableText, next: LocalizableText) -> TokenError {
            TokenError(.pinLocked, label, text, next: next)
        }
        let count = record.count
        if record.isLocked {
            return refusal(
                localized("Token \(label) reported at the last login that its PIN is locked, so no other is tried."),
                next: localized(
                    "Use the other token, or have this one unlocked with its administrator PIN, and then: rm \(path: record.path)"
                ))
        }
        guard let limit, count >= limit else { return nil }
        guard let tries else {
            return refusal(
                localized(
                    "\(count) wrong PINs in a row were tried on token \(label) with this program. It is not known how many lock it; it may be \(Self.atLeast), so no other is tried."
                ),
                next: localized(
                    "Use the other token. If you know how many wrong PINs lock this one, add the number to \(settings), under [tokens]: pin_tries = N. If the right PIN has been entered with other software in the meantime: rm \(path: record.path)"
                ))
        }
        return refusal(
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
    ///
    /// - Throws: ``TokenError`` (`pin-locked`; `pin-not-counted` if only this program can count wrong PINs, and cannot).
    func check() throws(TokenError) {
        // If the flags say anything at all, they will also say when it is unlocked.
        if flags != .ready { try? record.store(record.count) }
        if let refusal { throw refusal }
        do throws(FileError) { try record.check() } catch { throw notCounted(error) }
    }

    private func notCounted(_ error: FileError) -> TokenError {
        TokenError(
            .pinNotCounted, label,
            localized(
                "Wrong PINs of token \(label) cannot be counted here, so none is tried: too many lock it for good, and it does not report how many there were. \(error.text)"
            ),
            next: localized(
                "Make the folder of \(record.path) writable, free some space there, or set XDG_STATE_HOME to a folder of yours that is always the same."
            ))
    }

    /// What the user should know before entering a PIN, or nil.
    public var warning: LocalizableText? {
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
    public var whatLocks: LocalizableText {
        tries.map { localized("\($0) in a row lock it for good.") }
            ?? localized("How many in a row lock it for good is not known.")
    }

    /// Starts to try a PIN, which counts from now on.
    ///
    /// - Throws: as ``check()``.
    func attempt() throws(TokenError) -> PINAttempt {
        try check()
        do throws(FileError) { return try PINAttempt(record) } catch { throw notCounted(error) }
    }
}

/// One try of a token's PIN: required for a login, and only created by a token's ``PINHistory``. As on a card, the try
/// counts as a wrong one before its outcome is known, so that killing the program hides none. An attempt that is lost,
/// because the module never returned, remains one.
struct PINAttempt: ~Copyable {
    private let record: PINRecord
    /// Wrong PINs before this one.
    private let before: Int

    fileprivate init(_ record: PINRecord) throws(FileError) {
        self.record = record
        before = record.count
        try record.store(before + 1)
    }

    /// The PIN was right: wrong ones count from zero again, on the token as well.
    consuming func wasRight() { try? record.store(0) }

    /// The token refused it, for whatever reason.
    ///
    /// - Parameter isLocked: whether the token says that its PIN is locked.
    consuming func wasRefused(isLocked: Bool) { if isLocked { try? record.store(before + 1, isLocked: true) } }

    /// The token was not asked.
    consuming func wasNotMade() { try? record.store(before) }
}

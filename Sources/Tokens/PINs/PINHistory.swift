import Basics
import Messages

/// Whether one more PIN may be tried on a token: this program never locks one. If the token reports how many tries are
/// left, the last one is not used. If it does not, the program stops when two thirds of the wrong PINs that lock the
/// token were tried in a row, and remembers if a token reported that it is locked.
///
/// Tries of other programs, and of this one on other machines, are not known here; tokens that set flags report them.
public struct PINHistory: Sendable {
    /// How many wrong PINs lock a token as sold by Cisco (docs/pins-and-signing.md).
    private static let ofCisco = 15
    /// How many are assumed to lock a token about which nothing is known: hardly any card is set to fewer.
    private static let atLeast = 3

    private let label: String
    private let serialNumber: String
    private let flags: PINState
    private let record: PINRecord
    private let ledger: PINLedger
    /// How many wrong PINs in a row lock the token, if known.
    private let number: Int?
    /// What the token itself reports.
    private let told: PINTries?
    /// Whether the token is known to be Cisco's.
    private let isCisco: Bool

    /// - Parameters:
    ///   - told: the number of tries that the token itself reports, or nil.
    ///   - asksAlways: whether `isCisco` matters although no wrong PIN was tried: only to show the number.
    ///   - isCisco: whether the token is one that Cisco sells. Finding that out takes a while; without a wrong PIN
    ///     there is nothing to decide, and it is not asked.
    /// - Throws: what ``PINLedger`` throws if the user's settings cannot be read.
    init(
        _ info: TokenInfo, in ledger: PINLedger, told: PINTries? = nil, asksAlways: Bool = false, isCisco: () -> Bool
    ) throws {
        let record = PINRecord(info, in: ledger)
        let configured = try ledger.triesThatLock(info.serialNumber)
        // A higher number than Cisco's must not count for theirs, also if the first wrong PIN is tried in the meantime.
        let isCisco = (asksAlways || record.shown.count > 0 || configured ?? 0 > Self.ofCisco) && isCisco()
        self.init(
            info, record, ledger, number: isCisco ? min(configured ?? Self.ofCisco, Self.ofCisco) : configured,
            told: told, isCisco: isCisco)
    }

    private init(
        _ info: TokenInfo, _ record: PINRecord, _ ledger: PINLedger, number: Int?, told: PINTries?, isCisco: Bool
    ) {
        self.isCisco = isCisco
        label = info.plainLabel
        serialNumber = info.normalizedSerialNumber
        flags = info.pin
        self.record = record
        self.ledger = ledger
        self.number = number
        self.told = told
    }

    /// The same with what the token reports now.
    ///
    /// - Parameter isForOperations: whether it is about the PIN that a key wants for each signature.
    func refreshed(_ info: TokenInfo, told: PINTries?, isForOperations: Bool = false) -> PINHistory {
        PINHistory(
            info, PINRecord(info, in: ledger, isForOperations: isForOperations), ledger, number: number, told: told,
            isCisco: isCisco)
    }

    /// Wrong PINs that were tried with this program since the last right one.
    public var wrongTries: Int { record.shown.count }

    /// The state of the token's PIN: by its flags or, if they show nothing, by what it reported at a login.
    public var state: PINState {
        if let told, isBelieved(record.shown) { return told.left == 0 ? .locked : told.left == 1 ? .finalTry : flags }
        return record.state
    }

    /// The tries that are left, as far as that can be known; nil if nothing is known.
    public var tries: PINTries? {
        let contents = record.shown
        if let told, isBelieved(contents) { return told }
        switch state {
        case .locked: return PINTries(left: 0, most: nil, source: .flags)
        case .finalTry: return PINTries(left: 1, most: nil, source: .flags)
        case .ready, .countLow, .notInitialized: break
        }
        // The flag tells of a wrong one that was tried elsewhere, if not of how many.
        let count = max(contents.count, flags == .countLow ? 1 : 0)
        return number.map { PINTries(left: max(0, $0 - count), most: $0, source: .count) }
    }

    /// The number that the token reported before a try, to compare with the one after it.
    var toldLeft: Int? { told?.left }

    /// Whether the number that the token reports can be one of tries: nobody saw it stay the same after a wrong PIN, and all
    /// that were counted here can have gone into it.
    private func isBelieved(_ contents: PINRecord.Contents) -> Bool {
        guard let told, !([contents.own] + contents.others.map(\.entry)).contains(where: \.isUntold) else {
            return false
        }
        return contents.count <= (told.most ?? told.left) - told.left
    }

    /// Whether it may also say that a try was not counted: only if it was seen to go down here.
    private func isProven(_ contents: PINRecord.Contents) -> Bool { isBelieved(contents) && contents.own.isTold }

    /// Whether the token itself keeps this program from locking it: nothing has to be remembered then.
    ///
    /// CKF_USER_PIN_COUNT_LOW is not enough for that: SoftHSM sets it, and never CKF_USER_PIN_FINAL_TRY; that SafeNet's module
    /// sets both is *unconfirmed*.
    private func tellsItself(_ contents: PINRecord.Contents?) -> Bool {
        (told != nil && contents.map(isBelieved) ?? true) || [.finalTry, .locked].contains(flags)
    }

    /// After how many wrong PINs no other is tried.
    private var limit: Int { (number ?? Self.atLeast) * 2 / 3 }

    /// Why no PIN is tried on the token now (`pin-locked`, `pin-final-try`, `pin-history-unusable`), or nil.
    public var refusal: TokenError? {
        do throws(TokenError) { return refusal(try record.read()) } catch {
            return tellsItself(nil) ? toldRefusal : error
        }
    }

    private func refusal(_ contents: PINRecord.Contents) -> TokenError? {
        if told != nil, isBelieved(contents) { return toldRefusal }
        func refusal(_ text: LocalizableText, next: LocalizableText) -> TokenError {
            let change = Self.sentence(on: contents.own.change, label)
            return TokenError(
                .pinLocked, label, [text, change].compactMap(\.self).joined(separator: " "), next: next)
        }
        let count = contents.count
        let files = [record.path] + Set(contents.others.map(\.path)).sorted()
        let remove = LocalizableText.verbatim(
            (contents.others.isEmpty ? "rm " : "sudo rm ") + files.map { Shell.word($0) }.joined(separator: " "))
        if flags == .ready, contents.own.isLocked {
            return refusal(
                localized("Token \(label) reported at the last login that its PIN is locked, so no other is tried."),
                next: isCisco
                    ? TokenError.useTheOther
                    : localized(
                        "Use the other token. If this one has been unlocked with other software: rm \(path: record.path)"
                    ))
        }
        if flags == .ready, contents.isLockedForOthers {
            return refusal(
                localized(
                    "Another account of this machine recorded that token \(label) reported its PIN as locked, so none is tried."
                ),
                next: localized("Use the other token. If the token is not locked: \(remove)"))
        }
        guard count >= limit else { return nil }
        guard let number else {
            return refusal(
                localized(
                    "\(count) wrong PINs in a row were tried on token \(label) with this program. It is not known how many lock it; it may be \(Self.atLeast), so no other is tried."
                ),
                next: localized(
                    "Use the other token. If you know how many wrong PINs lock this one, add the number to \(ledger.settings), under [tokens.pin_tries_of]: \"\(serialNumber)\" = N. If the right PIN has been entered with other software in the meantime: \(remove)"
                ))
        }
        if contents.countOfOthers > 0 {
            return refusal(
                localized(
                    "\(count) wrong PINs in a row were tried on token \(label) with this program, \(contents.countOfOthers) of them by other users of this machine; \(number) lock it for good, so no other is tried."
                ),
                next: localized(
                    "Use the other token. If the right PIN has been entered with other software in the meantime: \(remove)"
                ))
        }
        return refusal(
            localized(
                count,
                one:
                    "1 wrong PIN was tried on token \(label) with this program; \(number) in a row lock it for good, so no other is tried.",
                other:
                    "\(count) wrong PINs in a row were tried on token \(label) with this program; \(number) lock it for good, so no other is tried."
            ),
            next: localized(
                "Use the other token. If you are sure of the PIN, allow one more try: echo \(limit - 1) >\(record.path)"
            ))
    }

    /// By the number that the token reports: its last try is not used.
    private var toldRefusal: TokenError? {
        guard let told, told.left <= 1 else { return nil }
        return told.left == 0 ? .locked(label) : .finalTry(label)
    }

    /// Refuses a login that might lock the token.
    ///
    /// - Throws: ``TokenError`` (`pin-locked`, `pin-final-try`, `pin-history-unusable`).
    func check() throws(TokenError) {
        // If the flags say anything at all, they will also say when it is unlocked.
        if flags != .ready, record.shown.own.isLocked, let turn = try? takeTurn(within: 5) {
            var contents = record.shown
            contents.own.isLocked = false
            try? record.store(contents)
            withExtendedLifetime(turn) {}
        }
        if let refusal { throw refusal }
    }

    /// ``check()``, and whether a try could be counted: to be reported before anyone types a PIN.
    ///
    /// - Throws: ``TokenError`` (`pin-locked`, `pin-final-try`, `pin-history-unusable`).
    func checkBeforePrompt() throws(TokenError) {
        try check()
        guard !tellsItself(try? record.read()) else { return }
        do throws(FileError) { try record.probe() } catch { throw unkept(error) }
    }

    private func unkept(_ error: FileError) -> TokenError {
        TokenError(
            .pinHistoryUnusable, label,
            localized(
                "Wrong PINs of token \(label) could not be counted: \(error.clause). The token may not report how many tries are left, so no PIN is tried."
            ),
            next: ledger.shared.map { error.path.hasPrefix($0 + "/") } ?? false
                ? localized("Make room there, or set ETOKEN_BRIDGE_SHARED to another folder. No PIN attempt was used.")
                : localized(
                    "Make \(ledger.folder) writable, or set XDG_STATE_HOME to a folder that is. No PIN attempt was used."
                ))
    }

    /// What the user should know before entering a PIN, or nil.
    public var warning: LocalizableText? {
        let contents = record.shown
        let change = Self.sentence(on: contents.own.change, label).map { localized("Warning: \($0)") }
        let tries: LocalizableText?
        if let told, isBelieved(contents) {
            tries =
                told.most.map { told.left < $0 } ?? (contents.count > 0)
                ? localized("Warning: wrong PINs were tried on token \(label): \(told.text).") : nil
        } else if contents.count > 0 {
            let count = contents.count
            tries = [
                localized(
                    count,
                    one: "Warning: 1 wrong PIN was tried on token \(label) with this program since the last right one.",
                    other:
                        "Warning: \(count) wrong PINs were tried on token \(label) with this program since the last right one."
                ),
                whatLocks,
            ].joined(separator: " ")
        } else if flags == .countLow {
            tries = localized(
                "Warning: token \(label) reports that a wrong PIN was entered since the last right one; too many lock it for good."
            )
        } else {
            tries = nil
        }
        let unshared = record.sharingFailure.map {
            localized("Warning: other accounts of this machine do not learn of wrong PINs: \($0.clause).")
        }
        let parts = [change, tries, unshared].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: "\n")
    }

    /// Which PIN may be valid after a change that was interrupted, as a sentence; nil if there was none.
    public var unfinishedChange: LocalizableText? { Self.sentence(on: record.shown.own.change, label) }

    private static func sentence(on change: PINRecord.UnfinishedChange?, _ label: String) -> LocalizableText? {
        switch change {
        case .asked?:
            localized(
                "The last change of the PIN of token \(label) was interrupted. The new PIN may hold already: try that one first."
            )
        case .refused?:
            localized(
                "The last change of the PIN of token \(label) was interrupted, and a PIN was refused since. If that was the new one, the old one still holds."
            )
        case .doubtful?:
            localized(
                "The last change of the PIN of token \(label) failed, most likely because the current PIN was wrong. Only if you are sure that it was right, the new one may hold."
            )
        case .done?:
            localized(
                "The last change of the PIN of token \(label) was interrupted after the token had changed it: the new PIN holds."
            )
        case nil: nil
        }
    }

    /// What to know before a change of the PIN, if an interruption could not be remembered; nil if it can be.
    public var warningBeforeChange: LocalizableText? {
        do throws(FileError) { try record.probe() } catch {
            return localized(
                "Warning: should the change be interrupted, nobody would remember it (\(error.clause)). Then try the new PIN first."
            )
        }
        return nil
    }

    /// A sentence on how many wrong PINs are too many.
    public var whatLocks: LocalizableText {
        number.map { localized("\($0) in a row lock it for good.") }
            ?? localized("How many in a row lock it for good is not known.")
    }

    /// Waits until no other run of this program tries a PIN on the token.
    ///
    /// - Parameter seconds: how long at most.
    /// - Throws: ``TokenError`` (`pin-busy`, `pin-history-unusable`).
    func takeTurn(within seconds: Int = PINLedger.patienceWithOthers) throws(TokenError) -> PINTurn {
        let tells = tellsItself(try? record.read())
        do throws(FileError) {
            return try PINTurn(record, in: ledger, needsFile: !tells, within: seconds)
        } catch {
            guard error.code != .locked else {
                throw TokenError(
                    .pinBusy, label,
                    localized("Another run of this program is trying a PIN on token \(label)."),
                    next: localized(
                        "Wait until it has ended, and run the command again. No PIN attempt was used."))
            }
            throw unkept(error)
        }
    }

    /// Starts to try a PIN, which counts from now on.
    ///
    /// - Parameters:
    ///   - turn: nil to wait for it here.
    ///   - change: set if the try also changes the PIN.
    /// - Throws: ``TokenError`` (`pin-locked`, `pin-final-try`, `pin-busy`, `pin-history-unusable`) if that might lock
    ///   the token.
    func attempt(
        in turn: PINTurn? = nil, changing change: PINRecord.UnfinishedChange? = nil
    ) throws(TokenError) -> PINAttempt {
        let turn = if let turn { turn } else { try takeTurn() }
        try check()
        let before: PINRecord.Contents
        do throws(TokenError) { before = try record.read() } catch {
            guard tellsItself(nil) else { throw error }
            return PINAttempt(nil, turn, record.shown, toldLeft: toldLeft, isProven: false)
        }
        var contents = before
        contents.own.count += 1
        contents.own.change = change ?? contents.own.change
        do throws(FileError) { try record.store(contents) } catch {
            guard tellsItself(before) else { throw unkept(error) }
            return PINAttempt(nil, turn, before, toldLeft: toldLeft, isProven: false)
        }
        // The turn keeps others away on this machine, and not those in another network namespace, in a container for example:
        // they have told of their tries by now, as this one has.
        if var now = try? record.read() {
            now.own = before.own
            if let refusal = refusal(now) {
                try? record.store(before)
                throw refusal
            }
        }
        return PINAttempt(record, turn, before, toldLeft: toldLeft, isProven: isProven(before))
    }
}

/// One try of a token's PIN: required for a login, and only created by a token's ``PINHistory``. As on a card, the try
/// counts as a wrong one before its outcome is known, so that killing the program hides none. An attempt that is lost,
/// because the module never returned, remains one. No other run of the program tries a PIN on the token meanwhile.
struct PINAttempt: ~Copyable {
    /// Nil if it cannot be saved, and the token itself reports its tries.
    private let record: PINRecord?
    private let turn: PINTurn
    private let before: PINRecord.Contents
    /// The tries that the token reported before.
    let toldLeft: Int?
    /// Whether a number that stays the same shows that nothing was counted.
    let isProven: Bool

    fileprivate init(
        _ record: PINRecord?, _ turn: PINTurn, _ before: PINRecord.Contents, toldLeft: Int?, isProven: Bool
    ) {
        self.isProven = isProven
        self.record = record
        self.turn = turn
        self.before = before
        self.toldLeft = toldLeft
    }

    /// What cannot be written now was counted before: the count is too high then, never too low.
    private func store(isRight: Bool = false, _ change: (inout PINRecord.Entry) -> Void) {
        var contents = before
        change(&contents.own)
        try? record?.store(contents, isRight: isRight)
        withExtendedLifetime(turn) {}
    }

    /// The PIN was right: wrong ones count from zero again, on the token as well.
    ///
    /// - Parameter change: set if the PIN was changed, which a login is to prove.
    consuming func wasRight(_ change: PINRecord.UnfinishedChange? = nil) {
        store(isRight: true) { entry in
            entry = PINRecord.Entry(pin: entry.pin)
            entry.change = change
        }
    }

    /// The token refused it, for whatever reason.
    ///
    /// - Parameters:
    ///   - isLocked: whether the token says that its PIN is locked.
    ///   - isUntold: whether the tries that the token reports did not go down.
    ///   - isTold: whether they did.
    ///   - isCounted: whether the token counts the PIN as a wrong one, as far as that is known.
    ///   - change: what is left of a change of the PIN.
    consuming func wasRefused(
        isLocked: Bool = false, isUntold: Bool = false, isTold: Bool = false, isCounted: Bool = false,
        _ change: PINRecord.UnfinishedChange? = nil
    ) {
        store { entry in
            entry.count += 1
            entry.isLocked = entry.isLocked || isLocked
            entry.isUntold = entry.isUntold || isUntold
            entry.isTold = entry.isTold || isTold
            if isCounted, entry.change == .asked { entry.change = .refused }
            entry.change = change ?? entry.change
        }
    }

    /// The token was not asked, or did not count it.
    consuming func wasNotMade() { store { _ in } }
}

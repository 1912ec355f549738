import Foundation
import Messages
import ServerFixtures
import Testing

@testable import Tokens

/// No token is locked by this program: what is remembered of wrong PINs, and what follows from it.
@Suite(.waiting, .timeLimit(.minutes(10))) struct PINHistoryTests {
    private let folder = TemporaryFolder()

    private var path: String { folder.file("pins/12345678") }
    private var remembered: String? { try? String(contentsOfFile: path, encoding: .utf8) }

    private func ledger(_ tries: Int?) -> PINLedger {
        PINLedger(folder: folder.file("pins"), settings: "/home/user/config.toml") { _ in tries }.separate(folder.path)
    }

    private func history(_ flags: PINState = .ready, tries: Int? = nil, isCisco: Bool = false) throws -> PINHistory {
        try PINHistory(
            TokenInfo(label: "SAST-FAKE (User PIN)", serialNumber: "12345678", pin: flags), in: ledger(tries)
        ) { isCisco }
    }

    /// - Returns: how many wrong PINs are tried before one is refused, up to 200.
    private func triesBeforeRefusal(_ flags: PINState = .ready, tries: Int?, isCisco: Bool = false) throws -> Int {
        for count in 0..<200 {
            do {
                try history(flags, tries: tries, isCisco: isCisco).attempt().wasRefused(isLocked: false)
            } catch let error as TokenError {
                #expect(error.code == .pinLocked && error.function == nil && !error.usedUpPINTry)
                #expect(
                    error.subject == "SAST-FAKE"
                        && error.next?.localized.hasPrefix("Use the other token. If you ") == true)
                return count
            }
        }
        return 200
    }

    // MARK: - Limits

    /// Two of the three that hardly any card goes below.
    @Test func ofATokenOfWhichNothingIsKnownTwoAreTried() throws {
        #expect(try triesBeforeRefusal(tries: nil) == 2)
        let refusal = try #require(try history().refusal)
        #expect(
            refusal.text.localized.hasPrefix("2 wrong PINs in a row were tried on token SAST-FAKE with this program."))
        #expect(
            refusal.next?.localized
                == "Use the other token. If you know how many wrong PINs lock this one, add the number to /home/user/config.toml, under [tokens.pin_tries_of]: \"12345678\" = N. If the right PIN has been entered with other software in the meantime: rm \(path)"
        )
        // Now the user says how many there are.
        #expect(try history(tries: 3).refusal != nil && history(tries: 5).refusal == nil)
    }

    @Test(arguments: [(2, 1), (3, 2), (4, 2), (5, 3), (10, 6), (15, 10), (100, 66)])
    func twoThirdsOfTheNumberThatTheUserKnows(number: Int, limit: Int) throws {
        #expect(try triesBeforeRefusal(tries: number) == limit)
        let refusal = try #require(try history(tries: number).refusal)
        #expect(refusal.text.localized.contains("\(number) \(limit == 1 ? "in a row " : "")lock it for good"))
        #expect(refusal.next?.localized.hasSuffix("allow one more try: echo \(limit - 1) >\(path)") == true)
    }

    @Test(arguments: [(nil, 10), (100, 10), (15, 10), (6, 4)] as [(Int?, Int)])
    func fifteenLockATokenOfCiscoAndAHigherNumberDoesNotCount(number: Int?, limit: Int) throws {
        #expect(try triesBeforeRefusal(tries: number, isCisco: true) == limit)
    }

    /// A token that reports a wrong PIN need not report the last try (SoftHSM does not).
    @Test func aFlagThatTellsOfAWrongPINChangesNoLimit() throws {
        #expect(try triesBeforeRefusal(.countLow, tries: nil) == 2)
        try FileManager.default.removeItem(atPath: path)
        #expect(try triesBeforeRefusal(.countLow, tries: 6) == 4)
        #expect(try history().refusal != nil)
    }

    /// It tells of one at least, though.
    @Test func aWrongPINThatTheFlagTellsOfIsNotLeft() throws {
        let info = TokenInfo(label: "SAST-FAKE", serialNumber: "12345678", pin: .countLow)
        let history = try PINHistory(info, in: ledger(nil), asksAlways: true) { true }
        #expect(history.tries == PINTries(left: 14, most: 15, source: .count))
    }

    /// Between the question for a PIN and the answer others may have tried theirs.
    @Test func aHigherNumberThanCiscosNeverCountsForTheirs() throws {
        let info = TokenInfo(label: "SAST-FAKE", serialNumber: "12345678")
        let atThePrompt = try PINHistory(info, in: ledger(100)) { true }
        for _ in 1...10 { try PINHistory(info, in: ledger(100)) { true }.attempt().wasRefused() }
        #expect(atThePrompt.refreshed(info, told: nil).refusal?.code == .pinLocked)
    }

    /// What cannot be unlocked is not advised to be.
    @Test func aLockedTokenOfCiscoIsLost() throws {
        let info = TokenInfo(label: "SAST-FAKE", serialNumber: "12345678")
        try history().attempt().wasRefused(isLocked: true)
        let advice = try #require(try PINHistory(info, in: ledger(nil)) { true }.refusal?.next?.localized)
        #expect(advice.contains("cannot be unlocked: get a new one") && !advice.contains("rm "))
    }

    @Test func whoMadeTheTokenIsAskedOnlyAfterAWrongPIN() throws {
        let info = TokenInfo(label: "SAST-FAKE", serialNumber: "12345678")
        func asks() throws -> Bool {
            var isAsked = false
            _ = try PINHistory(info, in: ledger(nil)) {
                isAsked = true
                return true
            }
            return isAsked
        }
        #expect(try !asks())
        try history().attempt().wasRefused(isLocked: false)
        #expect(try asks())
    }

    // MARK: - Counting

    @Test func aTryCountsBeforeItIsMade() throws {
        let attempt = try history().attempt()
        #expect(try history().wrongTries == 1 && remembered == "1\n")
        attempt.wasRight()
        #expect(try history().wrongTries == 0 && remembered == nil)
    }

    @Test func whatBecomesOfATry() throws {
        func lose(_ attempt: consuming PINAttempt) {}
        try history(tries: 30).attempt().wasRefused(isLocked: false)
        #expect(remembered == "1\n")
        // As when the program is killed, or the module never returns.
        lose(try history(tries: 30).attempt())
        #expect(remembered == "2\n")
        try history(tries: 30).attempt().wasNotMade()
        #expect(remembered == "2\n")
        try history(tries: 30).attempt().wasRefused(isLocked: true)
        #expect(remembered == "3 locked\n")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func whatWasTriedIsSaidBeforeThePINIsTyped() throws {
        #expect(try history().warning == nil)
        try history().attempt().wasRefused(isLocked: false)
        #expect(
            try history().warning?.localized
                == "Warning: 1 wrong PIN was tried on token SAST-FAKE with this program since the last right one. How many in a row lock it for good is not known."
        )
        try history().attempt().wasRefused(isLocked: false)
        #expect(
            try history(tries: 9).warning?.localized
                == "Warning: 2 wrong PINs were tried on token SAST-FAKE with this program since the last right one. 9 in a row lock it for good."
        )
    }

    // MARK: - What the token said

    @Test func aTokenThatSaidItIsLockedGetsNoMorePINs() throws {
        try history(tries: 100).attempt().wasRefused(isLocked: true)
        let history = try history(tries: 100)
        #expect(
            history.state == .locked && ledger(100).state(of: .init(label: "", serialNumber: "12345678")) == .locked)
        let error = #expect(throws: TokenError.self) { try history.attempt().wasNotMade() }
        #expect(error?.code == .pinLocked && error?.usedUpPINTry == false)
        #expect(
            error?.text.localized
                == "Token SAST-FAKE reported at the last login that its PIN is locked, so no other is tried.")
        #expect(
            error?.next?.localized
                == "Use the other token. If this one has been unlocked with other software: rm \(path)")
        // As it says.
        try FileManager.default.removeItem(atPath: path)
        #expect(try self.history(tries: 100).refusal == nil)
    }

    /// A token whose flags report that it is locked will also report when it no longer is.
    @Test func flagsCountMoreThanWhatIsRemembered() throws {
        try history(tries: 100).attempt().wasRefused(isLocked: true)
        let shown = try history(.countLow, tries: 100)
        #expect(shown.state == .countLow && shown.refusal == nil)
        try shown.check()
        #expect(remembered == "1\n")
        #expect(try history(tries: 100).state == .ready)
    }

    // MARK: - Where

    @Test func aTokenWithoutASerialNumberIsRememberedByItsLabel() throws {
        let info = TokenInfo(label: "../a b (User PIN)", serialNumber: "")
        try PINHistory(info, in: ledger(nil)) { false }.attempt().wasRefused(isLocked: false)
        #expect(FileManager.default.fileExists(atPath: folder.file("pins/___a_b")))
    }

    @Test func tokensHaveAHistoryEach() throws {
        try history().attempt().wasRefused(isLocked: false)
        let other = TokenInfo(label: "SAST-FAKE", serialNumber: "87654321")
        #expect(try PINHistory(other, in: ledger(nil)) { false }.wrongTries == 0)
    }

    /// Its count would be missing the next time.
    @Test func aFolderThatCannotBeWrittenToMeansNoTry() throws {
        let nowhere = PINLedger(folder: "/proc/nowhere", settings: "") { _ in nil }.separate(folder.path)
        let info = TokenInfo(label: "SAST-FAKE", serialNumber: "12345678")
        let error = #expect(throws: TokenError.self) {
            try PINHistory(info, in: nowhere) { false }.attempt().wasRefused()
        }
        #expect(error?.code == .pinHistoryUnusable)
        // One that tells by itself does not need it.
        let told = PINTries(left: 9, most: 15, source: .token)
        try PINHistory(info, in: nowhere, told: told) { false }.attempt().wasRefused()
        try PINHistory(info, in: nowhere, told: told) { false }.attempt().wasRight()
    }

    @Test func withoutSettingsThereIsNoHistoryAndSoNoLogin() throws {
        struct Unreadable: Error {}
        let ledger = PINLedger(folder: folder.file("pins"), settings: "") { _ in throw Unreadable() }
        let fake = try FakeModule()
        let token = try #require(try PKCS11Module(path: fake.path, pins: ledger).tokens().first)
        #expect(throws: Unreadable.self) { try token.checkLogin() }
        #expect(throws: Unreadable.self) { try token.changePIN(from: secret("Cisco123"), to: secret("736284")) }
        #expect(fake.calls("C_SetPIN") == 0)
    }
}

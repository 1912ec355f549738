import Basics
import CPKCS11
import Foundation
import Messages
import Secrets
import ServerFixtures
import Synchronization
import Testing

@testable import Tokens

/// A card that counts wrong PINs, and modules that read it, each with its own spelling of the serial number.
final class CountingCard: Sendable {
    static let pin = "Cisco123"

    /// How the token tells what is left.
    enum Telling: String, CaseIterable {
        case nothing, flags, low, object, lies
    }

    private let folder = TemporaryFolder()
    let modules: [FakeModule]

    init(tries: Int, _ telling: Telling = .nothing, word: String = "", extra: String = "", modules count: Int = 2)
        throws
    {
        let card = folder.write("card", "\(Self.pin) \(tries) \(tries) \(word)\n")
        modules = try (0..<count).map { index in
            try FakeModule(
                """
                token SAST-FAKE \(index % 2 == 0 ? "0054f509" : "000000000054F509") c
                mechanism 1 2800
                card \(card)
                tells \(telling == .nothing ? "" : telling.rawValue)
                \(extra)
                """.replacingOccurrences(of: "tells \n", with: "\n"))
        }
    }

    var words: [String] { folder.text("card").split(whereSeparator: \.isWhitespace).map(String.init) }
    /// Wrong PINs that it still accepts.
    var left: Int { Int(words[1]) ?? -1 }
    var pin: String { words[0] }

    /// - Parameter account: whose; each has a folder of its own.
    func ledger(_ tries: Int? = nil, of account: String = "pins") -> PINLedger {
        let shared = folder.file("shared")
        mkdir(shared, 0o755)
        return PINLedger(folder: folder.file(account), settings: "/settings.toml", shared: shared) { _ in tries }
            .separate(folder.path)
    }

    /// The right PIN is entered with other software, and the records are removed, as the program advises then.
    func enterElsewhere() throws {
        folder.write("card", "\(pin) \(words[2]) \(words[2])\n")
        for name in ["pins", "other"] { try ChildProcess.run(["rm", "-rf", folder.file(name)]) }
        for name in shared { unlink(folder.file("shared/" + name)) }
    }

    func removeRecords() { for name in records { unlink(folder.file("pins/" + name)) } }

    func set(module: Int, _ rule: String, _ other: String) {
        modules[module].set(modules[module].rules.replacing(rule, with: other))
    }

    /// What accounts have told each other.
    var shared: [String] { Files.names(in: folder.file("shared")) }

    func token(_ module: Int = 0, _ ledger: PINLedger? = nil, patience: Int = 30) throws -> Token {
        try #require(
            try PKCS11Module(path: modules[module].path, pins: ledger ?? self.ledger(), patience: patience).tokens()
                .first)
    }

    /// Where nothing can be written, as on a full disk or in a read-only home.
    func nowhere(_ tries: Int? = nil) -> PINLedger {
        PINLedger(folder: "/proc/nowhere/pins", settings: "/settings.toml") { _ in tries }.separate(folder.path)
    }

    var record: String? { try? String(contentsOfFile: folder.file("pins/54f509"), encoding: .utf8) }
    func write(record: String, as name: String) throws {
        try FileManager.default.createDirectory(atPath: folder.file("pins"), withIntermediateDirectories: true)
        folder.write("pins/" + name, record)
    }
    func shared(file name: String) -> String { folder.file("shared/" + name) }

    func write(shared name: String, _ text: String, mode: mode_t = 0o644) {
        chmod(folder.write("shared/" + name, text), mode)
    }

    var records: [String] { Files.names(in: folder.file("pins"), hidden: false) }

    /// Logs in as every command does that signs.
    @discardableResult
    func tryPIN(_ pin: String, _ module: Int = 0, _ ledger: PINLedger? = nil) -> TokenError? {
        do {
            let token = try token(module, ledger)
            let history = try token.checkLogin()
            let turn = try history.takeTurn()
            try token.attempt { () throws(TokenError) in
                let current = try token.currentInfo()
                try current.checkLogin()
                try current.checkPossible(secret(pin))
                let session = try Session(token)
                let now = history.refreshed(current, told: session.tries())
                try session.login(secret(pin), for: .user, now.attempt(in: turn))
            }
            return nil
        } catch { return error as? TokenError }
    }

    /// What is left if the program is killed after the token looked at a wrong PIN.
    func killedWithAWrongPIN(_ module: Int, _ ledger: PINLedger) {
        guard let token = try? token(module, ledger), let history = try? token.checkLogin(),
            let attempt = try? history.attempt(), let session = try? Session(token)
        else { return }
        lose(attempt)
        withExtendedLifetime(session) {
            var pin = Array("Cisco124".utf8)
            _ = token.module.functions.C_Login(1, CK_USER_TYPE(CKU_USER), &pin, CK_ULONG(pin.count))
        }
    }

    private func lose(_ attempt: consuming PINAttempt) {}
}

/// The program locks no token, whatever happens.
@Suite(.waiting, .timeLimit(.minutes(30))) struct PINSafety {
    private static let isDeep = getenv("ETOKEN_BRIDGE_DEEP") != nil

    /// Runs in any order: right and wrong PINs, through modules that spell the serial number differently, under two accounts,
    /// several at a time, killed, and where nothing can be remembered: 200 of them; `ETOKEN_BRIDGE_DEEP=1` for five such
    /// sequences.
    @Test(arguments: [3, 5, 15], CountingCard.Telling.allCases)
    func noSequenceOfRunsLocksAToken(tries: Int, telling: CountingCard.Telling) throws {
        for seed in 1...(Self.isDeep ? 5 : 1) {
            let card = try CountingCard(tries: tries, telling, modules: 6)
            // Cisco's 15 are known; of the others nothing is.
            let known = tries == 15 ? 15 : nil
            let ledgers = [card.ledger(known), card.ledger(known, of: "other")]
            var dice = SeededRandom(UInt64(seed * 1000 + tries))
            var log: [String] = []
            var lowest = tries
            var counts = [0, 0, 0, 0, 0]
            var unkept = 0
            for step in 0..<200 {
                let module = Int.random(in: 0..<2, using: &dice)
                // An object that lies, and no memory: nothing is left to decide by.
                let isKept = telling == .lies || Int.random(in: 0..<4, using: &dice) > 0
                let ledger = ledgers[Int.random(in: 0...1, using: &dice)]
                let where_ = isKept ? ledger : card.nowhere(known)
                let kind = step < 4 ? 1 : Int.random(in: 0..<6, using: &dice)
                // So that a sequence does not end when nothing is tried any more.
                if step % 40 == 39 {
                    try card.enterElsewhere()
                    counts[4] += 1
                }
                switch kind {
                case 0: card.tryPIN(CountingCard.pin, module, where_)
                case 1: card.tryPIN("Cisco124", module, where_)
                case 2: card.killedWithAWrongPIN(module, where_)
                default:
                    let group = DispatchGroup()
                    for index in 0..<6 {
                        Thread.detachNewThread(in: group) {
                            card.tryPIN(
                                "Cisco12\(4 + index)", index, index == 5 && !isKept ? where_ : ledgers[index % 2])
                        }
                    }
                    group.wait()
                }
                counts[min(kind, 3)] += 1
                unkept += isKept ? 0 : 1
                log.append("\(kind)/\(module)\(isKept ? "" : " unkept"): \(card.left)")
                lowest = min(lowest, card.left)
                try #require(card.left >= 1, "locked: \(log)")
            }
            let kinds = zip(["right", "wrong", "killed", "parallel", "entered elsewhere"], counts).map { "\($1) \($0)" }
                .joined(separator: ", ")
            print(
                "\(tries) tries, telling \(telling), seed \(seed): \(kinds), \(unkept) unkept; at least \(lowest) left")
            // It was in danger.
            #expect(lowest < tries, "\(log)")
            if telling == .object { #expect(lowest == 1 || known != nil, "\(log)") }
        }
    }

    @Test func aTokenHasOneCountWhicheverModuleReadsIt() throws {
        let card = try CountingCard(tries: 15)
        for count in 1...10 {
            #expect(card.tryPIN("Cisco124", 0, card.ledger(15))?.code == .pinRefused)
            #expect(card.left == 15 - count)
        }
        #expect(card.tryPIN("Cisco124", 1, card.ledger(15))?.code == .pinLocked)
        #expect(card.left == 5 && card.record == "10\n")
    }

    /// Releases before this one named records as the module wrote the serial number.
    @Test func recordsOfEarlierReleasesAreRead() throws {
        let card = try CountingCard(tries: 15)
        try card.write(record: "4\n", as: "000000000054F509")
        try card.write(record: "5 locked\n", as: "0054f509")
        let history = try card.token().pinHistory()
        #expect(history.wrongTries == 9 && history.state == .locked)
        try card.write(record: "5\n", as: "0054f509")
        #expect(card.tryPIN("Cisco124", 0, card.ledger(15))?.code == .pinRefused)
        #expect(card.record == "10\n" && card.records == ["54f509"])
    }

    @Test func parallelRunsTryOneAfterAnother() throws {
        for _ in 1...5 {
            let card = try CountingCard(tries: 3, modules: 6)
            let codes = Mutex<[TokenError.Code?]>([])
            let group = DispatchGroup()
            for index in 0..<6 {
                Thread.detachNewThread(in: group) {
                    let code = card.tryPIN("Cisco124", index)?.code
                    codes.withLock { $0.append(code) }
                }
            }
            group.wait()
            #expect(card.left == 1 && card.record == "2\n")
            #expect(codes.withLock { $0.count { $0 == .pinRefused } } == 2)
        }
    }

    @Test func anotherRunIsWaitedForAndThenNamed() throws {
        let card = try CountingCard(tries: 3)
        let turn = try card.token().pinHistory().takeTurn()
        let error = #expect(throws: TokenError.self) { try card.token(1).pinHistory().takeTurn(within: 0) }
        #expect(error?.code == .pinBusy && error?.next?.localized.contains("No PIN attempt was used") == true)
        withExtendedLifetime(turn) {}
        #expect(card.left == 3)
    }

    // MARK: - Where nothing can be remembered

    @Test func withoutAMemoryNoPINIsAskedFor() throws {
        let card = try CountingCard(tries: 3)
        let token = try card.token(0, card.nowhere())
        for action: () throws -> Void in [
            { try token.checkLogin() },
            { try token.changePIN(from: secret("Cisco124"), to: secret("736284")) },
        ] {
            let error = #expect(throws: TokenError.self, performing: action)
            #expect(error?.code == .pinHistoryUnusable && error?.usedUpPINTry == false)
            #expect(error?.text.localized.contains("/proc/nowhere cannot be created") == true)
            #expect(error?.next?.localized.contains("XDG_STATE_HOME") == true)
        }
        #expect(card.left == 3)
    }

    @Test func aTokenThatTellsItsTriesNeedsNoMemory() throws {
        let card = try CountingCard(tries: 4, .object)
        for module in [0, 0, 1] { #expect(card.tryPIN("Cisco124", module, card.nowhere())?.code == .pinRefused) }
        #expect(card.tryPIN("Cisco124", 1, card.nowhere())?.code == .pinFinalTry)
        #expect(card.left == 1)
    }

    /// That a wrong PIN was entered says nothing of how many are left: many modules never report the last one.
    @Test(arguments: [CountingCard.Telling.flags, .low])
    func aFlagThatAWrongPINWasEnteredIsNoMemory(telling: CountingCard.Telling) throws {
        let card = try CountingCard(tries: 4, telling)
        #expect(card.tryPIN("Cisco124")?.code == .pinRefused)
        #expect(card.tryPIN("Cisco124", 0, card.nowhere())?.code == .pinHistoryUnusable)
        // With a memory, two of the three that are assumed.
        #expect(card.tryPIN("Cisco124", 1)?.code == .pinRefused)
        #expect(card.tryPIN("Cisco124")?.code == .pinLocked)
        #expect(card.left == 2)
    }

    /// A number that does not go down is not believed, whatever the module returns for a wrong PIN.
    @Test(arguments: [0x5, 0x6, 0x30, 0x54, 0xa0, 0xa1, 0xe2, 0x101])
    func aNumberThatStaysTheSameIsNotBelieved(code: UInt) throws {
        let card = try CountingCard(tries: 4, .lies, extra: "wrong \(String(code, radix: 16))\n")
        #expect(card.tryPIN("Cisco124")?.text.localized.contains("No PIN attempt was used.") == false)
        #expect(card.tryPIN("Cisco124")?.code == .pinRefused)
        #expect(card.tryPIN("Cisco124")?.code == .pinLocked)
        #expect(card.left == 2)
    }

    // MARK: - Several accounts

    @Test func accountsOfOneMachineCountTogether() throws {
        let card = try CountingCard(tries: 15)
        let (one, other) = (card.ledger(15), card.ledger(15, of: "other"))
        for _ in 1...4 { #expect(card.tryPIN("Cisco124", 0, one)?.code == .pinRefused) }
        #expect(try card.token(1, other).pinHistory().wrongTries == 4)
        for _ in 1...6 { #expect(card.tryPIN("Cisco124", 1, other)?.code == .pinRefused) }
        for ledger in [one, other] {
            let error = card.tryPIN("Cisco124", 0, ledger)
            #expect(error?.code == .pinLocked)
            #expect(error?.text.localized.contains("of them by other users of this machine") == true)
            #expect(error?.next?.localized.contains("sudo rm ") == true)
        }
        #expect(card.left == 5 && card.shared.count == 2)
        try card.enterElsewhere()
        #expect(card.tryPIN("Cisco124", 0, one)?.code == .pinRefused)
    }

    /// For the one who entered it: that of another could be made up.
    @Test func aRightPINEndsWhatOthersHaveCounted() throws {
        let card = try CountingCard(tries: 15)
        let (one, other) = (card.ledger(15), card.ledger(15, of: "other"))
        for _ in 1...3 { card.tryPIN("Cisco124", 0, one) }
        #expect(card.tryPIN(CountingCard.pin, 0, other) == nil)
        #expect(try card.token(0, other).pinHistory().wrongTries == 0)
        // One's own is forgotten only by one's own.
        #expect(try card.token(0, one).pinHistory().wrongTries == 3)
        card.tryPIN("Cisco124", 0, one)
        #expect(try card.token(0, other).pinHistory().wrongTries == 4)
        #expect(card.tryPIN(CountingCard.pin, 0, one) == nil)
        #expect(try card.token(0, other).pinHistory().wrongTries == 0)
        #expect(card.tryPIN(CountingCard.pin, 0, other) == nil && card.tryPIN(CountingCard.pin, 0, one) == nil)
        #expect(card.left == 15 && card.record == nil)
    }

    /// Nobody can take away what others have counted.
    @Test(arguments: [
        "5000 5000 0", "1099511627776 1099511627776 0", "9000000000000000000 9000000000000000000 0", "5 0 0 told",
    ])
    func aCountOfOthersIsNeverLessened(text: String) throws {
        let card = try CountingCard(tries: 15)
        let (one, other) = (card.ledger(15), card.ledger(15, of: "other"))
        card.write(shared: "etoken-bridge-pin.54f509.\(geteuid()).beef", text + "\n")
        card.tryPIN("Cisco124", 0, one)
        card.write(shared: "etoken-bridge-pin.54f509.\(geteuid()).cafe", text + "\n")
        card.tryPIN("Cisco124", 0, one)
        #expect(try card.token(0, other).pinHistory().wrongTries == 2)
        // Nor does one's own right PIN hide what comes after it.
        #expect(card.tryPIN(CountingCard.pin, 0, other) == nil)
        card.tryPIN("Cisco124", 0, one)
        #expect(try card.token(0, other).pinHistory().wrongTries == 3)
    }

    /// The advised removal of one's own record hides nothing from others.
    @Test func afterARemovalTheNextWrongPINCounts() throws {
        let card = try CountingCard(tries: 15)
        let (one, other) = (card.ledger(15), card.ledger(15, of: "other"))
        card.tryPIN("Cisco124", 0, one)
        #expect(card.tryPIN(CountingCard.pin, 0, other) == nil)
        card.removeRecords()
        card.tryPIN("Cisco124", 0, one)
        #expect(try card.token(0, other).pinHistory().wrongTries == 1)
    }

    /// A number that a module counted down says nothing of another module's.
    @Test func anotherModulesNumberIsNotBelieved() throws {
        let card = try CountingCard(tries: 3, .object)
        for _ in 1...2 { #expect(card.tryPIN("Cisco124")?.code == .pinRefused) }
        card.set(module: 1, "tells object", "tells lies")
        #expect(card.tryPIN("Cisco124", 1)?.code == .pinLocked && card.left == 1)
    }

    /// Runs that cannot lock each other out, as in two containers, see each other's tries before the card does.
    @Test func runsWithoutACommonLockSeeEachOther() throws {
        let card = try CountingCard(tries: 3)
        card.tryPIN("Cisco124", 0, card.ledger(3))
        let group = DispatchGroup()
        for index in 0..<6 {
            Thread.detachNewThread(in: group) {
                card.tryPIN("Cisco124", 0, card.ledger(3, of: "account\(index)").separate(UUID().uuidString))
            }
        }
        group.wait()
        #expect(card.left >= 1)
    }

    /// With one account, nothing is left behind for others.
    @Test func aRightPINLeavesNothing() throws {
        let card = try CountingCard(tries: 15)
        card.tryPIN("Cisco124")
        #expect(card.shared.count == 1)
        #expect(card.tryPIN(CountingCard.pin) == nil && card.shared.isEmpty)
    }

    /// What anyone may have written there is at most one more reason not to try.
    @Test(arguments: [
        "", "9", "1 0 x\n", "1 0 -5\n", "-1 0 5\n", "99999999999999999999 0 5\n", "1 99999999999999999 0\n",
    ])
    func whatIsNoCountOfOthersIsNone(text: String) throws {
        let card = try CountingCard(tries: 15)
        card.tryPIN("Cisco124", 0, card.ledger(15))
        card.write(shared: "etoken-bridge-pin.54f509.\(geteuid()).1", text)
        #expect(try card.token(0, card.ledger(15)).pinHistory().wrongTries == 1)
        #expect(card.tryPIN("Cisco124", 0, card.ledger(15))?.code == .pinRefused)
    }

    @Test func onlyFilesOfTheirOwnersCount() throws {
        let card = try CountingCard(tries: 15)
        let ledger = card.ledger(15)
        card.write(shared: "etoken-bridge-pin.54f509.4242.1", "1 0 9\n")
        card.write(shared: "etoken-bridge-pin.54f509.\(geteuid()).2", "1 0 9\n", mode: 0o666)
        symlink("/etc/passwd", card.shared(file: "etoken-bridge-pin.54f509.\(geteuid()).3"))
        mkfifo(card.shared(file: "etoken-bridge-pin.54f509.\(geteuid()).4"), 0o644)
        #expect(try card.token(0, ledger).pinHistory().wrongTries == 0)
        card.write(shared: "etoken-bridge-pin.54f509.\(geteuid()).5", "1 0 9\n")
        #expect(try card.token(0, ledger).pinHistory().wrongTries == 9)
        // Where anyone can replace the files of others, there is nothing to be read.
        chmod(card.shared(file: ""), 0o777)
        #expect(try card.token(0, ledger).pinHistory().wrongTries == 0)
    }

    @Test func theirsIsTheLockedTokenToo() throws {
        let card = try CountingCard(tries: 3)
        let other = card.ledger(100, of: "other")
        for _ in 1...4 { card.tryPIN("Cisco124", 0, other) }
        #expect(card.left == 0)
        // Enough to try none, but not to call it lost: anyone may have written that.
        #expect(try card.token().pinHistory().state == .ready)
        let error = card.tryPIN("Cisco124")
        #expect(
            error?.code == .pinLocked && error?.next?.localized.contains("If the token is not locked: sudo rm") == true)
    }

    @Test(arguments: ["", "two\n", "-1\n", "1 lockd\n"])
    func aRecordThatIsNoneIsNotTakenForZero(text: String) throws {
        let card = try CountingCard(tries: 3)
        try card.write(record: text, as: "54f509")
        let error = card.tryPIN("Cisco124")
        #expect(error?.code == .pinHistoryUnusable && error?.next?.localized.contains("rm ") == true)
        #expect(card.left == 3)
    }

    @Test func aFullDiskIsSeenBeforeThePIN() throws {
        // No byte fits into it: the folder is there, and files can be created.
        let folder = TemporaryFolder()
        let mounted = try ChildProcess.end(of: ["mount", "-t", "tmpfs", "-o", "size=4k", "none", folder.path])
        guard mounted.status == 0 else { return }
        defer { _ = try? ChildProcess.end(of: ["umount", "-l", folder.path]) }
        folder.write("full", String(repeating: "x", count: 4096))
        let card = try CountingCard(tries: 3)
        let ledger = PINLedger(folder: folder.path, settings: "") { _ in nil }.separate(folder.path)
        let token = try card.token(0, ledger)
        let error = #expect(throws: TokenError.self) { try token.checkLogin() }
        #expect(error?.code == .pinHistoryUnusable && error?.text.localized.contains("No space left") == true)
        #expect(card.left == 3)
    }

    // MARK: - What cannot be the PIN

    @Test(arguments: [
        "", "123", "12345678901234567", "\u{feff}Cisco123", "Cisco123\t", "Cisco\u{1b}[D123",
        "\u{1a}\u{1a}\u{1a}\u{1a}",
        "Cisco123\rx", "Cisco123 ", "\u{1b}[200~Cisco123",
    ])
    func whatCannotBeThePINIsNotTried(text: String) throws {
        let card = try CountingCard(tries: 3)
        let token = try card.token()
        let error = #expect(throws: TokenError.self) {
            try token.changePIN(from: secret(text), to: secret("736284"))
        }
        #expect(error?.code == .pinImpossible && error?.usedUpPINTry == false)
        #expect(error?.text.localized.contains("No PIN attempt was used") == true)
        #expect(!text.contains("123") || error?.text.localized.contains("Cisco") == false)
        #expect(card.left == 3 && card.record == nil && card.modules[0].calls("C_SetPIN") == 0)
    }

    /// Nobody could enter it afterwards, even if it is meant.
    @Test(arguments: ["Krakow-1\t", "Krakow-12 ", "\u{feff}Krakow-12"])
    func whatCannotBeTypedIsNoNewPIN(text: String) throws {
        let card = try CountingCard(tries: 3)
        let token = try card.token()
        let error = #expect(throws: TokenError.self) {
            try token.changePIN(from: secret("Cisco123"), to: secret(text))
        }
        #expect(error?.code == .pinUnsuitable && card.pin == "Cisco123")
    }

    // MARK: - Several PINs of one card

    /// A key may have a PIN for each signature, with tries of its own: the right user PIN says nothing of it.
    @Test func thePINOfAKeyHasACountOfItsOwn() throws {
        let folder = TemporaryFolder()
        let operations = folder.write("operations", "Cisco999 3 3\n")
        let card = try CountingCard(tries: 3, extra: "operations \(operations)\n")
        for _ in 1...5 {
            let token = try card.token()
            guard let history = try? token.checkLogin() else { continue }
            let session = try Session(token)
            try session.login(secret(CountingCard.pin), for: .user, history.attempt())
            let now = history.refreshed(token.info, told: nil, isForOperations: true)
            #expect(throws: TokenError.self) { try session.login(secret("Cisco124"), for: .operation, now.attempt()) }
        }
        #expect(folder.text("operations").hasPrefix("Cisco999 1 3") && card.left == 3)
    }

    /// The right PIN of one slot says nothing about the other's.
    @Test func twoPINsOfOneCardAreCountedTogetherAndForgottenSeparately() throws {
        let card = try CountingCard(tries: 3)
        let ledger = card.ledger(9)
        func history(_ label: String?) throws -> PINHistory {
            try PINHistory(TokenInfo(label: "X", serialNumber: "0054f509", pinName: label), in: ledger) { false }
        }
        try history("X (User PIN)").attempt().wasRefused()
        try history("X (Sign PIN)").attempt().wasRefused()
        try history("X (Sign PIN)").attempt().wasRefused()
        #expect(try history(nil).wrongTries == 3)
        try history("X (User PIN)").attempt().wasRight()
        #expect(try history("X (Sign PIN)").wrongTries == 2 && history(nil).wrongTries == 2)
        try history("X (Sign PIN)").attempt().wasRight()
        #expect(card.record == nil)
    }
}

extension Thread {
    /// A thread that a group waits for.
    fileprivate static func detachNewThread(in group: DispatchGroup, _ work: @escaping @Sendable () -> Void) {
        group.enter()
        detachNewThread {
            work()
            group.leave()
        }
    }
}

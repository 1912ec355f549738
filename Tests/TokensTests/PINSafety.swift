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
        case nothing, flags, object, lies
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

    func ledger(_ tries: Int? = nil) -> PINLedger {
        PINLedger(folder: folder.file("pins"), settings: "/settings.toml") { tries }.separate(folder.path)
    }

    func token(_ module: Int = 0, _ ledger: PINLedger? = nil, patience: Int = 30) throws -> Token {
        try #require(
            try PKCS11Module(path: modules[module].path, pins: ledger ?? self.ledger(), patience: patience).tokens()
                .first)
    }

    /// Where nothing can be written, as on a full disk or in a read-only home.
    func nowhere(_ tries: Int? = nil) -> PINLedger {
        PINLedger(folder: "/proc/nowhere/pins", settings: "/settings.toml") { tries }.separate(folder.path)
    }

    var record: String? { try? String(contentsOfFile: folder.file("pins/54f509"), encoding: .utf8) }
    func write(record: String, as name: String) throws {
        try FileManager.default.createDirectory(atPath: folder.file("pins"), withIntermediateDirectories: true)
        folder.write("pins/" + name, record)
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

    /// Runs in any order: right and wrong PINs, through modules that spell the serial number differently, several at a
    /// time, killed, and where nothing can be remembered: 200 of them; `ETOKEN_BRIDGE_DEEP=1` for five such sequences.
    @Test(arguments: [3, 5, 15], CountingCard.Telling.allCases)
    func noSequenceOfRunsLocksAToken(tries: Int, telling: CountingCard.Telling) throws {
        for seed in 1...(Self.isDeep ? 5 : 1) {
            let card = try CountingCard(tries: tries, telling, modules: 6)
            // Cisco's 15 are known; of the others nothing is.
            let known = tries == 15 ? 15 : nil
            let ledger = card.ledger(known)
            var dice = SeededRandom(UInt64(seed * 1000 + tries))
            var log: [String] = []
            var lowest = tries
            var counts = [0, 0, 0, 0]
            var unkept = 0
            for step in 0..<200 {
                let module = Int.random(in: 0..<2, using: &dice)
                // An object that lies, and no memory: nothing is left to decide by.
                let isKept = telling == .lies || Int.random(in: 0..<4, using: &dice) > 0
                let where_ = isKept ? ledger : card.nowhere(known)
                let kind = step < 4 ? 1 : Int.random(in: 0..<5, using: &dice)
                switch kind {
                case 0: card.tryPIN(CountingCard.pin, module, where_)
                case 1: card.tryPIN("Cisco124", module, where_)
                case 2: card.killedWithAWrongPIN(module, where_)
                default:
                    let group = DispatchGroup()
                    for index in 0..<6 {
                        Thread.detachNewThread(in: group) {
                            card.tryPIN("Cisco12\(4 + index)", index, index == 5 && !isKept ? where_ : ledger)
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
            let kinds = zip(["right", "wrong", "killed", "parallel"], counts).map { "\($1) \($0)" }
                .joined(separator: ", ")
            print(
                "\(tries) tries, telling \(telling), seed \(seed): \(kinds), \(unkept) unkept; at least \(lowest) left")
            // It was in danger.
            #expect(lowest < tries, "\(log)")
            if telling == .object || telling == .flags { #expect(lowest == 1 || known != nil, "\(log)") }
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

    @Test(arguments: [CountingCard.Telling.flags, .object])
    func aTokenThatTellsNeedsNoMemory(telling: CountingCard.Telling) throws {
        let card = try CountingCard(tries: 4, telling)
        // Flags tell from the first wrong PIN on, and not before.
        let first = card.tryPIN("Cisco124", 0, card.nowhere())?.code
        #expect(first == (telling == .flags ? .pinHistoryUnusable : .pinRefused))
        if telling == .flags { #expect(card.tryPIN("Cisco124")?.code == .pinRefused) }
        #expect(card.tryPIN("Cisco124", 0, card.nowhere())?.code == .pinRefused)
        #expect(card.tryPIN("Cisco124", 1, card.nowhere())?.code == .pinRefused)
        #expect(card.tryPIN("Cisco124", 1, card.nowhere())?.code == .pinFinalTry)
        #expect(card.left == 1)
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
        let ledger = PINLedger(folder: folder.path, settings: "") { nil }.separate(folder.path)
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

import Foundation
import ServerFixtures
import Testing

/// No card is locked by the program: what it does if nothing reports how many wrong PINs a card accepts, and what it
/// remembers. On cards that count, behind OpenSC, which sets no flags for CardOS.
@Suite(.waiting, .timeLimit(.minutes(10))) struct PINLimits {
    /// Two cards, Cisco's or not, and a state folder.
    private struct Table {
        let cards: VirtualTokens
        let rehearsal: Rehearsal
        let label: String

        init(kind: String = "cardos", tries: Int, areOfCisco: Bool = false) throws {
            cards = try VirtualTokens(kinds: [kind, "cardos"], tries: tries, areOfCisco: areOfCisco)
            rehearsal = try Rehearsal(cards: cards)
            label = areOfCisco ? VirtualTokens.labels[0] : VirtualTokens.otherLabels[0]
        }

        /// Tries a PIN. A right one is changed.
        func tryPIN(_ pin: String = "Cisco124") throws -> Rehearsal.Result {
            let folder = rehearsal.folder
            return try rehearsal.token(
                "change-pin", label, "--pin-file", folder.write("old", pin + "\n"), "--new-pin-file",
                folder.write("new", "736284\n"))
        }

        func configure(pinTries: Int) throws { try configure("[tokens]\npin_tries = \(pinTries)\n") }

        /// For this token alone, as the message says; a higher one for all others does not count for it.
        func configure(pinTriesOf tries: Int) throws {
            let shown = try rehearsal.token("show", label, "--json").json()
            let serial = try #require(shown["serialNumber"] as? String)
            try configure("[tokens]\npin_tries = 100\n\n[tokens.pin_tries_of]\n\"00\(serial)\" = \(tries)\n")
        }

        private func configure(_ text: String) throws {
            try ChildProcess.run(["mkdir", "-p", rehearsal.folder.file("config/etoken-bridge")])
            rehearsal.folder.write("config/etoken-bridge/config.toml", text)
        }

        var triesLeft: Int { get throws { try cards.status(0).tries } }

        /// What doctor says about the token.
        func finding() throws -> [String: Any] {
            let result = try rehearsal.run(
                Programs.path("etoken-bridge"), ["doctor", "--json", "--module", cards.module])
            let report = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
            let findings = try #require(report?["findings"] as? [[String: Any]])
            return try #require(findings.first { ($0["text"] as? String)?.contains(label) == true })
        }
    }

    /// Two out of three, or of five: as many as any card accepts.
    @Test(arguments: [3, 5])
    func twoWrongPINsAreTriedWhereTheNumberIsNotKnown(tries: Int) throws {
        let table = try Table(tries: tries)
        #expect(try table.tryPIN().status == 3)
        let second = try table.tryPIN()
        #expect(second.status == 3)
        #expect(second.errors.contains("How many in a row lock it for good is not known."))
        // Nor is the right one, now: the caller does not know that it is right.
        for pin in ["Cisco124", "Cisco123"] {
            let refused = try table.tryPIN(pin)
            #expect(refused.status == 4)
            #expect(
                refused.errors.contains("2 wrong PINs in a row") && refused.errors.contains("[tokens.pin_tries_of]"))
        }
        #expect(try table.cards.status(0) == .init(tries: tries - 2, verifications: 2, signatures: 0))
        let finding = try table.finding()
        #expect(finding["severity"] as? String == "problem" && finding["code"] as? String == "token-count-low")
        // The number that the user knows decides, and a third of it is always left.
        try table.configure(pinTriesOf: tries)
        let more = try table.tryPIN()
        #expect(more.status == (tries == 3 ? 4 : 3))
        let last = try table.tryPIN()
        #expect(last.status == 4 && last.errors.contains("\(tries) lock it for good"))
        #expect(try table.triesLeft == (tries == 3 ? 1 : 2))
    }

    /// Deliberately locked, with a number that is too high: then nothing more is tried, and every command says so.
    @Test func aLockedTokenIsRemembered() throws {
        let table = try Table(tries: 3)
        try table.configure(pinTries: 100)
        for _ in 1...3 { #expect(try table.tryPIN().status == 3) }
        #expect(try table.tryPIN().status == 4)
        let verifications = try table.cards.status(0).verifications
        let refused = try table.tryPIN()
        #expect(refused.status == 4)
        #expect(refused.errors.contains("reported at the last login that its PIN is locked"), "\(refused.errors)")
        #expect(try table.cards.status(0).verifications == verifications)
        let list = try table.rehearsal.token("list")
        #expect(list.output.split(separator: "\n").contains { $0.hasPrefix(table.label) && $0.contains(" locked ") })
        #expect(try table.rehearsal.token("show", table.label).output.contains("PIN           locked\n"))
        let shown = try JSONSerialization.jsonObject(
            with: Data(table.rehearsal.token("show", table.label, "--json").output.utf8))
        #expect((shown as? [String: Any])?["pin"] as? String == "locked")
        let finding = try table.finding()
        #expect(finding["severity"] as? String == "problem" && finding["code"] as? String == "token-locked")
        // As the message says; the card is asked again.
        let file = try #require(refused.errors.split(whereSeparator: \.isWhitespace).last)
        try ChildProcess.run(["rm", String(file)])
        #expect(try table.rehearsal.token("list").output.contains(" ready "))
        #expect(try table.tryPIN().status == 4)
        #expect(try table.cards.status(0).verifications == verifications + 1)
    }

    /// Cisco's number is known. One more try is one, not ten.
    @Test func oneMoreTryIsOne() throws {
        let table = try Table(tries: 15, areOfCisco: true)
        // A higher number in the configuration does not count for them.
        try table.configure(pinTries: 100)
        for _ in 1...10 { #expect(try table.tryPIN().status == 3) }
        let refused = try table.tryPIN()
        #expect(refused.status == 4 && refused.errors.contains("15 lock it for good"))
        let command = try #require(refused.errors.firstRange(of: "echo 9 >")?.lowerBound)
        try ChildProcess.run(["sh", "-c", String(refused.errors[command...].prefix { $0 != "\n" })])
        #expect(try table.tryPIN().status == 3)
        #expect(try table.tryPIN().status == 4)
        #expect(try table.triesLeft == 4)
    }

    /// Tokens of a module that follows rules: their flags, and the results of a login.
    private struct FakeToken {
        let rehearsal: Rehearsal
        private let module: String

        init() throws {
            rehearsal = try Rehearsal(lab: false)
            module = rehearsal.folder.file("fake.so")
            try ChildProcess.run([
                "cc", "-shared", "-fPIC", "-o", module, Rehearsal.repository + "/Tests/TokensTests/fake-module.c",
                "-ldl",
            ])
        }

        /// - Parameters:
        ///   - flags: the token's, as hexadecimal.
        ///   - code: of the return value, as hexadecimal.
        func tryPIN(flags: String, code: String) throws -> Int32 {
            let folder = rehearsal.folder
            folder.write("fake.so.rules", "token FAKE 12345678 \(flags)\nreturn C_SetPIN 0 \(code)\n")
            let arguments = [
                "token", "change-pin", "FAKE", "--module", module, "--pin-file", folder.write("pin", "Cisco124\n"),
                "--new-pin-file", folder.write("new", "736284\n"),
            ]
            return try rehearsal.run(Programs.path("etoken-bridge"), arguments).status
        }

        var tries: Int { rehearsal.folder.text("fake.so.log").split(separator: "\n").count { $0 == "C_SetPIN" } }
        var isRecorded: Bool {
            FileManager.default.fileExists(atPath: rehearsal.folder.file("state/etoken-bridge/wrong-pins/12345678"))
        }
    }

    /// CKF_USER_PIN_COUNT_LOW says nothing of how many are left; CKF_USER_PIN_FINAL_TRY does.
    @Test func flagsOnlyEverForbid() throws {
        let token = try FakeToken()
        #expect(try (1...3).map { _ in try token.tryPIN(flags: "1000c", code: "a0") } == [3, 3, 4])
        #expect(token.tries == 2)
        let last = try FakeToken()
        #expect(try last.tryPIN(flags: "2000c", code: "a0") == 4 && last.tries == 0)
    }

    /// A token whose flags report by themselves that it is locked, and later that it is not.
    @Test func flagsCountMoreThanWhatIsRemembered() throws {
        let token = try FakeToken()
        // CKR_PIN_LOCKED; nothing shows it, so it is remembered.
        #expect(try token.tryPIN(flags: "c", code: "a4") == 4)
        #expect(try token.tryPIN(flags: "c", code: "a4") == 4)
        #expect(token.tries == 1)
        // CKF_USER_PIN_LOCKED, and later no longer.
        #expect(try token.tryPIN(flags: "4000c", code: "a4") == 4)
        #expect(token.tries == 1)
        #expect(try token.tryPIN(flags: "c", code: "0") == 0)
        #expect(token.tries == 2)
        #expect(!token.isRecorded)
    }

    /// A PIN entered on the reader (CKF_PROTECTED_AUTHENTICATION_PATH) is tried without anyone seeing it here, and
    /// counts.
    @Test func pinPadsAreCounted() throws {
        let token = try FakeToken()
        #expect(try (1...3).map { _ in try token.tryPIN(flags: "10c", code: "a0") } == [3, 3, 4])
        #expect(token.tries == 2)
    }
}

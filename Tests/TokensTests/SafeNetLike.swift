import Basics
import Foundation
import Messages
import Secrets
import ServerFixtures
import Testing

@testable import Tokens

/// A token as SafeNet's module shows it: it is called `eToken`, its ids are GUIDs, PINs have 6 to 20 characters and
/// expire, and the tries that are left are in an object of its own.
@Suite(.waiting, .timeLimit(.minutes(10))) struct SafeNetLike {
    static let rules = """
        maker SafeNet, Inc.
        lengths 6 20
        id {0C5DA6D2-33DC-4A57-8B2C-9D4C1F0E7A11}
        mechanism 6 2800

        """

    private func card(
        tries: Int = 15, _ telling: CountingCard.Telling = .object, word: String = "", _ extra: String = ""
    )
        throws -> CountingCard
    { try CountingCard(tries: tries, telling, word: word, extra: Self.rules + extra) }

    // MARK: - Tries

    @Test func theTokensOwnNumberIsShown() throws {
        let card = try card()
        #expect(try card.token().contents().tries == PINTries(left: 15, most: 15, source: .token))
        card.tryPIN("Cisco124")
        card.tryPIN("Cisco124")
        let history = try card.token().pinHistory()
        #expect(history.tries == PINTries(left: 13, most: 15, source: .token))
        #expect(
            history.warning?.localized
                == "Warning: wrong PINs were tried on token SAST-FAKE: 13 of 15 tries left.")
        #expect(card.modules[0].calls("C_Login") == 2)
    }

    /// Tries of other software are in the token's number, and in no count of ours.
    @Test func theTokensNumberHasWhatOtherSoftwareTried() throws {
        let card = try card(tries: 15)
        for _ in 1...11 { card.tryPIN("Cisco124", 0, card.nowhere()) }
        let history = try card.token().pinHistory()
        #expect(history.refusal == nil && history.tries == PINTries(left: 4, most: 15, source: .token))
        // If more was tried here than it tells of, it is not a number of tries, whatever it did before.
        try card.write(record: "12 told\n", as: "54f509")
        #expect(try card.token().pinHistory().refusal?.code == .pinLocked)
        try card.write(record: "11\n", as: "54f509")
        #expect(card.tryPIN("Cisco123") == nil && card.record == nil)
        let low = try self.card(tries: 2)
        low.tryPIN("Cisco124")
        #expect(low.left == 1 && low.record == "1 told\n")
        let error = low.tryPIN("Cisco123")
        #expect(error?.code == .pinFinalTry && low.left == 1)
        #expect(try low.token().pinHistory().state == .finalTry)
    }

    /// Whoever reads it in a way that SafeNet did not mean is not led to lock the token.
    @Test func aNumberThatDoesNotGoDownIsNotBelieved() throws {
        let card = try card(tries: 3, .lies)
        #expect(card.tryPIN("Cisco124")?.code == .pinRefused)
        #expect(card.record == "1 untold\n")
        #expect(card.tryPIN("Cisco124")?.code == .pinRefused)
        #expect(card.tryPIN("Cisco124")?.code == .pinLocked)
        #expect(card.left == 1)
    }

    @Test func flagsAndTheCountTellLess() throws {
        let flags = try card(tries: 2, .flags)
        flags.tryPIN("Cisco124")
        #expect(try flags.token().pinHistory().tries == PINTries(left: 1, most: nil, source: .flags))
        let counted = try card(tries: 6, .nothing)
        counted.tryPIN("Cisco124", 0, counted.ledger(6))
        let history = try counted.token(0, counted.ledger(6)).pinHistory()
        #expect(history.tries == PINTries(left: 5, most: 6, source: .count))
        #expect(history.tries?.text.localized == "at most 5 tries left")
        #expect(try counted.token().pinHistory().tries == nil)
    }

    /// What a code does not tell, the number does.
    @Test(arguments: [0x30, 0x50, 0x21, 0x8000_0001])
    func whatCostsNoTryIsSaidToCostNone(code: UInt) throws {
        let card = try card(tries: 15)
        // The number has to be seen to go down first.
        card.tryPIN("Cisco124")
        card.modules[0].set(card.modules[0].rules + "\nreturn C_Login 0 \(String(code, radix: 16))\n")
        let error = card.tryPIN("Cisco123")
        #expect(error?.text.localized.hasSuffix("No PIN attempt was used.") == true && card.record == "1 told\n")
        let unproven = try self.card(15, "return C_Login 0 \(String(code, radix: 16))\n")
        #expect(unproven.tryPIN("Cisco123")?.text.localized.hasSuffix("may have been used.") == true)
        #expect(unproven.record == "1\n")
        #expect(error?.next?.localized.hasPrefix("Remove the token and insert it again.") == true)
        let silent = try self.card(15, .nothing, "return C_Login 0 \(String(code, radix: 16))\n")
        let other = silent.tryPIN("Cisco123")
        #expect(other?.text.localized.hasSuffix("A PIN attempt may have been used.") == true)
        #expect(other?.code == .pinRefused && silent.record == "1\n")
    }

    private func card(_ tries: Int, _ extra: String) throws -> CountingCard { try card(tries: tries, .object, extra) }
    private func card(_ tries: Int, _ telling: CountingCard.Telling, _ extra: String) throws -> CountingCard {
        try card(tries: tries, telling, word: "", extra)
    }

    // MARK: - An expired PIN

    @Test(arguments: [CountingCard.Telling.nothing, .object])
    func anExpiredPINIsRightAndHasToBeChanged(telling: CountingCard.Telling) throws {
        let card = try card(tries: 3, telling, word: "expired")
        for _ in 1...4 {
            let error = card.tryPIN("Cisco123")
            #expect(error?.code == .pinExpired && error?.usedUpPINTry == false)
            #expect(error?.next?.localized == "Change it: etoken-bridge token change-pin SAST-FAKE")
        }
        #expect(card.record == nil && card.left == 3)
        #expect(card.tryPIN("Cisco124")?.code == .pinRefused)
        try card.token().changePIN(from: secret("Cisco123"), to: secret("Krakow-12"))
        #expect(card.tryPIN("Krakow-12") == nil)
    }

    // MARK: - Changing the PIN

    private func change(_ card: CountingCard, from old: String = "Cisco123", patience: Int = 30) -> TokenError? {
        do {
            try card.token(0, nil, patience: patience).changePIN(from: secret(old), to: secret("Krakow-12"))
            return nil
        } catch { return error as? TokenError }
    }

    @Test(arguments: [0xa1, 0xa2, 0x1c3])
    func whatIsWrongWithTheNewPINIsSaidOfTheNewOne(code: UInt) throws {
        let card = try card(15, .nothing, "return C_SetPIN 0 \(String(code, radix: 16))\n")
        let error = change(card)
        #expect(error?.code == .pinUnsuitable)
        #expect(error?.text.localized.hasPrefix("Token SAST-FAKE does not accept the new PIN: ") == true)
        #expect(error?.text.localized.contains("The current one still holds.") == true)
        // Whether the token looked at the current one is not known.
        #expect(card.record == "1\n" && error?.text.localized.contains("may have been used") == true)
    }

    @Test(arguments: [0x54, 0xe2, 0xb5])
    func aTokenThatForbidsTheChangeSaysSo(code: UInt) throws {
        let error = change(try card(15, "return C_SetPIN 0 \(String(code, radix: 16))\n"))
        #expect(error?.code == .failed)
        #expect(error?.text.localized.contains("does not let its PIN be changed here") == true)
        #expect(error?.text.localized.hasSuffix("A PIN attempt may have been used.") == true)
    }

    /// Codes of C_SetPIN after which either PIN may hold: the message says so, and so does the next prompt.
    @Test(arguments: [0x6, 0x30, 0x32, 0x8000_0001])
    func afterAFailureTheNewPINIsTheFirstToTry(code: UInt) throws {
        let card = try card(15, .nothing, "return C_SetPIN 0 \(String(code, radix: 16))\n")
        let error = change(card)
        #expect(error?.text.localized.contains("Whether the PIN was changed is not known.") == true)
        #expect(error?.next?.localized.contains("Try the new PIN first") == true)
        #expect(card.record == "1 changing\n")
        #expect(try card.token().pinHistory().warning?.localized.contains("The new PIN may hold already") == true)
        // The right one ends that.
        #expect(card.tryPIN("Cisco123") == nil && card.record == nil)
    }

    /// The new PIN was tried, as advised, and was not it.
    @Test func afterARefusalTheOldPINMayHold() throws {
        let card = try card(15, .nothing, "return C_SetPIN 0 30\n")
        _ = change(card)
        #expect(card.tryPIN("Krakow-12")?.code == .pinRefused)
        #expect(card.record == "2 changing-refused\n")
        let history = try card.token().pinHistory()
        #expect(history.warning?.localized.contains("If that was the new one, the old one still holds.") == true)
        #expect(history.refusal?.text.localized.contains("the old one still holds") == true)
    }

    /// What OpenSC returns for a wrong PIN of some cards: nothing leads to a second wrong one.
    @Test func aWrongPINOfOpenSCDoesNotLeadToTheNewOne() throws {
        let first = try card(15, .nothing, "wrong 101\n")
        let error = change(first, from: "Cisco124")
        #expect(error?.code == .pinRefused && error?.text.localized.contains("not known") == false)
        #expect(error?.next?.localized.contains("new PIN") != true && first.record == "1\n")
        let second = try card(15, .nothing, "wrong 5\n")
        let doubtful = change(second, from: "Cisco124")
        #expect(doubtful?.next?.localized.hasPrefix("Make sure of the current PIN first.") == true)
        #expect(second.record == "1 changing-failed\n")
        #expect(
            try second.token().pinHistory().warning?.localized.contains("most likely because the current PIN was wrong")
                == true)
    }

    @Test func afterAHangTheNewPINIsTheFirstToTry() throws {
        let card = try card(15, .nothing, "hang C_SetPIN\n")
        let error = change(card, patience: 1)
        #expect(error?.code == .noAnswer && error?.next?.localized.contains("Try the new PIN first") == true)
        #expect(card.record == "1 changing\n")
    }

    @Test(arguments: ["return C_Login 0 30\n", "return C_Login 0 a0\n", "return C_OpenSession 3 b1\n"])
    func ifTheProofFailsTheNewPINHolds(rule: String) throws {
        let card = try card(15, .nothing, rule)
        let error = change(card)
        #expect(card.pin == "Krakow-12")
        #expect(error?.text.localized.hasSuffix("The token has changed its PIN before: the new one holds.") == true)
        #expect(error?.next?.localized.contains("Use the new PIN") == true)
        #expect(card.record?.contains("changed") == true)
        #expect(try card.token(1).pinHistory().warning?.localized.contains("the new PIN holds") == true)
    }

    @Test func aWrongCurrentPINChangesNothing() throws {
        let card = try card(15, .nothing, "return C_SetPIN 0 a0\n")
        let error = change(card)
        #expect(error?.code == .pinRefused && error?.text.localized.hasSuffix("One PIN attempt has been used.") == true)
        #expect(card.record == "1\n")
    }
}

import Messages
import ServerFixtures
import Testing

@testable import Tokens

/// Names of tokens: brackets that belong to the label, and a card with two PINs.
@Suite(.waiting, .timeLimit(.minutes(5))) struct TwoSlots {
    /// Only OpenSC adds the name of a PIN to a label.
    @Test(arguments: [
        ("eToken (A)", "Token JC", "eToken (A)"), ("SAST-X (User PIN)", "", "SAST-X"),
        ("Card (Card PIN)", "PKCS#15", "Card"),
        ("Siemens Corporate ID Card (V8)", "Card", "Siemens Corporate ID Card (V8)"),
    ])
    func onlyTheNameOfAPINIsCutOff(label: String, model: String, plain: String) {
        #expect(TokenInfo(label: label, serialNumber: "1", model: model).plainLabel == plain)
    }

    /// One serial number in two slots: the full labels tell them apart, also in messages, and each can be chosen.
    @Test func aCardWithTwoPINsHasTwoNames() throws {
        let fake = try FakeModule("token X_(User_PIN) 0054f509 c\ntoken X_(Sign_PIN) 0054f509 c\ntoken Y 77 c\n")
        let finder = TokenFinder(modules: [fake.path], pins: fake.pins())
        let tokens = try finder.tokens()
        #expect(tokens.map(\.info.pinName) == ["X_(User_PIN)", "X_(Sign_PIN)", nil])
        for name in ["X_(Sign_PIN)", "x_(sign_pin)", "pkcs11:slot-id=1"] {
            #expect(try finder.token(named: name).info.slotID == 1)
        }
        let error = #expect(throws: TokenError.self) { try finder.token(named: "54F509") }
        #expect(error?.code == .ambiguous)
        #expect(
            error?.text.localized.contains("X_(User_PIN) (serial 0054f509), X_(Sign_PIN) (serial 0054f509)") == true)
        #expect(error?.next?.localized == "Specify one by its full label, with what is in brackets.")
        // They count as one card's PINs.
        try tokens[0].pinHistory().attempt().wasRefused()
        #expect(try tokens[1].pinHistory().wrongTries == 1 && tokens[2].pinHistory().wrongTries == 0)
    }

    @Test func tokensThatNothingTellsApartAreChosenBySlot() throws {
        let fake = try FakeModule("token X 1 c\ntoken X 1 c\n")
        let finder = TokenFinder(modules: [fake.path], pins: fake.pins())
        let error = #expect(throws: TokenError.self) { try finder.token(named: "X") }
        #expect(error?.text.localized.contains("X (serial 1), slot-id=0, X (serial 1), slot-id=1") == true)
        #expect(error?.next?.localized.contains("pkcs11:slot-id=0") == true)
        #expect(try finder.token(named: "pkcs11:slot-id=1").info.slotID == 1)
    }

    /// Of two spellings, the exact one wins.
    @Test func anExactNameComesFirst() throws {
        let fake = try FakeModule("token abc 1 c\ntoken ABC 2 c\ntoken 0001 3 c\n")
        let finder = TokenFinder(modules: [fake.path], pins: fake.pins())
        #expect(try finder.token(named: "ABC").info.serialNumber == "2")
        #expect(try finder.token(named: "1").info.label == "abc")
        #expect(try finder.token(named: "0001").info.serialNumber == "3")
        #expect(throws: TokenError.self) { try finder.token(named: "aBc") }
    }
}

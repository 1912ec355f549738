import Foundation
import Messages
import ServerFixtures
import Testing
import X509

@testable import Tokens

/// What counts as a wrong PIN, on a module that follows rules: every way to log in goes through the token's history.
@Suite(.waiting, .timeLimit(.minutes(10))) struct PINAttempts {
    private let fake: FakeModule
    private let token: Token
    private let stored: StoredCertificate
    private let rules: String

    init() throws {
        fake = try FakeModule()
        rules = FakeModule.healthy + "certificate \(try fake.makeCertificate())\n"
        fake.set(rules)
        token = try #require(try fake.module(tries: nil).tokens().first)
        stored = try token.certificate()
    }

    private var counted: Int { get throws { try token.pinHistory().wrongTries } }

    @discardableResult
    private func login(_ rule: String = "") -> TokenError? {
        fake.set(rules + rule)
        do {
            _ = try token.signer(for: stored) { _, _ in secret("Cisco124") }
            return nil
        } catch { return error as? TokenError }
    }

    @Test func twoWrongPINsAreTriedAndNoThird() throws {
        for tries in 1...2 {
            #expect(login("return C_Login 0 a0\n")?.code == .pinRefused)
            #expect(try counted == tries)
        }
        // Nor is the right one, now: the caller does not know that it is right.
        let refused = #expect(throws: TokenError.self) {
            try token.signer(for: stored) { _, _ in
                Issue.record("a PIN was asked for")
                return secret("Cisco123")
            }
        }
        #expect(refused?.code == .pinLocked && refused?.next != nil)
        #expect(throws: TokenError.self) { try token.checkLogin() }
        #expect(throws: TokenError.self) { try token.changePIN(from: secret("Cisco123"), to: secret("736284")) }
        #expect(fake.calls("C_Login") == 2 && fake.calls("C_SetPIN") == 0)
    }

    @Test func aRightPINEndsTheCount() throws {
        login("return C_Login 0 5\n")
        #expect(try counted == 1)
        #expect(login() == nil)
        #expect(try counted == 0)
    }

    /// The PIN was right, whatever fails after it.
    @Test func aRightPINCountsAsRightWhereThereIsNoKey() throws {
        login("return C_Login 0 a0\n")
        fake.set(rules + "nokey\n")
        let error = #expect(throws: TokenError.self) {
            try token.signer(for: stored) { _, history in
                #expect(history.wrongTries == 1)
                return secret("Cisco123")
            }
        }
        #expect(error?.code == .keyNotFound)
        #expect(try counted == 0)
    }

    /// A token to which this process is logged in already looks at no PIN.
    @Test func aPINThatWasNotLookedAtIsNeitherRightNorWrong() throws {
        login("return C_Login 0 a0\n")
        #expect(login("return C_Login 0 100\n") == nil)
        #expect(try counted == 1)
    }

    @Test func aLockIsRemembered() throws {
        #expect(login("return C_Login 0 a4\n")?.code == .pinLocked)
        #expect(try token.pinHistory().state == .locked)
        #expect(login()?.text.localized.contains("reported at the last login that its PIN is locked") == true)
        #expect(fake.calls("C_Login") == 1)
    }

    @Test func aModuleThatNeverReturnsKeepsTheTry() throws {
        #expect(login("hang C_Login\n")?.code == .noAnswer)
        #expect(PINRecord(token.info, in: token.module.pins).shown.count == 1)
    }

    /// Nothing was tried: the prompt was cancelled, another token is inserted, its flags forbid it, or it cannot sign.
    @Test func whatIsNoTryDoesNotCount() throws {
        struct Cancelled: Error {}
        #expect(throws: Cancelled.self) { try token.signer(for: stored) { _, _ in throw Cancelled() } }
        let exchanged = #expect(throws: TokenError.self) {
            try token.signer(for: stored) { _, _ in
                fake.set(rules + "sequence C_GetTokenInfo 1 99999999\n")
                return secret("Cisco123")
            }
        }
        #expect(exchanged?.code == .tokenNotFound)
        let final = FakeModule.initialized | 0x2_0000
        fake.set(rules.replacingOccurrences(of: "12345678 c", with: "12345678 " + String(final, radix: 16)))
        #expect(throws: TokenError.self) { try token.signer(for: stored) { _, _ in secret("Cisco123") } }
        #expect(throws: TokenError.self) { try token.changePIN(from: secret("Cisco123"), to: secret("736284")) }
        fake.set(rules.replacingOccurrences(of: " 2800", with: " 2000"))
        #expect(throws: TokenError.self) { try token.signer(for: stored) { _, _ in secret("Cisco123") } }
        #expect(fake.calls("C_Login") == 0 && fake.calls("C_SetPIN") == 0)
        #expect(try counted == 0)
    }

    @Test func aChangeOfThePINIsATry() throws {
        func change(_ rule: String = "") throws {
            fake.set(rules + rule)
            try token.changePIN(from: secret("Cisco124"), to: secret("736284"))
        }
        #expect(throws: TokenError.self) { try change("return C_SetPIN 0 a0\n") }
        #expect(try counted == 1 && fake.calls("C_Login") == 0)
        try change()
        #expect(try counted == 0)
        // The old one was right; the proof with the new one was not.
        #expect(throws: TokenError.self) { try change("return C_Login 0 a0\n") }
        #expect(try counted == 1)
    }

    /// With a PIN pad, the PIN is not seen here: it counts nevertheless.
    @Test func aPINPadIsCounted() throws {
        let pad = rules.replacingOccurrences(of: "12345678 c", with: "12345678 10c")
        fake.set(pad + "return C_Login 0 a0\n")
        let token = try #require(try fake.module(tries: nil).tokens().first)
        for _ in 1...3 {
            #expect(throws: TokenError.self) { try token.signer(for: stored) { _, _ in secret("none") } }
        }
        #expect(fake.calls("C_Login") == 2)
    }

    /// A key that requires a login for each signature may have its own PIN.
    @Test func aLoginForASignatureIsATry() throws {
        let module = try MockStore.module
        let token = try #require(try module.tokens().first { $0.info.label == MockStore.strictLabel })
        let history = try PINHistory(token.info, in: fake.pins(tries: nil)) { false }
        let session = try Session(token)
        try session.login(secret("Cisco123"), for: .user, history.attempt())
        let signer = try TokenSigner(
            token: token, session: session, stored: token.certificate(), mechanisms: token.signingMechanisms(),
            pin: secret("wrong-pin"), history: history)
        #expect(throws: TokenError.self) { try signer.sign([1, 2, 3], digest: .sha256) }
        #expect(history.wrongTries == 1)
        // The session accepts no more PINs, so this is not a try.
        #expect(throws: TokenError.self) { try signer.sign([1, 2, 3], digest: .sha256) }
        #expect(history.wrongTries == 1)
        // The right PIN clears the mark of the wrong one.
        _ = try token.signer(for: token.certificate()) { _, _ in secret("Cisco123") }
    }
}

import Foundation
import Messages
import Secrets
import ServerFixtures
import Testing
import X509

@testable import Tokens

/// What no real module here does, with a module that follows rules.
@Suite(.waiting, .timeLimit(.minutes(10))) struct FakeModuleTests {
    private let countLow = 0x1_0000
    private let finalTry = 0x2_0000
    private let locked = 0x4_0000
    private let pinPad = 0x100

    private func rules(flags: Int, _ extra: String = "") throws -> String {
        FakeModule.healthy.replacingOccurrences(
            of: "12345678 c", with: "12345678 " + String(FakeModule.initialized | flags, radix: 16)) + extra
    }

    private func ready(_ extra: String = "", flags: Int = 0) throws -> (fake: FakeModule, token: Token) {
        let fake = try FakeModule()
        let certificate = try fake.makeCertificate()
        fake.set(try rules(flags: flags, "certificate \(certificate)\n" + extra))
        return (fake, try #require(try fake.module().tokens().first))
    }

    @Test func aPINPadIsUsedWithoutAPIN() throws {
        let (fake, token) = try ready(flags: pinPad)
        #expect(token.info.hasPINPad)
        let signer = try token.signer(for: token.certificate()) { _, _ in
            Issue.record("a PIN was asked for")
            return secret("nothing")
        }
        #expect(fake.calls("PIN pad used") == 1 && fake.calls("PIN given") == 0)
        _ = signer
        try token.changePIN(from: nil, to: nil)
        #expect(fake.calls("C_SetPIN") == 1)
    }

    /// COUNT_LOW, then FINAL_TRY, then LOCKED, as reported by a careful token.
    @Test func theFlagsAreFollowedDownToTheLastTry() throws {
        let (fake, token) = try ready("return C_Login 0 a0\n")
        let stored = try token.certificate()
        func login() -> TokenError? {
            #expect(throws: TokenError.self) { try token.signer(for: stored) { _, _ in secret("wrong") } }
        }
        #expect(login()?.code == .pinRefused)
        let certificate = try fake.makeCertificate("other.der")
        for (flags, code) in [
            (countLow, TokenError.Code.pinRefused), (countLow | finalTry, .pinFinalTry), (locked, .pinLocked),
        ] {
            let before = fake.calls("C_Login")
            fake.set(try rules(flags: flags, "certificate \(certificate)\nreturn C_Login 0 a0\n"))
            #expect(login()?.code == code)
            #expect(fake.calls("C_Login") - before == (code == .pinRefused ? 1 : 0))
        }
    }

    /// The flag is set while the user types.
    @Test func aTryUsedElsewhereMeanwhileIsSeen() throws {
        let (fake, token) = try ready()
        let stored = try token.certificate()
        let certificate = try fake.makeCertificate("other.der")
        let error = #expect(throws: TokenError.self) {
            try token.signer(for: stored) { _, _ in
                fake.set(try rules(flags: finalTry, "certificate \(certificate)\n"))
                return secret("Cisco123")
            }
        }
        #expect(error?.code == .pinFinalTry && fake.calls("C_Login") == 0)
    }

    @Test func anExchangedTokenGetsNoPIN() throws {
        let (fake, token) = try ready()
        let stored = try token.certificate()
        let certificate = try fake.makeCertificate("other.der")
        let error = #expect(throws: TokenError.self) {
            try token.signer(for: stored) { _, _ in
                fake.set(
                    try rules(flags: 0, "certificate \(certificate)\nsequence C_GetTokenInfo 1 99999999\n"))
                return secret("Cisco123")
            }
        }
        #expect(error?.code == .tokenNotFound && fake.calls("C_Login") == 0)
    }

    /// Any failure of C_Login is a used try, and the code is reported.
    @Test(arguments: [0x5, 0x6, 0x30, 0xa0, 0xa1, 0xa2, 0x101, 0x102, 0x104, 0x8000_0001])
    func anyFailureOfALoginCounts(code: UInt) throws {
        let (fake, token) = try ready("return C_Login 0 \(String(code, radix: 16))\n")
        let error = #expect(throws: TokenError.self) {
            try token.signer(for: token.certificate()) { _, _ in secret("Cisco123") }
        }
        #expect(error?.code == .pinRefused && error?.returnValue?.rawValue == code && error?.usedUpPINTry == true)
        #expect(fake.calls("C_Login") == 1)
        #expect(fake.calls("C_OpenSession") == fake.calls("C_CloseSession"))
    }

    @Test func aMechanismThatOnlyVerifiesIsNotUsed() throws {
        let fake = try FakeModule()
        let certificate = try fake.makeCertificate()
        // SHA1_RSA_PKCS only verifies; RSA_PKCS signs.
        fake.set(
            """
            token SAST-FAKE 12345678 c
            mechanism 6 2000
            mechanism 1 800
            certificate \(certificate)

            """)
        let token = try #require(try fake.module().tokens().first)
        let signer = try token.signer(for: token.certificate()) { _, _ in secret("Cisco123") }
        #expect(try signer.method(for: .sha1) == .digestHere)
    }

    @Test func aTokenThatSignsNothingIsNotLoggedInTo() throws {
        let fake = try FakeModule()
        let certificate = try fake.makeCertificate()
        fake.set("token SAST-FAKE 12345678 c\nmechanism 6 2000\ncertificate \(certificate)\n")
        let token = try #require(try fake.module().tokens().first)
        let error = #expect(throws: TokenError.self) {
            try token.signer(for: token.certificate()) { _, _ in secret("Cisco123") }
        }
        #expect(error?.code == .mechanismMissing && fake.calls("C_Login") == 0)
    }

    @Test(arguments: [64, 128])
    func aSignatureThatDoesNotVerifyIsRefused(length: Int) throws {
        let (fake, token) = try ready("signature \(length)\n")
        let signer = try token.signer(for: token.certificate()) { _, _ in secret("Cisco123") }
        let error = #expect(throws: TokenError.self) { try signer.sign([1, 2, 3], digest: .sha1) }
        #expect(error?.code == .badSignature && fake.calls("C_Sign") == 1)
    }

    @Test func aBrokenSlotAndABrokenCertificateHideNothing() throws {
        let fake = try FakeModule()
        let good = try fake.makeCertificate()
        let broken = fake.write("broken.der", [0x30, 0x03, 1, 2, 3])
        fake.set(
            FakeModule.healthy
                + "token SAST-DEAD 2 c\ncertificate \(broken)\ncertificate \(good)\nreturn C_GetTokenInfo/1 0 30\n")
        let finder = TokenFinder(modules: [fake.path], pins: fake.pins())
        let (tokens, failures) = try finder.scan()
        #expect(tokens.map(\.info.label) == ["SAST-FAKE"])
        #expect(failures.count == 1 && failures[0].text.localized.contains("Fake reader 1"))
        let contents = try tokens[0].contents()
        #expect(contents.certificates.count == 1 && contents.unreadable.count == 1)
        #expect(try tokens[0].certificate().certificate.subject.value(of: "CN") == "SAST-FAKE")
    }

    @Test func aTokenThatTwoModulesKnowIsListedOnce() throws {
        let first = try FakeModule("token SAST-FAKE 00ab12 c\n")
        let second = try FakeModule("token SAST-FAKE AB12 c\ntoken SAST-OTHER 77 c\n")
        let tokens = try TokenFinder(modules: [first.path, second.path], pins: first.pins()).tokens()
        #expect(tokens.map(\.info.label) == ["SAST-FAKE", "SAST-OTHER"])
        #expect(tokens[0].module.path == first.path)
    }

    /// One module that hangs, wherever it does, delays the others no longer than its deadline.
    @Test(arguments: ["C_Initialize", "C_GetSlotList", "C_GetTokenInfo"])
    func aModuleThatHangsIsSaidAndHidesNoOther(function: String) throws {
        let hung = try FakeModule(FakeModule.healthy + "hang \(function)\n")
        let good = try FakeModule("token SAST-OTHER 77 c\n")
        let (tokens, failures) = try TokenFinder(modules: [hung.path, good.path], pins: good.pins(), patience: 1).scan()
        #expect(tokens.map(\.info.label) == ["SAST-OTHER"])
        #expect(failures.map(\.code) == [.noAnswer])
    }

    /// A module is loaded, asked, read and ended by one thread: each other one might have to wait for a processor.
    @Test func aModuleIsReadByOneThread() throws {
        let fake = try FakeModule()
        let certificate = try fake.makeCertificate()
        fake.set(FakeModule.healthy + "token SAST-OTHER 77 c\ncertificate \(certificate)\n")
        do {
            let finder = TokenFinder(modules: [fake.path], pins: fake.pins())
            let (readings, failures) = try finder.readings()
            #expect(readings.map(\.token.info.label) == ["SAST-FAKE", "SAST-OTHER"] && failures.isEmpty)
            #expect(try readings.map { try $0.contents.get().certificates.count } == [1, 1])
            // What was loaded for that is asked again.
            #expect(
                try finder.scan().tokens.count == 2 && finder.token(named: TokenName("SAST-OTHER")).info.label != "")
        }
        #expect(fake.threads == 1 && fake.calls("C_Initialize") == 1 && fake.calls("C_Finalize") == 1)
        #expect(fake.calls("C_OpenSession") == fake.calls("C_CloseSession"))
    }

    /// Tokens that were read before one hangs are there, and those after it are named.
    @Test(arguments: [(2, ["SAST-FAKE"]), (1, [])])
    func aTokenThatHangsDoesNotTakeWhatWasReadBefore(session: Int, read: [String]) throws {
        let hung = try FakeModule(
            FakeModule.healthy + "token SAST-OTHER 77 c\ntoken SAST-THIRD 78 c\nhang C_OpenSession \(session)\n")
        let (readings, failures) = try TokenFinder(modules: [hung.path], pins: hung.pins(), patience: 1).readings()
        #expect(readings.map(\.token.info.label) == ["SAST-FAKE", "SAST-OTHER", "SAST-THIRD"] && failures.isEmpty)
        for (token, contents) in readings {
            guard !read.contains(token.info.label) else {
                #expect(try contents.get().certificates.isEmpty)
                continue
            }
            let error = #expect(throws: TokenError.self) { try contents.get() }
            #expect(error?.code == .noAnswer && error?.text.localized.contains(token.info.label) == true)
        }
        #expect(PKCS11Module.anyHangs && hung.calls("C_OpenSession") == session)
    }

    @Test func severalModulesAreReadAsOne() throws {
        let first = try FakeModule("token SAST-FAKE 00ab12 c\n")
        let second = try FakeModule("token SAST-FAKE AB12 c\ntoken SAST-OTHER 77 c\n")
        let hung = try FakeModule(FakeModule.healthy + "hang C_GetSlotList\n")
        let (readings, failures) = try TokenFinder(
            modules: [first.path, hung.path, second.path], pins: first.pins(), patience: 1
        ).readings()
        #expect(readings.map(\.token.info.label) == ["SAST-FAKE", "SAST-OTHER"])
        #expect(readings.allSatisfy { (try? $0.contents.get()) != nil } && failures.map(\.code) == [.noAnswer])
        // The token that two modules know is read by one of them.
        #expect(first.calls("C_OpenSession") == 1 && second.calls("C_OpenSession") == 1)
    }

    /// An abandoned module is not called again, whatever is requested.
    @Test func aModuleThatHungIsLeftAlone() throws {
        let fake = try FakeModule()
        let certificate = try fake.makeCertificate()
        fake.set(FakeModule.healthy + "certificate \(certificate)\n")
        let token = try #require(try fake.module(patience: 1).tokens().first)
        let signer = try token.signer(for: token.certificate()) { _, _ in secret("Cisco123") }
        fake.set(FakeModule.healthy + "hang C_Sign\n")
        for _ in 0..<2 {
            let error = #expect(throws: TokenError.self) { try signer.sign([1], digest: .sha1) }
            #expect(error?.code == .noAnswer)
        }
        #expect(throws: TokenError.self) { try token.contents() }
        #expect(fake.calls("C_Sign") == 1 && fake.calls("C_Logout") == 0)
    }

    @Test(arguments: ["8192", "99999999", "18446744073709551615"])
    func anAttributeOfAnyAnnouncedLengthIsSafe(length: String) throws {
        let fake = try FakeModule()
        let certificate = try fake.makeCertificate()
        fake.set(FakeModule.healthy + "certificate \(certificate)\nattribute \(length)\n")
        let token = try #require(try fake.module().tokens().first)
        do throws(TokenError) {
            #expect(try token.contents().certificates.count == (length.count > 8 ? 0 : 1))
        } catch {
            #expect(error.code == .failed && error.text.localized.contains("announces"))
        }
    }

    @Test func theModuleIsEndedByItsLastOwner() throws {
        let fake = try FakeModule()
        do {
            let first = try fake.module()
            do {
                let second = try fake.module()
                #expect(try second.tokens().count == 1)
            }
            #expect(fake.calls("C_Finalize") == 0)
            #expect(try first.tokens().count == 1)
        }
        #expect(fake.calls("C_Initialize") == 1 && fake.calls("C_Finalize") == 1)
    }

    /// A module that something else in this process initialised is not finalised here.
    @Test func aModuleOfOthersIsNotEnded() throws {
        let fake = try FakeModule(FakeModule.healthy + "return C_Initialize 0 191\n")
        do { #expect(try fake.module().tokens().count == 1) }
        #expect(fake.calls("C_Finalize") == 0)
    }

    /// Every code in the header has its name and a sentence with its own meaning.
    @Test func everyReturnValueHasASentence() throws {
        let header = try String(contentsOfFile: "/usr/include/p11-kit-1/p11-kit/pkcs11.h", encoding: .utf8)
        var count = 0
        for line in header.split(separator: "\n") where line.hasPrefix("#define CKR_") {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 3 else { continue }
            let digits = words[2].drop { $0 == "(" }.prefix { $0.isHexDigit || $0 == "x" }
            guard
                let value = UInt(
                    digits.hasPrefix("0x") ? digits.dropFirst(2) : digits, radix: digits.hasPrefix("0x") ? 16 : 10),
                value < 0x8000_0000
            else { continue }
            #expect(ReturnValue(rawValue: value).name == words[1])
            #expect(
                ReturnValue(rawValue: value).sentence.localized != "not an error code of the standard", "\(words[1])")
            count += 1
        }
        #expect(count > 80)
    }
}

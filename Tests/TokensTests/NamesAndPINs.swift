import CPKCS11
import Foundation
import Messages
import Secrets
import Testing

@testable import Tokens

@Suite(.timeLimit(.minutes(5))) struct NamesAndPINs {
    @Test func urisAreRead() throws {
        let uri = try TokenURI(
            "pkcs11:token=SAST-ADN008580ef;serial=12ab;manufacturer=Cisco%20Systems;id=%01%ff;object=my%3Bkey;type=cert?pin-source=file:/run/pin&module-path=/usr/lib/libeToken.so"
        )
        #expect(uri.token == "SAST-ADN008580ef")
        #expect(uri.serial == "12ab")
        #expect(uri.manufacturer == "Cisco Systems")
        #expect(uri.id == [1, 255])
        #expect(uri.object == "my;key")
        #expect(uri.pinSource == "/run/pin")
        #expect(uri.modulePath == "/usr/lib/libeToken.so")
        #expect(try TokenURI("PKCS11:?pin-source=file:///run/pin").pinSource == "/run/pin")
        #expect(try TokenURI("pkcs11:").token == nil)
        #expect(try TokenURI("pkcs11:x-vendor=1;token=a").token == "a")
        #expect(try TokenURI("pkcs11:token=a&b?pin-source=/run/a?b").token == "a&b")
        #expect(try TokenURI("pkcs11:token=a?pin-source=file://localhost/run/pin").pinSource == "/run/pin")
        #expect(try TokenURI("pkcs11:slot-id=17;slot-description=Reader%2000").slotID == 17)
        #expect(try TokenURI("pkcs11:token=B%C3%BCro").token == "Büro")
        #expect(try TokenURI("pkcs11:id=%00%FF%80").id == [0, 255, 128])
    }

    @Test(arguments: [
        "", "token=a", "pkcs11", "pkcs11:token", "pkcs11:=a", "pkcs11:token=a;token=b", "pkcs11:token=a b",
        "pkcs11:token=%4", "pkcs11:token=%zz", "pkcs11:token=a;", "pkcs11:token=a?x", "pkcs11:type=data",
        "pkcs11:token=a#b", "pkcs11:token=%+1", "pkcs11:token=%-0", "pkcs11:token=%ff", "pkcs11:token=a%00b",
        "pkcs11:token=a/b", "pkcs11:token=a?pin-source=", "pkcs11:?module-path=", "pkcs11:token=a?x-a=1&x-a=1",
        "pkcs11:slot-id=", "pkcs11:slot-id=-1", "pkcs11:slot-id=99999999999999999999", "pkcs11:token=a?pin-source=a;b",
        "pkcs11:token=a?pin-source=file://elsewhere/pin",
        // What is not understood could have specified another token.
        "pkcs11:tokn=a", "pkcs11:Token=a", "pkcs11:library-description=a", "pkcs11:token=a?module-name=a",
    ])
    func badURIsAreRefused(text: String) {
        let error = #expect(throws: TokenError.self) { try TokenURI(text) }
        #expect(error?.code == .badURI)
    }

    @Test func aPINInAURIIsRefusedWithoutRepeatingIt() {
        for text in [
            "pkcs11:token=a?pin-value=Cisco123", "pkcs11:token=a;pin-value=Cisco123", "pkcs11:PIN=Cisco123",
            "pkcs11:token=a?pin-vlaue=Cisco123", "pkcs11:token=a?Cisco123", "pkcs11:token=a?pin-source=a&=Cisco123",
        ] {
            let error = #expect(throws: TokenError.self) { try TokenURI(text) }
            #expect(error.map { !"\($0)".contains("Cisco123") && !$0.subject.contains("Cisco123") } == true)
        }
    }

    @Test func labelsWithSuffixMatch() throws {
        let info = TokenInfo(label: "SAST-ADN008580ef (User PIN)", serialNumber: "1")
        #expect(info.plainLabel == "SAST-ADN008580ef")
        #expect(TokenInfo(label: "Spare (box 2) (User PIN)", serialNumber: "1").plainLabel == "Spare (box 2)")
        #expect(TokenInfo(label: " (User PIN)", serialNumber: "1").plainLabel == " (User PIN)")
        #expect(try TokenURI("pkcs11:token=SAST-ADN008580ef").matches(info))
        #expect(try !TokenURI("pkcs11:token=SAST-ADN008580ef;serial=2").matches(info))
    }

    @Test(
        arguments: [
            (0, PINState.notInitialized), (CKF_USER_PIN_INITIALIZED, .ready),
            (CKF_USER_PIN_INITIALIZED | CKF_USER_PIN_COUNT_LOW, .countLow),
            (CKF_USER_PIN_INITIALIZED | CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY, .finalTry),
            (CKF_USER_PIN_INITIALIZED | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED, .locked),
        ] as [(UInt, PINState)])
    func flagsTellThePINState(flags: UInt, state: PINState) {
        #expect(PINState(flags: CK_FLAGS(flags)) == state)
    }

    @Test func loginIsRefusedBeforeItCouldLock() {
        func code(_ state: PINState) -> TokenError.Code? {
            do {
                try state.checkLogin(to: "token")
                return nil
            } catch { return error.code }
        }
        #expect(code(.ready) == nil)
        #expect(code(.countLow) == nil)
        #expect(code(.finalTry) == .pinFinalTry)
        #expect(code(.locked) == .pinLocked)
        #expect(code(.notInitialized) == .pinMissing)
    }

    /// Wherever it is, the message says why not.
    @Test(arguments: ["pkcs11:token=a?pin-value=Cisco123", "pkcs11:token=a;pin-value=Cisco123"])
    func aPINInAURIIsRefusedForWhatItIs(uri: String) {
        let error = #expect(throws: TokenError.self) { try TokenURI(uri) }
        #expect(
            error?.text.localized.contains(
                "pin-value is refused, because every user of this machine can see a PIN in an argument") == true)
    }

    @Test func whatATokenSaysCannotSteerTheTerminal() {
        #expect(TokenInfo.printable(Array("a\u{1b}[2Jb\u{9b}c\n".utf8)) == #"a\u{1B}[2Jb\u{9B}c\u{A}"#)
        #expect(TokenInfo.printable([0x42, 0xff]) == "B\u{FFFD}")
        #expect(TokenInfo.printable(Array("Büro 2".utf8)) == "Büro 2")
    }

    /// Each code declared in the standard's header, by its name there.
    @Test func everyReturnValueOfTheHeaderIsKnown() throws {
        let header = try String(contentsOfFile: "/usr/include/p11-kit-1/p11-kit/pkcs11.h", encoding: .utf8)
        let codes = header.matches(of: /#define (CKR_[A-Z_]+)\s+\(?(0x[0-9a-fA-F]+|\d+)UL/).map { match in
            let digits = match.2.hasPrefix("0x") ? match.2.dropFirst(2) : match.2
            return (name: String(match.1), value: UInt(digits, radix: match.2.hasPrefix("0x") ? 16 : 10)!)
        }
        #expect(codes.count > 80)
        for code in codes where code.value < 0x8000_0000 {
            #expect(ReturnValue(rawValue: code.value).name == code.name)
            #expect(ReturnValue(rawValue: code.value).sentence != ReturnValue(rawValue: 0x7777).sentence)
        }
    }

    @Test func everyReturnValueHasASentence() {
        #expect(ReturnValue(rawValue: 0xa0).name == "CKR_PIN_INCORRECT")
        #expect(ReturnValue(rawValue: 0x8000_1234).name == "0x80001234")
        #expect(!ReturnValue(rawValue: 0x7777).sentence.localized.isEmpty)
    }

    @Test func secretsAreReadAndNeverShown() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func file(_ content: String, mode: Int = 0o600) throws -> String {
            let path = folder.appendingPathComponent(UUID().uuidString).path
            try #require(
                FileManager.default.createFile(
                    atPath: path, contents: Data(content.utf8), attributes: [.posixPermissions: mode]))
            return path
        }
        let secret = try Secret.read(file: file("Cisco123\r\nsecond line"))
        #expect(secret.withBytes { Array($0) } == Array("Cisco123".utf8))
        #expect("\(secret)" == "(secret)")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!dumped.contains("67"))
        for bad in [try file(""), try file("\n"), try file("a\0b"), try file("Cisco123", mode: 0o644), "/nowhere"] {
            let error = #expect(throws: SecretError.self) { try Secret.read(file: bad) }
            #expect(error.map { !"\($0)".contains("Cisco123") } == true)
        }
    }
}

import CPKCS11
import Foundation
import Secrets
import Testing

@testable import Tokens

@Suite struct NamesAndPINs {
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
    }

    @Test(arguments: [
        "", "token=a", "pkcs11", "pkcs11:token", "pkcs11:=a", "pkcs11:token=a;token=b", "pkcs11:token=a b",
        "pkcs11:token=%4", "pkcs11:token=%zz", "pkcs11:token=a;", "pkcs11:token=a?x", "pkcs11:type=data",
        "pkcs11:token=a#b",
    ])
    func badURIsAreRefused(text: String) {
        let error = #expect(throws: TokenError.self) { try TokenURI(text) }
        #expect(error?.code == .badURI)
    }

    @Test func aPINInAURIIsRefusedWithoutRepeatingIt() {
        let error = #expect(throws: TokenError.self) { try TokenURI("pkcs11:token=a?pin-value=Cisco123") }
        #expect(error.map { !"\($0)".contains("Cisco123") && !$0.subject.contains("Cisco123") } == true)
    }

    @Test func labelsWithSuffixMatch() throws {
        let info = TokenInfo(label: "SAST-ADN008580ef (User PIN)", serialNumber: "1")
        #expect(info.plainLabel == "SAST-ADN008580ef")
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

    @Test func everyReturnValueHasASentence() {
        #expect(ReturnValue(rawValue: 0xa0).name == "CKR_PIN_INCORRECT")
        #expect(ReturnValue(rawValue: 0x8000_1234).name == "0x80001234")
        #expect(!ReturnValue(rawValue: 0x7777).sentence.isEmpty)
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

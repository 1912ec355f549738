import Basics
import Foundation
import Messages
import Secrets
import ServerFixtures
import Testing
import X509

@testable import Tokens

/// On real SoftHSM. Serialized: wrong PINs leave a mark on the token that other tests would see.
@Suite(.waiting, .timeLimit(.minutes(10)), .serialized) struct SoftHSMTests {
    func token(_ label: String) throws -> Token {
        try #require(try MockStore.module.tokens().first { $0.info.label == label })
    }

    @Test func listsTheTokensWithTrimmedLabels() throws {
        let tokens = try MockStore.module.tokens()
        #expect(Set(tokens.map(\.info.label)) == MockStore.labels && tokens.count == 3)
        #expect(tokens.allSatisfy { $0.info.serialNumber.count == 16 && $0.info.pin == .ready && !$0.info.hasPINPad })
    }

    @Test func readsTheCertificateThatCiscoWouldName() throws {
        let stored = try token("SAST-ADN008580ef").certificate()
        #expect(
            stored.certificate.subject.rendered(.token) == "cn=\"SAST-ADN008580ef        \";ou=IPCBU;o=\"Cisco Systems")
        #expect(stored.certificate.issuer.rendered(.token) == "cn=Cisco Manufacturing CA;o=Cisco Systems")
        #expect(stored.certificate.serialNumber.hex == "83e9080000005545af31")
        #expect(stored.certificate.publicKey.bits == 2048)
    }

    @Test func twoCertificatesAreAnErrorThatTheURISolves() throws {
        let token = try token("SAST-ADN0054f509")
        let error = #expect(throws: TokenError.self) { try token.certificate() }
        #expect(error?.code == .ambiguous)
        #expect(error?.text.localized.contains("id=%01, object \"SAST-ADN0054f509\", serial 3C:F9:27") == true)
        #expect(error?.text.localized.contains("id=%02") == true)
        let first = try token.certificate(matching: TokenURI("pkcs11:token=SAST-ADN0054f509;id=%01"))
        #expect(first.certificate.publicKey.bits == 1024)
        let none = #expect(throws: TokenError.self) { try token.certificate(matching: TokenURI("pkcs11:id=%09")) }
        #expect(none?.code == .certificateNotFound)
    }

    /// Both keys, all digests, both ways of hashing; checked by libcrypto here and by the openssl program as a peer.
    @Test(
        arguments: ["pkcs11:token=SAST-ADN0054f509;id=%01", "pkcs11:token=SAST-ADN008580ef"], DigestAlgorithm.allCases)
    func signs(uri: String, digest: DigestAlgorithm) throws {
        let uri = try TokenURI(uri)
        let token = try token(try #require(uri.token))
        let stored = try token.certificate(matching: uri)
        let signer = try token.signer(for: stored) { _, _ in secret("Cisco123") }
        let message = Array("a trust list, to be".utf8)
        #expect(try signer.method(for: digest) == .digestOnToken)
        for method in [TokenSigner.Method.digestOnToken, .digestHere] {
            let signature = try signer.sign(message, digest: digest, by: method)
            #expect(try stored.certificate.publicKey.isValid(signature: signature, message: message, digest: digest))
            #expect(try opensslAccepts(signature, message, digest, stored.certificate))
        }
    }

    private func opensslAccepts(
        _ signature: [UInt8], _ message: [UInt8], _ digest: DigestAlgorithm, _ certificate: Certificate
    ) throws -> Bool {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func file(_ name: String, _ bytes: [UInt8]) throws -> String {
            let url = folder.appendingPathComponent(name)
            try Data(bytes).write(to: url)
            return url.path
        }
        let certificateFile = try file("certificate.pem", Array(certificate.pem.utf8))
        let key = try MockStore.run("openssl", ["x509", "-in", certificateFile, "-noout", "-pubkey"])
        let names: [DigestAlgorithm: String] = [.sha1: "-sha1", .sha256: "-sha256", .sha512: "-sha512"]
        let answer = try MockStore.run(
            "openssl",
            [
                "dgst", names[digest]!, "-verify", try file("key.pem", Array(key.utf8)), "-signature",
                try file("signature", signature), try file("message", message),
            ])
        return answer.contains("Verified OK")
    }

    @Test func aWrongPINIsTriedOnceAndShows() throws {
        let before = try token("SAST-ADN008580ef")
        let stored = try before.certificate()
        #expect(before.info.pin == .ready)
        var asked = 0
        let error = #expect(throws: TokenError.self) {
            try before.signer(for: stored) { _, _ in
                asked += 1
                return secret("wrong-pin")
            }
        }
        #expect(asked == 1)
        #expect(error?.code == .pinRefused && error?.returnValue?.name == "CKR_PIN_INCORRECT")
        #expect(error.map { !"\($0)".contains("wrong-pin") } == true)
        #expect(try token("SAST-ADN008580ef").info.pin == .countLow)
        // The right PIN is accepted, and clears the mark.
        _ = try before.signer(for: stored) { info, _ in
            #expect(info.pin == .countLow)
            return secret("Cisco123")
        }
        #expect(try token("SAST-ADN008580ef").info.pin == .ready)
    }

    @Test func tokensAreFoundByNameSerialAndURI() throws {
        let finder = try TokenFinder(modules: [MockStore.module.path], pins: MockStore.pins)
        let token = try finder.token(named: "SAST-ADN008580ef")
        #expect(try finder.token(named: token.info.serialNumber).info == token.info)
        #expect(try finder.token(named: "pkcs11:token=SAST-ADN008580ef;model=SoftHSM%20v2").info == token.info)
        let missing = #expect(throws: TokenError.self) { try finder.token(named: "SAST-ADN00000000") }
        #expect(missing?.code == .tokenNotFound)
        #expect(missing?.text.localized.contains("SAST-ADN0054f509") == true)
        let slot = try finder.token(named: "pkcs11:slot-id=\(token.info.slotID)")
        #expect(slot.info == token.info)
        #expect(throws: TokenError.self) { try finder.token(named: "pkcs11:token=SAST-ADN008580ef;slot-id=4294967295") }
        let both = #expect(throws: TokenError.self) { try finder.token(named: "pkcs11:model=SoftHSM%20v2") }
        #expect(both?.code == .ambiguous)
    }

    @Test func theSearchFindsRegisteredModules() throws {
        _ = try MockStore.module
        let paths = ModuleSearch.candidates()
        #expect(paths.contains { $0.hasSuffix("libsofthsm2.so") })
        #expect(paths.contains { $0.hasSuffix("opensc-pkcs11.so") })
        #expect(!paths.contains { $0.contains("p11-kit-trust") })
    }

    @Test func badModulesAreNamed() {
        func code(_ path: String) -> TokenError.Code? {
            do {
                _ = try PKCS11Module(path: path, pins: MockStore.pins)
                return nil
            } catch { return error.code }
        }
        #expect(code("/nowhere/module.so") == .moduleNotFound)
        #expect(code("/etc/passwd") == .moduleNotUsable)
        #expect(code("libc.so.6") == .moduleNotUsable)
    }
}

import Basics
import CPKCS11
import Foundation
import Messages
import Secrets
import ServerFixtures
import Testing
import X509

@testable import Tokens

extension SoftHSMTests {
    /// What pkcs11-tool and openssl say about the same token, as independent readers.
    @Test func certificatesAreWhatOtherProgramsRead() throws {
        _ = try MockStore.module
        let authority = try MockStore.folder + "/cisco-manufacturing-ca.pem"
        for label in ["SAST-ADN0054f509", "SAST-ADN008580ef"] {
            let ours = try token(label).certificate(matching: TokenURI("pkcs11:id=%01")).certificate
            let file = try MockStore.folder + "/\(label).der"
            _ = try MockStore.run(
                "pkcs11-tool",
                [
                    "--module", MockStore.module.path, "--token-label", label, "--read-object", "--type", "cert",
                    "--id", "01", "--output-file", file,
                ])
            #expect(try Array(Data(contentsOf: URL(fileURLWithPath: file))) == ours.der)
            let text = try MockStore.run(
                "openssl",
                ["x509", "-inform", "DER", "-in", file, "-noout", "-serial", "-dates", "-fingerprint", "-sha1"])
            #expect(text.contains("serial=\(ours.serialNumber.hex.uppercased())"))
            #expect(text.contains("Fingerprint=\(ours.sha1.colonHex.uppercased())"))
            #expect(text.contains("notBefore=Jan  1 00:00:00 2014") && text.contains("notAfter=Jan  1 00:00:00 2034"))
            // Issued by the mock CA; RSA-1024 and SHA-1 are below what openssl accepts by default.
            let pem = try MockStore.folder + "/\(label).pem"
            _ = try MockStore.run("openssl", ["x509", "-inform", "DER", "-in", file, "-out", pem])
            let verified = try MockStore.run("openssl", ["verify", "-auth_level", "0", "-CAfile", authority, pem])
            #expect(verified.contains(": OK"))
        }
    }

    @Test func theStoreIsClosedToOthersAndItsKeysStayInside() throws {
        _ = try MockStore.module
        for name in ["", "/pin", "/env", "/softhsm2.conf", "/tokens"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: MockStore.folder + name)
            #expect(try #require(attributes[.posixPermissions] as? Int) & 0o077 == 0)
        }
        let token = try token("SAST-ADN008580ef")
        let session = try Session(token)
        try session.login(secret("Cisco123"), for: .user, token.pinHistory().attempt())
        let key = try #require(
            try session.find([AttributeValue(UInt(CKA_CLASS), number: UInt(CKO_PRIVATE_KEY))]).first)
        #expect(try session.attribute(UInt(CKA_SENSITIVE), of: key) == [1])
        #expect(try session.attribute(UInt(CKA_EXTRACTABLE), of: key) == [0])
        let error = #expect(throws: TokenError.self) { try session.attribute(UInt(CKA_PRIVATE_EXPONENT), of: key) }
        #expect(error?.returnValue?.name == "CKR_ATTRIBUTE_SENSITIVE" && error?.function == .getAttributeValue)
    }

    @Test func theMockRefusesAFolderInUse() throws {
        _ = try MockStore.module
        let error = #expect(throws: ChildProcess.Failure.self) {
            try MockStore.run(Programs.script("mock-tokens"), [MockStore.folder])
        }
        #expect(error?.description.contains("is not an empty folder") == true)
    }

    /// CKA_ALWAYS_AUTHENTICATE: SoftHSM refuses C_Sign here without a separate login.
    @Test func aKeyThatWantsALoginForEachSignatureGetsIt() throws {
        let token = try token(MockStore.strictLabel)
        let stored = try token.certificate()
        var asked = 0
        let signer = try token.signer(for: stored) { _, _ in
            asked += 1
            return secret("Cisco123")
        }
        let message = Array("signed twice".utf8)
        for digest in [DigestAlgorithm.sha1, .sha256] {
            let signature = try signer.sign(message, digest: digest)
            #expect(try stored.certificate.publicKey.isValid(signature: signature, message: message, digest: digest))
        }
        #expect(asked == 1)
    }

    @Test func aRefusedLoginForASignatureIsNotRepeated() throws {
        let token = try token(MockStore.strictLabel)
        let stored = try token.certificate()
        do {
            let session = try Session(token)
            try session.login(secret("Cisco123"), for: .user, token.pinHistory().attempt())
            let signer = try TokenSigner(
                token: token, session: session, stored: stored, mechanisms: token.signingMechanisms(),
                pin: secret("wrong-pin"), history: token.pinHistory())
            let first = #expect(throws: TokenError.self) { try signer.sign([1, 2, 3], digest: .sha256) }
            #expect(first?.code == .pinRefused && first?.returnValue?.name == "CKR_PIN_INCORRECT")
            let second = #expect(throws: TokenError.self) { try signer.sign([1, 2, 3], digest: .sha256) }
            #expect(second?.code == .pinRefused)
            // No function was called for it.
            #expect(second?.function == nil)
        }
        // The right PIN clears the mark of the wrong one.
        _ = try token.signer(for: stored) { _, _ in secret("Cisco123") }
    }

    @Test func noPINIsAskedForWhereSigningIsImpossible() throws {
        let token = try token("SAST-ADN008580ef")
        let folder = try MockStore.folder + "/elliptic"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let certificate = try MockStore.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                folder + "/key.pem", "-subj", "/CN=elliptic", "-days", "30",
            ])
        let stored = StoredCertificate(certificate: try Certificate(pem: certificate), id: [1], label: "")
        let error = #expect(throws: TokenError.self) {
            try token.signer(for: stored) { _, _ in
                Issue.record("a PIN was asked for")
                return secret("Cisco123")
            }
        }
        #expect(error?.code == .mechanismMissing)
        #expect(try token.currentInfo().pin == .ready)
    }

    @Test func aCertificateWithoutItsKeyIsSaid() throws {
        let token = try token("SAST-ADN008580ef")
        let other = try self.token("SAST-ADN0054f509").certificate(matching: TokenURI("pkcs11:id=%01")).certificate
        for id: [UInt8] in [[9], [1]] {
            let stored = StoredCertificate(certificate: other, id: id, label: "")
            let error = #expect(throws: TokenError.self) {
                try token.signer(for: stored) { _, _ in secret("Cisco123") }
            }
            #expect(error?.code == .keyNotFound)
            #expect(error?.text.localized.hasSuffix("is that of another certificate.") == (id == [1]))
        }
        try expectNoSession(on: token)
    }

    /// Some programs write certificates with an id of their own.
    @Test func theKeyIsFoundByItsModulusIfTheIDsDiffer() throws {
        let token = try token("SAST-ADN008580ef")
        let stored = StoredCertificate(
            certificate: try token.certificate().certificate, id: [9], label: "")
        let signer = try token.signer(for: stored) { _, _ in secret("Cisco123") }
        #expect(try !signer.sign([1, 2, 3], digest: .sha1).isEmpty)
    }

    @Test func sessionsAreClosedOnEveryPath() throws {
        let token = try token("SAST-ADN008580ef")
        let stored = try token.certificate()
        try expectNoSession(on: token)
        do {
            let signer = try token.signer(for: stored) { _, _ in secret("Cisco123") }
            #expect(initToken(token) == "CKR_SESSION_EXISTS")
            _ = try signer.sign([0], digest: .sha1)
        }
        try expectNoSession(on: token)
        struct Cancelled: Error {}
        #expect(throws: Cancelled.self) { try token.signer(for: stored) { _, _ in throw Cancelled() } }
        try expectNoSession(on: token)
        #expect(throws: TokenError.self) { try token.signer(for: stored) { _, _ in secret("wrong-pin") } }
        try expectNoSession(on: token)
        _ = try token.signer(for: stored) { _, _ in secret("Cisco123") }
        #expect(try token.currentInfo().pin == .ready)
    }

    private func expectNoSession(on token: Token, location: SourceLocation = #_sourceLocation) throws {
        #expect(initToken(token) == "CKR_PIN_INCORRECT", sourceLocation: location)
    }

    /// C_InitToken with a wrong administrator PIN: SoftHSM first checks whether a session is open.
    private func initToken(_ token: Token) -> String {
        var pin = Array("no-such-pin".utf8)
        var label = [UInt8](repeating: UInt8(ascii: " "), count: 32)
        return ReturnValue(
            rawValue: UInt(token.module.functions.C_InitToken(token.slot, &pin, CK_ULONG(pin.count), &label))
        ).name
    }

    @Test func aURICanNameTheModule() throws {
        let name = "pkcs11:token=SAST-ADN008580ef?module-path=" + (try MockStore.module.path)
        // Nothing else has to exist, or is loaded.
        let finder = TokenFinder(modules: ["/nowhere/module.so"], pins: MockStore.pins)
        do {
            // Two owners of one library: the first one to go does not finalise it for the other.
            let token = try finder.token(named: name)
            #expect(try token.module !== MockStore.module && token.info.label == "SAST-ADN008580ef")
        }
        #expect(try MockStore.module.tokens().count == 3)
        let error = #expect(throws: TokenError.self) {
            try finder.token(named: "pkcs11:token=SAST-ADN008580ef?module-path=/nowhere/module.so")
        }
        #expect(error?.code == .moduleNotFound)
    }
}

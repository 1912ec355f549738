import Foundation
import Messages
import Secrets
import ServerFixtures
import Testing
import X509

@testable import Tokens

/// What a module says about itself and a token, in its own numbers; and what a token is called.
@Suite(.waiting, .timeLimit(.minutes(5))) struct TokenDetailsTests {
    private func token(_ rules: String = FakeModule.healthy) throws -> (Token, FakeModule) {
        let fake = try FakeModule(rules)
        return (try #require(try fake.module().tokens().first), fake)
    }

    @Test func everyNumberIsTheModules() throws {
        let (token, fake) = try token(FakeModule.healthy + "lengths 6 20\ntoken Y 77 c\n")
        let details = try token.details()
        let library = try #require(details.library)
        #expect("\(library.cryptoki) \(library.version)" == "2.20 10.9" && library.description == "Fake module")
        #expect(details.token.flags == 0x40c && details.token.hardware.description == "4.29")
        #expect(details.token.shortestPIN == 6 && details.token.longestPIN == 20)
        #expect(details.token.publicMemory == nil && details.token.privateMemory == 65536)
        #expect(details.token.time.isEmpty && details.failures.isEmpty)
        #expect(details.mechanisms.map(\.name) == ["CKM_SHA1_RSA_PKCS", "CKM_RSA_PKCS"])
        #expect(details.mechanisms.map(\.details?.flags) == [0x2800, 0x2800])
        #expect(details.mechanisms[0].details?.shortestKey == 1024)
        #expect(details.slots.map(\.id) == [0, 1] && details.slot.description == "Fake reader 0")
        #expect(fake.calls("C_Login") == 0)
    }

    @Test func whatTheModuleDoesNotAnswerIsSaid() throws {
        let (token, fake) = try token(FakeModule.healthy + "quiet\nreturn C_GetMechanismList 0 54\n")
        let details = try token.details()
        #expect(fake.calls("C_GetInfo") == 1)
        #expect(details.library == nil && details.mechanisms.isEmpty)
        #expect(
            details.failures.flatMap(\.details).map(\.localized) == [
                "C_GetInfo returned CKR_FUNCTION_NOT_SUPPORTED",
                "C_GetMechanismList returned CKR_FUNCTION_NOT_SUPPORTED",
            ])
    }

    @Test func mechanismsAreNamedAsInTheHeader() throws {
        let header = try String(contentsOfFile: "/usr/include/p11-kit-1/p11-kit/pkcs11.h", encoding: .utf8)
        var numbers: [String: UInt] = [:]
        for match in header.matches(of: /#define (CKM_\w+)\s+\(?(0x[0-9a-fA-F]+|\d+)UL/) {
            let isHex = match.2.hasPrefix("0x")
            numbers[String(match.1)] = UInt(isHex ? match.2.dropFirst(2) : match.2, radix: isHex ? 16 : 10)
        }
        #expect(numbers.count > 200)
        for (number, name) in TokenDetails.Mechanism.names { #expect(numbers[name] == number, "\(name)") }
    }

    // MARK: - The URI

    /// Whatever a token is called, its URI is read as a URI, and names it alone.
    @Test func aURINamesOneToken() throws {
        let rules = [
            "token eToken 0054f509 c", "token eToken 008580ef c", "token X_(User_PIN) 01 c", "token X_(Sign_PIN) 01 c",
            "token same 7 c", "token same 7 c", "token a;b?c=%d/e 9 c", "token Büro 10 c", "token pkcs11:token=x 11 c",
        ]
        let fake = try FakeModule(rules.joined(separator: "\n") + "\n")
        let finder = TokenFinder(modules: [fake.path], pins: fake.pins())
        let tokens = try finder.tokens()
        #expect(tokens.count == rules.count)
        for token in tokens { #expect(try finder.token(named: token.info.uri).info.slotID == token.info.slotID) }
        #expect(tokens[0].info.uri == "pkcs11:token=eToken;serial=0054f509")
        #expect(tokens[5].info.uri == "pkcs11:token=same;serial=7;slot-id=5")
    }

    @Test func theNameOfACertificateCounts() throws {
        let present = PresentToken(
            info: TokenInfo(label: "eToken", serialNumber: "0054f509"), module: "", reader: nil,
            certificateNames: ["SAST-ADN00112233"])
        for name in ["sast-adn00112233", "eToken", "54F509", "SAST-ADN0054f509", "pkcs11:serial=54f509"] {
            #expect(try TokenName(name).matches(present), "\(name)")
        }
        for name in ["", "SAST-ADN0011223", "pkcs11:token=SAST-ADN00112233"] {
            #expect(try !TokenName(name).matches(present), "\(name)")
        }
    }

    // MARK: - Certificates and keys

    private func certificate(_ folder: TemporaryFolder, _ name: String, isAuthority: Bool) throws -> [UInt8] {
        let settings = folder.write(
            "settings",
            "[req]\ndistinguished_name=dn\nx509_extensions=e\n[dn]\n[e]\nbasicConstraints=critical,CA:\(isAuthority ? "TRUE" : "FALSE")\n"
        )
        try ChildProcess.run([
            "openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", folder.file("key"), "-out",
            folder.file(name), "-outform", "DER", "-subj", "/CN=\(name)", "-days", "30", "-config", settings,
        ])
        return folder.bytes(name) ?? []
    }

    /// What the name and the issuer look like, as `token list --json` shows it.
    @Test(arguments: [
        ("SAST-ADN008580ef", "Cisco Manufacturing CA", "Cisco Systems", "sast"),
        ("SAST-ADN008580ef", "Cisco Manufacturing CA", "Somebody", "sast-name-only"),
        ("SAST-ADN008580ef", "Lab CA", "Cisco Systems", "sast-name-only"),
        ("jdoe", "Cisco Manufacturing CA", "Cisco Systems", "other"),
    ])
    func aTokenOfCiscoIsToldByName(name: String, authority: String, organization: String, likeness: String) throws {
        let key = try PrivateKey.generate(bits: 1024)
        let certificate = try CertificateBuilder(
            subject: DistinguishedName(["CN": name]), serialNumber: [1], notBefore: 0, notAfter: 1
        ).issue(
            for: key.publicKey(), issuer: DistinguishedName(["CN": authority, "O": organization]), signedBy: key)
        #expect(SASTLikeness(certificate).rawValue == likeness)
    }

    @Test func anAuthoritysCertificateIsNotMeant() throws {
        let folder = TemporaryFolder()
        let fake = try FakeModule()
        let own = fake.write("own", try certificate(folder, "own", isAuthority: false))
        let authority = fake.write("authority", try certificate(folder, "authority", isAuthority: true))
        let other = fake.write("other", try certificate(folder, "other", isAuthority: false))
        func chosen(_ files: [String], _ uri: String? = nil) throws -> String? {
            fake.set(FakeModule.healthy + files.map { "certificate \($0)\n" }.joined())
            let token = try #require(try fake.module().tokens().first)
            return try token.certificate(matching: uri.map { try TokenURI($0) }).certificate.subject.value(of: "CN")
        }
        #expect(try chosen([authority, own]) == "own")
        // Alone, it may be the token's own, as of a test.
        #expect(try chosen([authority]) == "authority")
        #expect(throws: TokenError.self) { try chosen([authority, own, other]) }
        #expect(throws: TokenError.self) { try chosen([authority, own], "pkcs11:id=%01") }
    }

    @Test func manyCertificatesAreNotAllListed() throws {
        let folder = TemporaryFolder()
        let fake = try FakeModule()
        let file = fake.write("own", try certificate(folder, "own", isAuthority: false))
        fake.set(FakeModule.healthy + String(repeating: "certificate \(file)\n", count: 40))
        let token = try #require(try fake.module().tokens().first)
        let error = #expect(throws: TokenError.self) { try token.certificate() }
        let text = try #require(error?.text.localized)
        #expect(text.contains("contains 40 certificates") && text.contains("; ...)"))
        #expect(text.components(separatedBy: "object ").count == 6)
    }

    /// Issued by Cisco is issued by Cisco, whatever the key is.
    @Test func theKindOfKeyIsNotTheIssuer() throws {
        let folder = TemporaryFolder()
        func run(_ arguments: [String]) throws { try ChildProcess.run(["openssl"] + arguments) }
        try run([
            "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", folder.file("ca.key"), "-out",
            folder.file("ca.pem"), "-subj", "/O=Cisco Systems/CN=Cisco Manufacturing CA", "-days", "9",
        ])
        try run([
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder.file("key"),
            "-out", folder.file("request"), "-subj", "/CN=SAST-ADN00112233",
        ])
        try run([
            "x509", "-req", "-in", folder.file("request"), "-CA", folder.file("ca.pem"), "-CAkey",
            folder.file("ca.key"), "-CAcreateserial", "-out", folder.file("pem"), "-days", "9",
        ])
        let certificate = try Certificate(pem: folder.text("pem"))
        #expect(!certificate.publicKey.isRSA && SASTLikeness(certificate) == .full)
    }

    /// Where the module shows private keys before a login, no PIN is asked for if the certificate's is not among them.
    @Test func aMissingKeyIsSaidBeforeThePINWhereTheModuleAllows() throws {
        let fake = try FakeModule()
        let certificate = try fake.makeCertificate()
        func ask(_ rules: String) throws -> (TokenError?, asked: Bool) {
            fake.set(FakeModule.healthy + "certificate \(certificate)\n" + rules)
            let token = try #require(try fake.module().tokens().first)
            var asked = false
            let error = #expect(throws: TokenError.self) {
                try token.signer(for: token.certificate()) { _, _ in
                    asked = true
                    return secret("")
                }
            }
            return (error, asked)
        }
        let missing = try ask("private\nmodulus ff\n")
        #expect(missing.0?.code == .keyNotFound && !missing.asked && fake.calls("C_Login") == 0)
        // It may be one that only shows itself after the login.
        for rules in ["modulus ff\n", "nokey\n", "private\n"] {
            let other = try ask(rules)
            #expect(other.0?.code == .pinImpossible && other.asked, "\(rules)")
        }
    }

    // MARK: - What to do next

    @Test(arguments: [
        (0xb1, "Quit other programs"), (0x68, "The key may not sign"), (0xe2, "Use the token's own software"),
        (0x30, "Remove the token"),
    ])
    func theAdviceFitsTheCode(code: UInt, advice: String) {
        let error = TokenError(.signInit, ReturnValue(rawValue: code), "X")
        #expect(error.next?.localized.hasPrefix(advice) == true)
    }
}

import Messages
import Testing
import TrustList
import X509

@testable import Phones

/// The cases of docs/phone-acceptance.md.
@Suite(.timeLimit(.minutes(5))) struct AcceptanceTests {
    static let publisher = certificate("cucm-pub", serial: 1)
    static let token = certificate("SAST-ADN008580ef", serial: 2)
    static let tvs = certificate("tvs", serial: 3)
    static let keys = [1, 2, 3].reduce(into: [UInt8: PrivateKey]()) { $0[$1] = try! PrivateKey.generate(bits: 1024) }

    static func certificate(_ name: String, serial: UInt8) -> Certificate {
        let key = keys[serial]!
        return certificate(name, serial: serial, key: key)
    }

    static func certificate(_ name: String, serial: UInt8, key: PrivateKey) -> Certificate {
        try! CertificateBuilder(
            subject: DistinguishedName(["CN": name]), serialNumber: [serial], notBefore: 0, notAfter: 2_000_000_000
        ).selfSigned(by: key)
    }

    static func list(_ fileName: String, _ records: [(Certificate, Role)]) throws -> TrustListFile {
        var all = records
        if !all.contains(where: { $0.0 == publisher && $0.1 == .sast }), fileName == "CTLFile.tlv" {
            all.append((publisher, .sast))
        }
        let signer = all.first { $0.1 == .sast }?.0 ?? publisher
        return try TrustListDraft(
            fileName: fileName, timestamp: 1, digest: .sha1,
            records: all.map {
                try Record(
                    certificate: $0.0, role: $0.1, dnsName: "x", ipAddress: [127, 0, 0, 1], names: .cucm,
                    withCertificateSignature: false)
            }
        ).signed(
            by: SoftwareSigner(certificate: signer, key: keys[signer.serialNumber[0]]!))
    }

    let tokenSigner = try! #require(CandidateSigner(record: list("CTLFile.tlv", [(token, .sast)]).records[0]))
    let tokenless = try! list("CTLFile.tlv", [])
    /// The ITL's own signer has the role SAST, as CUCM writes it.
    let itl = try! list("ITLFile.tlv", [(publisher, .sast), (tvs, .tvs)])
    let modern = PhoneModel(name: "CP-8861")
    let old = PhoneModel(name: "Cisco 7960")
    let vouches = TVSStatement.vouches(certificate: token.der, roles: [.sast])

    @Test func firstFileIsTakenOnTrust() {
        let verdict = Acceptance.decide(signer: tokenSigner, held: .none, itl: nil, model: old, tvs: [])
        #expect(verdict.rule == .firstUse && verdict.outcome == .accepted)
    }

    /// A phone without a CTL file that has an ITL file may check the first one with it.
    @Test func aFirstFileIsCheckedWithTheITLFile() throws {
        func decide(_ itl: TrustListFile?, _ answer: TVSStatement, model: PhoneModel? = nil) -> Verdict {
            Acceptance.decide(signer: tokenSigner, held: .none, itl: itl, model: model ?? modern, tvs: [answer])
        }
        #expect(decide(nil, .doesNotKnow).rule == .firstUse)
        #expect(decide(itl, vouches).rule == .vouchedByTVS)
        let holding = try Self.list("ITLFile.tlv", [(Self.publisher, .sast), (Self.token, .sast)])
        #expect(decide(holding, .doesNotKnow).rule == .signerInITL)
        let stranded = decide(itl, .doesNotKnow)
        #expect(stranded.rule == .firstNotVouched && stranded.outcome == .unknown)
        // Without Security by Default there is no ITL file.
        #expect(decide(itl, .doesNotKnow, model: old).rule == .firstUse)
        #expect(decide(itl, .doesNotKnow, model: PhoneModel(name: "Something new")).outcome == .unknown)
        #expect(decide(itl, .notAsked).rule == .tvsNotAsked)
    }

    @Test func aSignerInTheHeldFileIsEnoughForEveryModel() throws {
        let held = try Self.list("CTLFile.tlv", [(Self.token, .sast)])
        for model in [old, modern, PhoneModel(name: "Something new")] {
            let verdict = Acceptance.decide(signer: tokenSigner, held: .file(held), itl: nil, model: model, tvs: [])
            #expect(verdict.rule == .signerInHeldCTL && verdict.outcome == .accepted)
        }
    }

    @Test func anotherRoleInTheHeldFileIsNotEnough() throws {
        let held = try Self.list("CTLFile.tlv", [(Self.token, .ccmTFTP)])
        let verdict = Acceptance.decide(signer: tokenSigner, held: .file(held), itl: nil, model: old, tvs: [])
        #expect(verdict.outcome == .refused)
    }

    @Test func tvsVouchesForAModernPhone() {
        let verdict = Acceptance.decide(
            signer: tokenSigner, held: .file(tokenless), itl: itl, model: modern,
            tvs: [.unreachable(.verbatim("no route")), vouches])
        #expect(verdict.rule == .vouchedByTVS && verdict.outcome == .accepted)
    }

    /// One database behind all of them: if they differ, nobody can say what a phone will be told.
    @Test func serversThatDisagreeLeaveItOpen() {
        for answers in [[TVSStatement.doesNotKnow, vouches], [vouches, .doesNotKnow]] {
            let verdict = Acceptance.decide(
                signer: tokenSigner, held: .file(tokenless), itl: itl, model: modern, tvs: answers)
            #expect(verdict.rule == .tvsDisagree && verdict.outcome == .unknown)
        }
    }

    @Test func tvsCannotHelpAModelWithoutSecurityByDefault() {
        let verdict = Acceptance.decide(
            signer: tokenSigner, held: .file(tokenless), itl: itl, model: old, tvs: [vouches])
        #expect(verdict.rule == .noSecurityByDefault && verdict.outcome == .refused)
    }

    @Test(arguments: [
        TVSStatement.doesNotKnow, .unreachable(.verbatim("connection refused")),
        .vouches(certificate: token.der, roles: [.ccmTFTP]), .vouches(certificate: publisher.der, roles: [.sast]),
    ])
    func withoutAFittingAnswerAModernPhoneRefuses(answer: TVSStatement) {
        let verdict = Acceptance.decide(
            signer: tokenSigner, held: .file(tokenless), itl: itl, model: modern, tvs: [answer])
        #expect(verdict.rule == .notVouched && verdict.outcome == .refused)
    }

    @Test func withoutATVSRecordInTheITLTheAnswerDoesNotCount() throws {
        let bare = try Self.list("ITLFile.tlv", [(Self.publisher, .sast)])
        for list in [bare, nil] {
            let verdict = Acceptance.decide(
                signer: tokenSigner, held: .file(tokenless), itl: list, model: modern, tvs: [vouches])
            #expect(verdict.outcome == .refused)
        }
    }

    @Test func aSignerInTheITLIsAccepted() throws {
        let holding = try Self.list("ITLFile.tlv", [(Self.publisher, .sast), (Self.token, .sast)])
        let verdict = Acceptance.decide(
            signer: tokenSigner, held: .file(tokenless), itl: holding, model: modern, tvs: [])
        #expect(verdict.rule == .signerInITL && verdict.outcome == .accepted)
    }

    /// A certificate regenerated under the old name and number: the phone verifies with the key that it holds.
    @Test func anotherKeyUnderTheSignersNameIsRefused() throws {
        let impostor = Self.certificate("SAST-ADN008580ef", serial: 2, key: try PrivateKey.generate(bits: 1024))
        let held = try Self.list("CTLFile.tlv", [(Self.publisher, .sast), (impostor, .sast)])
        let verdict = Acceptance.decide(
            signer: tokenSigner, held: .file(held), itl: itl, model: modern, tvs: [vouches])
        #expect(verdict.rule == .otherKey && verdict.outcome == .refused)
        let holding = try Self.list("ITLFile.tlv", [(Self.publisher, .sast), (impostor, .sast)])
        #expect(
            Acceptance.decide(
                signer: tokenSigner, held: .file(tokenless), itl: holding, model: modern, tvs: [vouches]
            ).rule == .otherKey)
    }

    @Test func whatIsNotKnownIsSaid() {
        #expect(
            Acceptance.decide(
                signer: tokenSigner, held: .unknown(.verbatim("?")), itl: itl, model: old, tvs: []
            ).outcome == .unknown)
        #expect(
            Acceptance.decide(
                signer: tokenSigner, held: .file(tokenless), itl: itl, model: PhoneModel(name: "Cisco 7941"), tvs: []
            ).rule == .modelUnknown)
        #expect(
            Acceptance.decide(
                signer: tokenSigner, held: .unknown(.verbatim("?")), itl: itl, model: modern, tvs: [vouches]
            ).outcome == .accepted)
    }

    @Test(arguments: [
        ("Cisco 7975", PhoneModel.SecurityByDefault.supported), ("CP-8861", .supported), ("Cisco 7821", .supported),
        ("Cisco 7941G-GE", .supported), ("Cisco 7941", .unknown), ("CP-7960G", .unsupported),
        ("Cisco 6901", .unsupported), ("Cisco Unified Client Services Framework", .unsupported),
        ("Cisco TelePresence SX20", .unknown),
    ])
    func modelsAreKnown(name: String, expected: PhoneModel.SecurityByDefault) {
        #expect(PhoneModel(name: name).securityByDefault == expected)
    }
}

import Basics
import ServerFixtures
import Testing
import TrustList
import X509

@testable import ClusterLab

/// The phones' decision alone, case by case, with a TVS answer chosen by the test.
@Suite(.waiting, .timeLimit(.minutes(10))) struct PhoneJudgeTests {
    private let publisher: TestToken
    private let token: TestToken
    private let other: TestToken
    private let tvs: TestToken
    private let tokenless: [UInt8]
    private let itl: TrustListFile

    init() throws {
        publisher = try TestToken("cucm")
        token = try TestToken("SAST-ADN0054f509        ")
        other = try TestToken("SAST-ADN008580ef        ")
        tvs = try TestToken("tvs")
        tokenless = try Self.list([(publisher, .sast), (publisher, .ccmTFTP)], by: publisher)
        itl = try TrustListFile(
            decoding: Self.list(
                [(publisher, .sast), (publisher, .ccmTFTP), (tvs, .tvs)], by: publisher, name: "ITLFile.tlv"))
    }

    private static func list(
        _ entries: [(TestToken, Role)], by signer: TestToken, name: String = "CTLFile.tlv"
    ) throws -> [UInt8] {
        let records = try entries.map { entry, role in
            try Record(
                certificate: entry.certificate, role: role, dnsName: "", ipAddress: [0, 0, 0, 0], names: .token,
                withCertificateSignature: false)
        }
        return try TrustListDraft(fileName: name, timestamp: 1, digest: .sha1, records: records)
            .signed(by: signer.signer).encoded()
    }

    private func file(_ bytes: [UInt8]) throws -> TrustListFile { try TrustListFile(decoding: bytes) }

    private func judge(
        _ bytes: [UInt8], model: PhoneModel = .cp7975, ctl: [UInt8]?, itl: TrustListFile?,
        tvs: @escaping (Record, Header) -> PhoneJudge.TVSAnswer = { _, _ in .unknown }
    ) throws -> Int? {
        let judge = PhoneJudge(
            model: model, heldCTL: try ctl.map { try file($0) }, heldITL: itl, askTVS: tvs)
        switch judge.judgeCTL(bytes) {
        case .accepted(let rule, _): return rule
        case .refused: return nil
        }
    }

    private func valid(_ token: TestToken, _ roles: [UInt8]) -> (Record, Header) -> PhoneJudge.TVSAnswer {
        { _, _ in .valid(certificate: token.certificate.der, roles: roles) }
    }

    @Test(arguments: [PhoneModel.cp7960, .cp7975, .cp8861]) func firstUseAndKnownSigners(model: PhoneModel) throws {
        let next = try Self.list([(token, .sast), (other, .sast)], by: token)
        #expect(try judge(next, model: model, ctl: nil, itl: nil) == 1)
        let swapped = try Self.list([(token, .sast), (other, .sast)], by: other)
        #expect(try judge(swapped, model: model, ctl: next, itl: nil) == 2)
        // A server's certificate in the CTL file that is not a SAST cannot sign anything.
        let servers = try Self.list([(token, .sast), (publisher, .ccmTFTP)], by: token)
        #expect(try judge(tokenless, model: model, ctl: servers, itl: nil) == nil)
    }

    private func judgeITL(
        _ list: TrustListFile, ctl: [UInt8]?, itl: TrustListFile?,
        tvs: @escaping (Record, Header) -> PhoneJudge.TVSAnswer = { _, _ in .unknown }
    ) throws -> Int? {
        let judge = PhoneJudge(model: .cp8861, heldCTL: try ctl.map { try file($0) }, heldITL: itl, askTVS: tvs)
        switch judge.judgeITL(list.encoded()) {
        case .accepted(let rule, _): return rule
        case .refused: return nil
        }
    }

    /// Only a phone with neither file trusts the first one.
    @Test func theFirstCTLFileIsCheckedWithTheITLFile() throws {
        let next = try Self.list([(token, .sast)], by: token)
        #expect(try judge(next, ctl: nil, itl: nil) == 1)
        #expect(try judge(next, ctl: nil, itl: itl) == nil)
        #expect(try judge(next, ctl: nil, itl: itl, tvs: valid(token, [0])) == 3)
        #expect(try judge(tokenless, ctl: nil, itl: itl) == 3)
        #expect(try judge(next, model: .cp7960, ctl: nil, itl: nil) == 1)
    }

    /// A new phone has taken the CTL file, and checks its first ITL file with it.
    @Test func theFirstITLFileIsCheckedWithTheCTLFile() throws {
        let recovery = try TestToken(serverNamed: "ITLRECOVERY_cucm.example.com")
        let signed = try file(
            Self.list([(recovery, .sast), (publisher, .ccmTFTP), (tvs, .tvs)], by: recovery, name: "ITLFile.tlv"))
        let tokens = try Self.list([(token, .sast), (other, .sast), (publisher, .ccmTFTP)], by: token)
        #expect(try judgeITL(signed, ctl: nil, itl: nil) == 1)
        #expect(try judgeITL(signed, ctl: tokens, itl: nil, tvs: valid(recovery, [0])) == nil)
        let all = try Self.list([(token, .sast), (other, .sast), (recovery, .sast)], by: token)
        #expect(try judgeITL(signed, ctl: all, itl: nil) == 2)
        // Up to 11.5 the CallManager certificate signs, which is there as a server.
        #expect(try judgeITL(itl, ctl: tokens, itl: nil) == 2)
        // A phone that has an ITL file has that, and TVS.
        #expect(try judgeITL(signed, ctl: tokens, itl: itl, tvs: valid(recovery, [0])) == 3)
    }

    @Test func theITLFileCounts() throws {
        let held = try Self.list([(token, .sast)], by: token)
        #expect(try judge(tokenless, ctl: held, itl: itl) == 3)
        #expect(try judge(tokenless, model: .cp7960, ctl: held, itl: itl) == nil)
        #expect(try judge(tokenless, ctl: held, itl: nil) == nil)
    }

    @Test func theTrustVerificationServiceCounts() throws {
        let next = try Self.list([(token, .sast)], by: token)
        #expect(try judge(next, ctl: tokenless, itl: itl, tvs: valid(token, [0])) == 3)
        #expect(try judge(next, ctl: tokenless, itl: itl, tvs: valid(token, [2, 0])) == 3)
        #expect(try judge(next, ctl: tokenless, itl: itl, tvs: valid(token, [2, 21])) == nil)
        #expect(try judge(next, ctl: tokenless, itl: itl, tvs: valid(token, [])) == nil)
        // Vouching for one certificate does not help a file signed by another key.
        #expect(try judge(next, ctl: tokenless, itl: itl, tvs: valid(other, [0])) == nil)
        #expect(try judge(next, ctl: tokenless, itl: itl, tvs: { _, _ in .unreachable("down") }) == nil)
        #expect(try judge(next, ctl: tokenless, itl: nil, tvs: valid(token, [0])) == nil)
        #expect(try judge(next, model: .cp7960, ctl: tokenless, itl: nil, tvs: valid(token, [0])) == nil)
    }

    @Test func aSecondServerIsAskedWhenTheFirstIsSilent() throws {
        let second = try TestToken("tvs2")
        let both = try file(
            Self.list([(publisher, .sast), (tvs, .tvs), (second, .tvs)], by: publisher, name: "ITLFile.tlv"))
        let next = try Self.list([(token, .sast)], by: token)
        let first = tvs.certificate.der
        let answer = valid(token, [0])
        let rule = try judge(next, ctl: tokenless, itl: both) { server, header in
            server.certificate == first ? .unreachable("down") : answer(server, header)
        }
        #expect(rule == 3)
    }

    @Test func theQuestionNamesTheSignerAsTheFileDoes() throws {
        let next = try Self.list([(token, .sast)], by: token)
        var asked: Header?
        _ = try judge(next, ctl: tokenless, itl: itl) { _, header in
            asked = header
            return .unknown
        }
        #expect(asked?.caName == "cn=Cisco Manufacturing CA;o=Cisco Systems")
        #expect(asked?.signerName == "cn=\"SAST-ADN0054f509        \";ou=IPCBU;o=\"Cisco Systems")
        #expect(asked?.serialNumber == token.certificate.serialNumber)
    }

    @Test func wrongSignaturesAndDamage() throws {
        let next = try Self.list([(publisher, .sast), (token, .sast)], by: publisher)
        for index in stride(from: 0, to: next.count, by: 13) {
            var bad = next
            bad[index] ^= 0x20
            #expect(try judge(bad, ctl: tokenless, itl: itl, tvs: valid(publisher, [0])) == nil, "byte \(index)")
            #expect(try judge(bad, ctl: nil, itl: nil) == nil, "byte \(index)")
        }
        #expect(try judge([], ctl: nil, itl: nil) == nil)
        #expect(try judge(Array(next.dropLast()), ctl: tokenless, itl: itl) == nil)
        // A first file whose signer is not in it.
        let stranger = try Self.list([(token, .sast), (other, .sast)], by: token)
        let cut = try file(stranger)
        #expect(try judge(Array(stranger.prefix(cut.header.length)), ctl: nil, itl: nil) == nil)
    }
}

/// Whatever arrives over TVS connections is either parsed or refused.
@Suite(.waiting, .timeLimit(.minutes(10))) struct TrustServiceMessageTests {
    @Test func aMessageReadsBack() throws {
        let message = TVSMessage(.queryRequest, session: 0xdead_beef, elements: [(1, [1, 65]), (5, [0x83, 0xe9])])
        let bytes = message.encoded
        #expect(bytes.hex == "57010300deadbeef000a0100020141050002" + "83e9")
        let head = Array(bytes.prefix(TVSMessage.headLength))
        #expect(TVSMessage.bodyLength(head) == 10)
        let read = try #require(TVSMessage(head: head, body: Array(bytes.dropFirst(TVSMessage.headLength))))
        #expect(read.session == 0xdead_beef)
        #expect(read.value(5) == [0x83, 0xe9])
    }

    @Test func junk() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let body = (0..<Int.random(in: 0...40)).map { _ in UInt8.random(in: 0...6, using: &generator) }
            let head: [UInt8] = [0x57, 1, 3, 0, 0, 0, 0, 1, 0, UInt8(body.count)]
            guard let message = TVSMessage(head: head, body: body) else { continue }
            #expect(message.encoded == head + body)
        }
        #expect(TVSMessage.bodyLength([0x57, 1, 3]) == nil)
        #expect(TVSMessage(head: [0x57, 1, 3, 0, 0, 0, 0, 1, 0, 9], body: []) == nil)
    }
}

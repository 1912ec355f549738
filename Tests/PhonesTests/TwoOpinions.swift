import Messages
import Phones
import Testing
import TrustList
import X509

@testable import ClusterLab

/// The acceptance model against the lab's phones, which were written separately from the same page: every situation
/// that can be combined from the parts below.
@Suite(.timeLimit(.minutes(5))) struct TwoOpinions {
    /// The cluster's server, two tokens, a token's number with another key, and a TVS server.
    private enum Who: UInt8, CaseIterable {
        case publisher = 1
        case token, otherToken, impostor, tvs
    }

    private static let keys = Who.allCases.reduce(into: [Who: PrivateKey]()) { keys, who in
        keys[who] = try! PrivateKey.generate(bits: 1024)
    }

    private static let certificates = Who.allCases.reduce(into: [Who: Certificate]()) { certificates, who in
        // The impostor uses the token's name and number.
        let number = who == .impostor ? Who.token.rawValue : who.rawValue
        certificates[who] = try! CertificateBuilder(
            subject: DistinguishedName(["CN": "subject \(number)"]), serialNumber: [number], notBefore: 0,
            notAfter: 2_000_000_000
        ).selfSigned(by: keys[who]!)
    }

    private static func record(_ who: Who, _ role: Role) -> Record {
        try! Record(
            certificate: certificates[who]!, role: role, dnsName: "x", ipAddress: [127, 0, 0, 1], names: .cucm,
            withCertificateSignature: false)
    }

    private static func list(_ name: String, _ records: [Record], signer: Who) -> TrustListFile {
        try! TrustListDraft(fileName: name, timestamp: 1, digest: .sha1, records: records).signed(
            by: SoftwareSigner(certificate: certificates[signer]!, key: keys[signer]!))
    }

    /// The records besides the publisher's that a list may contain.
    private static let extras: [[(Who, Role)]] = [
        [], [(.token, .sast)], [(.token, .ccmTFTP)], [(.impostor, .sast)], [(.impostor, .sast), (.token, .sast)],
        [(.token, .ccmTFTP), (.token, .sast)], [(.otherToken, .sast)],
    ]

    private static func lists(_ name: String, servers: Int) -> [TrustListFile] {
        extras.map { extra in
            list(
                name,
                [record(.publisher, .sast)] + extra.map { record($0.0, $0.1) }
                    + (0..<servers).map { _ in record(.tvs, .tvs) },
                signer: .publisher)
        }
    }

    /// What a TVS server says: to the model, and to the lab's phone.
    private static let answers: [(TVSStatement, PhoneJudge.TVSAnswer)] = {
        let token = certificates[.token]!.der
        let other = certificates[.impostor]!.der
        return [
            (.doesNotKnow, .unknown), (.unreachable(.verbatim("down")), .unreachable("down")),
            (.vouches(certificate: token, roles: [.sast]), .valid(certificate: token, roles: [0])),
            (.vouches(certificate: token, roles: [.ccmTFTP]), .valid(certificate: token, roles: [2])),
            (
                .vouches(certificate: token, roles: [.ccmTFTP, .sast]), .valid(certificate: token, roles: [2, 0])
            ),
            (.vouches(certificate: other, roles: [.sast]), .valid(certificate: other, roles: [0])),
        ]
    }()

    @Test func bothSayTheSame() throws {
        let offered = Self.list(
            "CTLFile.tlv", [Self.record(.token, .sast), Self.record(.publisher, .ccmTFTP)], signer: .token)
        let bytes = offered.encoded()
        let signer = try #require(offered.signerRecord.flatMap { CandidateSigner(record: $0) })
        let held: [TrustListFile?] = [nil] + Self.lists("CTLFile.tlv", servers: 0)
        let itls: [TrustListFile?] =
            [nil] + Self.lists("ITLFile.tlv", servers: 0) + Self.lists("ITLFile.tlv", servers: 2)
        var situations = 0
        var accepted = 0
        var disagreements = 0
        for heldCTL in held {
            for heldITL in itls {
                for (labModel, model) in [
                    (ClusterLab.PhoneModel.cp7960, Phones.PhoneModel(name: "Cisco 7960")),
                    (.cp7975, Phones.PhoneModel(name: "Cisco 7975")), (.cp8861, Phones.PhoneModel(name: "CP-8861")),
                ] {
                    // Two servers: every pair of answers.
                    for first in Self.answers {
                        for second in Self.answers {
                            let pair = [first, second]
                            let verdict = Acceptance.decide(
                                signer: signer, held: heldCTL.map { .file($0) } ?? .none, itl: heldITL, model: model,
                                tvs: pair.map(\.0))
                            var asked = 0
                            let judge = PhoneJudge(model: labModel, heldCTL: heldCTL, heldITL: heldITL) { _, _ in
                                defer { asked += 1 }
                                return pair[min(asked, 1)].1
                            }
                            situations += 1
                            guard verdict.outcome != .unknown else {
                                // The model does not say what phones are told by servers that differ; it is never more
                                // certain than the phone.
                                // Nor does it say what a phone with an ITL file does with a first CTL file that it cannot
                                // check.
                                #expect([.tvsDisagree, .firstNotVouched].contains(verdict.rule))
                                #expect(verdict.rule != .firstNotVouched || heldCTL == nil)
                                disagreements += 1
                                continue
                            }
                            var isAccepted = false
                            if case .accepted = judge.judgeCTL(bytes) { isAccepted = true }
                            #expect(isAccepted == (verdict.outcome == .accepted), "\(verdict)")
                            accepted += isAccepted ? 1 : 0
                        }
                    }
                }
            }
        }
        #expect(situations == 8 * 15 * 3 * 36)
        // Neither says yes or no to everything, and open cases are the exception.
        #expect(accepted > situations / 10 && accepted < situations * 9 / 10)
        #expect(disagreements > 0 && disagreements < situations / 4)
    }
}

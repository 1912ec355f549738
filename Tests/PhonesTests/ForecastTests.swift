import Messages
import Phones
import Testing
import TrustList
import X509

/// Forecasts of many phones at once: which TVS servers and which ITL file count for whom.
@Suite(.timeLimit(.minutes(5))) struct ForecastTests {
    static let key = try! PrivateKey.generate(bits: 1024)
    static let made: Int64 = 1_425_671_113

    static func certificate(_ name: String, _ serial: UInt8, notBefore: Int64 = 0) -> Certificate {
        try! CertificateBuilder(
            subject: DistinguishedName(["CN": name]), serialNumber: [serial], notBefore: notBefore,
            notAfter: 4_000_000_000
        ).selfSigned(by: key)
    }

    static let publisher = certificate("cucm-pub", 1)
    static let renewed = certificate("cucm-pub", 7, notBefore: made + 86400)
    static let tvs = certificate("tvs", 2)
    static let token = certificate("SAST-ADN008580ef", 4)

    static func list(_ name: String, _ records: [(Certificate, Role)]) throws -> TrustListFile {
        try TrustListDraft(
            fileName: name, timestamp: UInt32(made), digest: .sha1,
            records: records.map {
                try Record(
                    certificate: $0.0, role: $0.1, dnsName: "cucm-pub", ipAddress: [127, 1, 2, 11], names: .cucm,
                    withCertificateSignature: true)
            }
        ).signed(
            by: SoftwareSigner(certificate: records[0].0, key: key))
    }

    let present = try! list("CTLFile.tlv", [(publisher, .sast), (publisher, .ccmTFTP)])
    let itl = try! list("ITLFile.tlv", [(publisher, .sast), (tvs, .tvs)])

    static func place(_ servers: [String]) -> PhonePlace {
        PhonePlace(
            devicePool: "pool", callManagerGroup: "group", servers: servers, securityProfile: "p", firmware: nil)
    }

    func forecast(
        _ servers: [[String]], signer: CandidateSigner, itl: TrustListFile? = nil, tvs: TVSAnswers
    ) -> [Verdict] {
        let phones = servers.enumerated().map { index, servers in
            Phone(
                name: "SEP\(index)", model: PhoneModel(name: "Cisco 8861"), address: nil, isRegistered: true,
                place: servers.isEmpty ? nil : Self.place(servers))
        }
        let surveyed = SurveyedPhone.all(
            phones, checksums: [:], present: (present.encoded(), present), copy: { _ in nil })
        return Forecast(
            of: surveyed, signer: signer, present: present, itls: ["pub": itl ?? self.itl], nodes: ["pub", "sub"],
            tvs: tvs
        ).entries.map(\.verdict)
    }

    static func signer(_ certificate: Certificate) -> CandidateSigner {
        try! #require(
            CandidateSigner(
                record: Record(
                    certificate: certificate, role: .sast, dnsName: "", ipAddress: [0, 0, 0, 0], names: .cucm,
                    withCertificateSignature: false)))
    }

    /// A phone asks the servers of its group, in their order, and no others.
    @Test func eachPhoneAsksItsOwnServers() {
        let vouching = TVSStatement.vouches(certificate: Self.token.der, roles: [.sast])
        let verdicts = forecast(
            [["pub"], ["sub"], ["sub", "pub"], ["other"], []], signer: Self.signer(Self.token),
            tvs: TVSAnswers([("pub", vouching), ("sub", .unreachable(.verbatim("it is down")))]))
        #expect(verdicts.map(\.outcome) == [.accepted, .refused, .accepted, .refused, .accepted])
        #expect(verdicts[1].reason.localized.contains("it is down"))
        #expect(verdicts[3].reason.localized.contains("no TVS server is known on other"))
    }

    /// After the publisher's certificate was regenerated, the ITL file that is served names the new signer; phones that
    /// have not restarted hold the former one. With TVS the outcome is clear, without it is not known.
    @Test func aRegeneratedSignerIsNotTakenForGranted() throws {
        let served = try Self.list("ITLFile.tlv", [(Self.renewed, .sast), (Self.tvs, .tvs)])
        let signer = Self.signer(Self.renewed)
        let down = TVSAnswers([("pub", .unreachable(.verbatim("it is down")))])
        let without = forecast([["pub"]], signer: signer, itl: served, tvs: down)
        #expect(without.map(\.rule) == [.itlNewer] && without.map(\.outcome) == [.unknown])
        let vouching = TVSAnswers([("pub", .vouches(certificate: Self.renewed.der, roles: [.sast]))])
        #expect(forecast([["pub"]], signer: signer, itl: served, tvs: vouching).map(\.outcome) == [.accepted])
        // One that was there before is taken for granted.
        #expect(
            forecast([["pub"]], signer: Self.signer(Self.publisher), itl: served, tvs: down).map(\.rule)
                == [.signerInHeldCTL])
    }

    @Test func phonesAreGroupedByModelPoolAndOutcome() {
        let many = (0..<40_000).map { index in
            Phone(
                name: "SEP\(index)", model: PhoneModel(name: index % 4 == 0 ? "Cisco 7960" : "Cisco 8861"),
                address: nil,
                isRegistered: index % 10 != 0, place: Self.place([index % 2 == 0 ? "pub" : "sub"]))
        }
        let surveyed = SurveyedPhone.all(
            many, checksums: [:], present: (present.encoded(), present), copy: { _ in nil })
        let forecast = Forecast(
            of: surveyed, signer: Self.signer(Self.token), present: present, itls: ["pub": itl], nodes: ["pub"],
            tvs: TVSAnswers([
                ("pub", .vouches(certificate: Self.token.der, roles: [.sast])), ("sub", .doesNotKnow),
            ]))
        #expect(forecast.groups.reduce(0) { $0 + $1.phones.count } == 40_000)
        #expect(forecast.groups.count < 10)
        let unregistered = forecast.groups.filter { $0.before.localized == "not known (not registered)" }
        #expect(unregistered.map(\.verdict.outcome).contains(.unknown))
        #expect(forecast.entries.count { $0.verdict.outcome == .accepted } == 10_000)
    }
}

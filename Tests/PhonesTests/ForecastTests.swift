import Basics
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
        _ servers: [[String]], signer: CandidateSigner, itl: TrustListFile? = nil, tvs: TVSReplies
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
            tvs: TVSReplies([
                TVSReply(server: "pub", answer: vouching),
                TVSReply(server: "sub", answer: .unreachable(.verbatim("it is down"))),
            ]))
        #expect(verdicts.map(\.outcome) == [.accepted, .refused, .accepted, .refused, .accepted])
        #expect(verdicts[1].reason.localized.contains("it is down"))
        #expect(verdicts[3].reason.localized.contains("no TVS server is known on other"))
    }

    /// Up to 11.5 each TFTP server signs its own ITL file, and which one a phone loads is not known: that is, unless TVS makes
    /// them all the same.
    @Test func whichITLFileAPhoneHoldsIsNotKnown() throws {
        let signer = Self.signer(Self.renewed)
        let itls = [
            "pub": try Self.list("ITLFile.tlv", [(Self.renewed, .sast), (Self.tvs, .tvs)]),
            "sub": try Self.list("ITLFile.tlv", [(Self.publisher, .sast), (Self.tvs, .tvs)]),
        ]
        func verdict(_ answer: TVSStatement) -> Verdict {
            let phone = Phone(
                name: "SEP1", model: PhoneModel(name: "Cisco 8861"), address: nil, isRegistered: true,
                place: Self.place(["pub"]))
            return Forecast(
                of: SurveyedPhone.all(
                    [phone], checksums: [:], present: (present.encoded(), present), copy: { _ in nil }),
                signer: signer, present: nil, itls: itls, nodes: ["pub", "sub"],
                tvs: TVSReplies([TVSReply(server: "pub", answer: answer)])
            ).entries[0].verdict
        }
        let down = verdict(.unreachable(.verbatim("it is down")))
        #expect(down.outcome == .unknown && down.rule == .itlDiffers && down.reason.localized.contains("it is down"))
        #expect(verdict(.vouches(certificate: Self.renewed.der, roles: [.sast])).outcome == .accepted)
    }

    /// After the publisher's certificate was regenerated, the ITL file that is served names the new signer; phones that
    /// have not restarted hold the former one. With TVS the outcome is clear, without it is not known.
    @Test func aRegeneratedSignerIsNotTakenForGranted() throws {
        let served = try Self.list("ITLFile.tlv", [(Self.renewed, .sast), (Self.tvs, .tvs)])
        let signer = Self.signer(Self.renewed)
        let down = TVSReplies([TVSReply(server: "pub", answer: .unreachable(.verbatim("it is down")))])
        let without = forecast([["pub"]], signer: signer, itl: served, tvs: down)
        #expect(without.map(\.rule) == [.itlNewer] && without.map(\.outcome) == [.unknown])
        let vouching = TVSReplies([
            TVSReply(server: "pub", answer: .vouches(certificate: Self.renewed.der, roles: [.sast]))
        ])
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
            tvs: TVSReplies([
                TVSReply(server: "pub", answer: .vouches(certificate: Self.token.der, roles: [.sast])),
                TVSReply(server: "sub", answer: .doesNotKnow),
            ]))
        #expect(forecast.groups.reduce(0) { $0 + $1.phones.count } == 40_000)
        #expect(forecast.groups.count < 10)
        let unregistered = forecast.groups.filter { $0.before.localized == "not known (not registered)" }
        #expect(unregistered.map(\.verdict.outcome).contains(.unknown))
        #expect(forecast.entries.count { $0.verdict.outcome == .accepted } == 10_000)
    }

    // MARK: Pages

    static let otherToken = certificate("SAST-ADN0054f509", 5)

    /// The verdict for a phone of this model, if its page says so, and if it does not answer.
    private func verdicts(
        _ model: String, page: HeldChecksum, signer: Certificate, registered: Bool = true,
        present: TrustListFile?, copies: [TrustListFile] = [], tvs: TVSStatement = .doesNotKnow
    ) -> (with: Verdict, without: Verdict) {
        func verdict(_ checksums: [String: HeldChecksum]) -> Verdict {
            let phone = Phone(
                name: "SEP1", model: PhoneModel(name: model), address: "127.0.0.1", isRegistered: registered,
                place: Self.place(["pub"]))
            let surveyed = SurveyedPhone.all(
                [phone], checksums: checksums, present: present.map { ($0.encoded(), $0) },
                copy: { text in copies.first { Digest.sha1($0.encoded()).hex == text } })
            return Forecast(
                of: surveyed, signer: Self.signer(signer), present: present, itls: ["pub": itl], nodes: ["pub"],
                tvs: TVSReplies([TVSReply(server: "pub", answer: tvs)])
            ).entries[0].verdict
        }
        return (verdict(["SEP1": page]), verdict([:]))
    }

    /// "Not Installed" is what anyone on the network can say in a phone's place. It is not "accepted on first use".
    @Test func aPageWithoutAFileImprovesNothing() {
        for model in ["Cisco 7960", "Cisco 8861"] {
            let refused = verdicts(model, page: .notInstalled, signer: Self.token, present: present)
            #expect(refused.without.outcome == .refused && refused.with.outcome == .refused, "\(model)")
            #expect(refused.with.reason.localized.contains("its web page says"), "\(refused.with.reason.localized)")
        }
        // The signer is in the file that is served: what the page says makes it worse for a model that depends on it.
        let known = verdicts("Cisco 7960", page: .notInstalled, signer: Self.publisher, present: present)
        #expect(known.without.outcome == .accepted && known.with.outcome == .unknown)
        #expect(known.with.rule == .heldFileUnknown)
        #expect(known.with.reason.localized.contains("says that it holds no CTL file"))
        // Where nobody serves a file, a phone has none.
        let none = verdicts("Cisco 7960", page: .notInstalled, signer: Self.token, present: nil)
        #expect(none.with.rule == .firstUse && none.with == none.without)
    }

    /// A checksum of a file that would accept, where the file that is served would not.
    @Test func aPageWithABetterFileImprovesNothing() throws {
        let better = try Self.list("CTLFile.tlv", [(Self.publisher, .sast), (Self.token, .sast)])
        let page = HeldChecksum.checksum(Digest.sha1(better.encoded()).hex)
        let phone = verdicts("Cisco 7960", page: page, signer: Self.token, present: present, copies: [better])
        #expect(phone.without.outcome == .refused && phone.with.outcome == .refused)
        #expect(phone.with.rule == .noSecurityByDefault)
        // Not for a phone either of which only the page says anything.
        let away = verdicts(
            "Cisco 7960", page: page, signer: Self.token, registered: false, present: present, copies: [better])
        #expect(away.without.outcome == .unknown && away.with.outcome == .unknown)
    }

    /// Whatever a page says, in every situation: the verdict is never better than without it, and a worse file counts.
    @Test func noPageImprovesAVerdict() throws {
        let files = try [
            Self.list("CTLFile.tlv", [(Self.publisher, .sast)]),
            Self.list("CTLFile.tlv", [(Self.publisher, .sast), (Self.token, .sast)]),
            Self.list("CTLFile.tlv", [(Self.otherToken, .sast), (Self.token, .sast)]),
            Self.list("CTLFile.tlv", [(Self.otherToken, .sast)]),
        ]
        let pages: [HeldChecksum] =
            [.notInstalled, .checksum("00112233445566778899aabbccddeeff")]
            + files.map { .checksum(Digest.sha1($0.encoded()).hex) }
        let order: [Verdict.Outcome] = [.accepted, .unknown, .refused]
        var (worse, cases) = (0, 0)
        for model in ["Cisco 7960", "Cisco 8861", "Something new"] {
            for present in files {
                for page in pages {
                    for signer in [Self.publisher, Self.token, Self.otherToken] {
                        for tvs in [TVSStatement.doesNotKnow, .vouches(certificate: signer.der, roles: [.sast])] {
                            for registered in [true, false] {
                                let (with, without) = verdicts(
                                    model, page: page, signer: signer, registered: registered, present: present,
                                    copies: files, tvs: tvs)
                                let (a, b) = (
                                    order.firstIndex(of: with.outcome)!, order.firstIndex(of: without.outcome)!
                                )
                                #expect(a >= b, "\(model), \(page), \(with.reason.localized)")
                                cases += 1
                                if a > b { worse += 1 }
                            }
                        }
                    }
                }
            }
        }
        #expect(cases == 864 && worse > 50, "\(worse) of \(cases)")
    }
}

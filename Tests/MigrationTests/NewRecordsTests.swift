import Basics
import Cluster
import Messages
import Phones
import Testing
import TrustList
import X509

@testable import Migration

/// The records of a file that a token signs: the nodes' current certificates, and from 11.5 on the cluster's own signers.
@Suite(.timeLimit(.minutes(5))) struct NewRecordsTests {
    private let folder = Folder()
    private static let recovery = Situation.certificate("ITLRECOVERY_cucm-pub", 11, Situation.publisherKey)
    private static let capf = Situation.certificate("CAPF-1", 12, Situation.publisherKey)

    private func cluster(_ release: String) throws -> MemoryCluster {
        let cluster = try Situation.all[0].cluster()
        cluster.release = release
        cluster.certificates["pub"] = [
            "CallManager": Situation.publisher, "ITLRecovery": Self.recovery, "CAPF": Self.capf,
        ]
        return cluster
    }

    /// Role and common name of each record, in order.
    private func records(_ cluster: MemoryCluster) throws -> [String] {
        let file = try TrustListFile(decoding: try #require(cluster.files["pub"]?["CTLFile.tlv"]))
        return file.records.map { record in
            "\(record.role?.text ?? "?") \(record.x509?.subject.value(of: "CN") ?? "-") \(record.x509?.serialNumber.hex ?? "-")"
        }
    }

    @Test(arguments: ["10.5.1.10000-7", "10.5.2.10000-5"]) func upTo10TokensAloneSign(release: String) throws {
        let cluster = try cluster(release)
        try Situation.all[0].plan(cluster, in: folder).runAll()
        #expect(
            try records(cluster) == [
                "SAST SAST-ADN0054f509 03", "CCM+TFTP cucm-pub 01", "CCM+TFTP cucm-sub 05", "SAST SAST-ADN008580ef 04",
            ])
    }

    @Test(arguments: ["11.5.1.10000-6", "12.0.1.10000-10", "14.0.1.10000-20"])
    func from11OnTheClustersSignersAreNamed(release: String) throws {
        let cluster = try cluster(release)
        let change = try Situation.all[0].plan(cluster, in: folder)
        #expect(change.recordChanges.map(\.localized).map { $0.prefix(10) }.contains("+ SAST ITL"))
        try change.runAll()
        let four = [
            "SAST SAST-ADN0054f509 03", "SAST ITLRECOVERY_cucm-pub 0b", "SAST cucm-pub 01", "CCM+TFTP cucm-pub 01",
            "CCM+TFTP cucm-sub 05", "SAST SAST-ADN008580ef 04",
        ]
        #expect(try records(cluster) == four)
        let file = try TrustListFile(decoding: try #require(cluster.files["pub"]?["CTLFile.tlv"]))
        #expect(file.records[1].ipAddress == [127, 1, 2, 11] && !file.records[1].isToken)

        // A renewed certificate changes its record, and takes none of the signers away.
        cluster.certificates["sub"] = ["CallManager": Situation.renewed]
        let update = try Change(
            .new(
                ChangeRequest(
                    .updateCertificates, tokens: Situation.tokens,
                    settings: .init(acceptsStranded: true, output: folder.path + "/update"), now: 1_900_000_000)),
            of: cluster, state: folder.state)
        #expect(update.recordChanges.count == 1 && update.recordChanges[0].localized.hasPrefix("~ CCM+TFTP cucm-sub"))
        try update.runAll()
        #expect(try records(cluster) == four.map { $0 == "CCM+TFTP cucm-sub 05" ? "CCM+TFTP cucm-sub 09" : $0 })
    }

    /// The record says what goes: no signer leaves a file unseen.
    @Test func eachRecordThatGoesIsSaid() throws {
        let change = try Situation.all[0].plan(cluster("10.5.1.10000-7"), in: folder)
        let lines = change.recordChanges.map(\.localized)
        #expect(
            lines.count == 3 && lines.contains { $0.hasPrefix("- SAST cucm-pub: serial number 01, SHA-1 ") }, "\(lines)"
        )
        #expect(lines.filter { $0.hasPrefix("+ SAST token SAST-ADN") }.count == 2)
    }

    /// A certificate that was regenerated, and not brought into the present file, is not signed again.
    @Test func staleRecordsAreRenewedByEveryChange() throws {
        let cluster = try cluster("10.5.1.10000-7")
        cluster.certificates["sub"] = ["CallManager": Situation.renewed]
        let change = try Situation.all[0].plan(cluster, in: folder)
        #expect(change.recordChanges.contains { $0.localized.hasPrefix("~ CCM+TFTP cucm-sub: serial number 05") })
        try change.runAll()
        #expect(try records(cluster).contains("CCM+TFTP cucm-sub 09"))
    }

    /// One that is regenerated between plan and signature is noticed.
    @Test func aCertificateOfTheLastMinuteIsNoticed() throws {
        let cluster = try cluster("10.5.1.10000-7")
        let change = try Situation.all[0].plan(cluster, in: folder)
        cluster.onChange = { what in
            if what.hasPrefix("upload") { cluster.certificates["sub"] = ["CallManager": Situation.renewed] }
        }
        let old = cluster.files
        let failure = #expect(throws: StepFailure.self) { try change.runAll() }
        #expect(failure?.stepID == .buildAndSign && (failure?.cause as? MigrationError)?.code == .readBackDiffers)
        #expect(cluster.files == old)
    }

    /// With a multi-server certificate the publisher's record stands for all.
    @Test func aSharedCertificateStandsOnce() throws {
        let cluster = try cluster("11.5.1.10000-6")
        cluster.certificates["sub"] = ["CallManager": Situation.publisher]
        try Situation.all[0].plan(cluster, in: folder).runAll()
        #expect(try records(cluster).filter { $0.hasPrefix("CCM+TFTP") } == ["CCM+TFTP cucm-pub 01"])
    }

    /// An operator who started as the technote does has deleted the file on every node: it is created from the nodes'
    /// certificates.
    @Test(arguments: ["9.1.2.10000-28", "11.5.1.10000-6"]) func aFileFromNothing(release: String) throws {
        let cluster = try cluster(release)
        for node in cluster.nodes { cluster.files[node]?["CTLFile.tlv"] = nil }
        let change = try Situation.all[0].plan(cluster, in: folder)
        // Phones still hold the file that is gone.
        #expect(change.forecast.entries.first { $0.phone.name == "SEP3" }?.verdict.outcome != .accepted)
        try change.runAll()
        let signers = release.hasPrefix("9") ? [] : ["SAST ITLRECOVERY_cucm-pub 0b", "SAST cucm-pub 01"]
        #expect(
            try records(cluster) == ["SAST SAST-ADN0054f509 03"] + signers + [
                "CCM+TFTP cucm-pub 01", "CAPF CAPF-1 0c", "CCM+TFTP cucm-sub 05", "SAST SAST-ADN008580ef 04",
            ])
        let file = try TrustListFile(decoding: try #require(cluster.files["sub"]?["CTLFile.tlv"]))
        let server = try #require(file.records.first { $0.role == .ccmTFTP })
        #expect(server.dnsName == "127.1.2.11" && server.certificateSignature == nil)
    }

    /// FN70613: an upgrade regenerates ITLRecovery, and the file that the cluster signed keeps the former one.
    @Test func aRegeneratedSignerOfTheClusterIsRenewedToo() throws {
        let situation = Situation(kind: .updateCertificates, usesTokens: false)
        let cluster = try situation.cluster()
        cluster.certificates["sub"] = ["CallManager": Situation.subscriber]
        cluster.release = "12.5.1.10000-22"
        let file = try Situation.file(
            "CTLFile.tlv",
            Situation.records([
                (Situation.publisher, .sast, "cucm-pub", 11), (Self.recovery, .sast, "cucm-pub", 11),
                (Situation.publisher, .ccmTFTP, "cucm-pub", 11), (Situation.subscriber, .ccmTFTP, "cucm-sub", 12),
            ]))
        for node in cluster.nodes { cluster.files[node]?["CTLFile.tlv"] = file }
        cluster.certificates["pub"] = ["CallManager": Situation.publisher, "ITLRecovery": Self.recovery]
        #expect(try situation.plan(cluster, in: folder).isAlreadySo)
        let new = Situation.certificate("ITLRECOVERY_cucm-pub", 21, Situation.tokenKey)
        cluster.certificates["pub"] = ["CallManager": Situation.publisher, "ITLRecovery": new]
        let change = try situation.plan(cluster, in: folder)
        #expect(!change.isAlreadySo && change.recordChanges.count == 1)
        #expect(change.recordChanges[0].localized.contains("ITLRecovery changes from SHA-1 \(Self.recovery.sha1.hex)"))
    }

    /// Servers of one role only are renewed as well.
    @Test(arguments: [Role.ccm, .tftp, .capf]) func everyRoleOfServersIsRenewed(role: Role) throws {
        let cluster = try cluster("10.5.1.10000-7")
        let unit = role == .capf ? "CAPF" : "CallManager"
        cluster.certificates["sub"] = ["CallManager": Situation.subscriber]
        cluster.certificates["sub"]?[unit] = Situation.renewed
        let file = try Situation.file(
            "CTLFile.tlv",
            Situation.records([
                (Situation.publisher, .sast, "cucm-pub", 11), (Situation.publisher, .ccmTFTP, "cucm-pub", 11),
                (Situation.subscriber, role, "cucm-sub", 12), (Situation.subscriber, .ccmTFTP, "cucm-sub", 12),
            ]))
        for node in cluster.nodes { cluster.files[node]?["CTLFile.tlv"] = file }
        try Situation.all[0].plan(cluster, in: folder).runAll()
        #expect(try records(cluster).contains("\(role.text) cucm-sub 09"))
    }

    /// Without the publisher's own word there is no such file, and nothing is asked of a token.
    @Test func whatIsNotShownIsNotGuessed() throws {
        let cluster = try cluster("12.5.1.10000-22")
        cluster.certificates["pub"] = ["CallManager": Situation.publisher]
        let error = #expect(throws: MigrationError.self) { try Situation.all[0].plan(cluster, in: folder) }
        #expect(error?.code == .unproven && error?.text.localized.contains("ITLRecovery") == true)
    }

    /// Plans of versions that copied records as they were are read, and do just that.
    @Test func plansOfBeforeKeepTheirMeaning() throws {
        let steps = Planner.steps(.toEtoken, tokens: Situation.tokens, signer: 1, phones: .init(), on: nil)
        let sha1 = Situation.second.sha1.hex
        #expect(
            steps.contains { step in
                if case .buildAndSign(sha1, .before, .kept, .none) = step { true } else { false }
            })
    }
}

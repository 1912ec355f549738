import Certificates
import Files
import Foundation
import Migration
import Phones
import Testing
import TrustList

@Suite struct ToEtokenTests {
    static let publisherKey = try! PrivateKey.generate(bits: 1024)
    static let tokenKey = try! PrivateKey.generate(bits: 2048)
    static let publisher = certificate("cucm-pub", 1, publisherKey)
    static let tvs = certificate("tvs", 2, publisherKey)
    static let first = certificate("SAST-ADN0054f509", 3, tokenKey)
    static let second = certificate("SAST-ADN008580ef", 4, tokenKey)

    static func certificate(_ name: String, _ serial: UInt8, _ key: PrivateKey) -> Certificate {
        try! CertificateBuilder(
            subject: DistinguishedName(["CN": name]), serialNumber: [serial], notBefore: 0, notAfter: 4_000_000_000
        ).selfSigned(by: key)
    }

    static func list(_ fileName: String, _ records: [(Certificate, Role)]) throws -> [UInt8] {
        try TrustListDraft(
            fileName: fileName, timestamp: 1_425_671_113, digest: .sha1,
            records: records.map {
                try Record(
                    certificate: $0.0, role: $0.1, dnsName: "cucm-pub", ipAddress: [127, 1, 2, 11], names: .cucm,
                    withCertificateSignature: true)
            }
        ).signed(
            by: SoftwareSigner(certificate: publisher, key: publisherKey), modulusBits: 1024,
            verifier: X509SignatureVerifier()
        ).encoded()
    }

    /// A folder that is removed with the test.
    final class Folder {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("etoken-bridge-" + UUID().uuidString)
            .path
        init() { try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    let folder = Folder()
    let cluster = MemoryCluster()
    let oldFile = try! list("CTLFile.tlv", [(publisher, .sast), (publisher, .ccmTFTP)])

    init() throws {
        let itl = try Self.list("ITLFile.tlv", [(Self.publisher, .sast), (Self.tvs, .tvs)])
        for node in cluster.nodes { cluster.files[node] = ["CTLFile.tlv": oldFile, "ITLFile.tlv": itl] }
        cluster.fleet = [("SEP1", "CP-7975G"), ("SEP2", "CP-8861"), ("SEP3", "CP-7960G")].map {
            Phone(name: $0.0, model: PhoneModel(name: $0.1), address: nil, isRegistered: true)
        }
        for phone in cluster.fleet { cluster.held[phone.name] = oldFile }
    }

    func plan(accepting: Bool = true, tokens: [MigrationToken]? = nil) throws -> ToEtoken<MemoryCluster> {
        try ToEtoken(
            cluster,
            options: .init(
                tokens: tokens
                    ?? [
                        MigrationToken(label: "SAST-ADN0054f509", certificate: Self.first),
                        MigrationToken(label: "SAST-ADN008580ef", certificate: Self.second),
                    ],
                signer: 1, acceptsStranded: accepting, output: folder.path + "/out",
                state: StateFolder(path: folder.path + "/state"), timestamp: 1_800_000_000, phoneRestartTimeout: 1)
        ) { try SoftwareSigner(certificate: Self.second, key: Self.tokenKey) }
    }

    func run(_ plan: ToEtoken<MemoryCluster>) throws(StepFailure) {
        try StepRunner(plan.steps, commitStep: ToEtoken<MemoryCluster>.commitStep) { _ in }.run()
    }

    @Test func changesTheFileOnEveryNodeInTheSafeOrder() throws {
        let plan = try plan()
        try run(plan)
        let new = try #require(plan.newFile)
        let list = try TrustListFile(decoding: new)
        #expect(try list.isSigned(by: Self.second))
        #expect(list.records.map(\.role) == [.sast, .ccmTFTP, .sast])
        #expect(list.records[1].dnsName == "127.1.2.11")
        #expect(cluster.nodes.allSatisfy { cluster.files[$0]?["CTLFile.tlv"] == new })
        #expect(
            cluster.changes == [
                "upload SAST-ADN0054f509", "upload SAST-ADN008580ef", "deploy pub", "deploy sub",
                "restart Cisco Tftp pub", "restart Cisco Tftp sub", "restart Cisco CallManager pub",
                "restart Cisco CallManager sub", "restart SEP1", "restart SEP2", "restart SEP3",
            ])
        #expect(plan.after == ["SEP1": .newFile, "SEP2": .newFile, "SEP3": .oldFile])
        #expect(try Files.read(StateFolder(path: folder.path + "/state").backupPath(of: oldFile)) == oldFile)
    }

    @Test func planningChangesNothing() throws {
        let plan = try plan(accepting: false)
        #expect(plan.forecast.entries.map(\.verdict.outcome) == [.accepted, .accepted, .refused])
        #expect(throws: MigrationError.self) { try plan.checkForecast() }
        #expect(cluster.changes.isEmpty)
    }

    @Test func aSecondRunFindsItAlreadySo() throws {
        try run(plan())
        #expect(try plan().isAlreadySo)
    }

    @Test func withoutTVSNothingThatPhonesSeeIsChanged() throws {
        cluster.tvsKnowsUploads = false
        let plan = try plan()
        let failure = #expect(throws: StepFailure.self) { try run(plan) }
        #expect(failure?.stepID == "ask-tvs")
        #expect(cluster.store.isEmpty)
        #expect(!cluster.changes.contains { $0.hasPrefix("deploy") })
    }

    /// Every change fails once; the files and the trust store must be as before, or the failure comes after the commit.
    @Test(arguments: ["upload SAST-ADN0054f509", "upload SAST-ADN008580ef", "deploy pub", "deploy sub"])
    func aFailedChangeIsUndone(change: String) throws {
        cluster.onChange = { if $0 == change { throw MemoryCluster.Fault(description: "disk full") } }
        let plan = try plan()
        let failure = #expect(throws: StepFailure.self) { try run(plan) }
        #expect(failure?.notUndone == [])
        #expect(failure?.isAfterCommit == false)
        #expect(cluster.store.isEmpty)
        #expect(cluster.nodes.allSatisfy { cluster.files[$0]?["CTLFile.tlv"] == oldFile })
    }

    /// Control-C before every step: undone before the commit, left with the new file after it.
    @Test(arguments: 1...10) func anInterruptionIsLikeAFailure(step: Int) throws {
        let plan = try plan()
        var begun = 0
        let failure = #expect(throws: StepFailure.self) {
            try StepRunner(
                plan.steps, commitStep: ToEtoken<MemoryCluster>.commitStep,
                isInterrupted: { begun == step }
            ) { if case .began = $0 { begun += 1 } }.run()
        }
        #expect((failure?.cause as? MigrationError)?.code == .interrupted)
        let isCommitted = step > 7
        #expect(failure?.isAfterCommit == isCommitted)
        #expect(cluster.store.isEmpty != isCommitted)
        let expected = isCommitted ? plan.newFile : oldFile
        #expect(cluster.nodes.allSatisfy { cluster.files[$0]?["CTLFile.tlv"] == expected })
    }

    @Test func aNodeThatServesOtherBytesIsPutBack() throws {
        cluster.corrupt = { [oldFile] node, file, bytes in
            node == "sub" && file == "CTLFile.tlv" && bytes != oldFile ? bytes.dropLast() + [0xff] : bytes
        }
        let plan = try plan()
        let failure = #expect(throws: StepFailure.self) { try run(plan) }
        #expect((failure?.cause as? MigrationError)?.code == .readBackDiffers)
        #expect(cluster.nodes.allSatisfy { cluster.files[$0]?["CTLFile.tlv"] == oldFile })
        #expect(cluster.store.isEmpty)
    }

    @Test func whatCannotBePutBackIsSaid() throws {
        var deployments = 0
        cluster.onChange = { change in
            if change.hasPrefix("deploy") { deployments += 1 }
            if deployments > 1, change.hasPrefix("deploy") { throw MemoryCluster.Fault(description: "node is down") }
        }
        let failure = #expect(throws: StepFailure.self) { try run(plan()) }
        #expect(failure?.notUndone.count == 1)
        #expect(failure?.notUndone.first?.contains("pub") == true)
    }

    @Test func aFailureAfterTheCommitLeavesTheNewFile() throws {
        cluster.onChange = { if $0.hasPrefix("restart Cisco") { throw MemoryCluster.Fault(description: "timeout") } }
        let plan = try plan()
        let failure = #expect(throws: StepFailure.self) { try run(plan) }
        #expect(failure?.isAfterCommit == true)
        #expect(cluster.files["sub"]?["CTLFile.tlv"] == plan.newFile)
    }

    @Test func badStartsAreRefused() throws {
        func code(_ tokens: [MigrationToken]? = nil) -> MigrationError.Code? {
            do {
                _ = try plan(tokens: tokens)
                return nil
            } catch { return (error as? MigrationError)?.code }
        }
        #expect(code([MigrationToken(label: "a", certificate: Self.first)]) == .unusableTokens)
        let twice = MigrationToken(label: "a", certificate: Self.first)
        #expect(code([twice, twice]) == .unusableTokens)
        cluster.files["sub"]?["CTLFile.tlv"] = nil
        #expect(code() == .inconsistentFiles)
        cluster.files["sub"]?["CTLFile.tlv"] = oldFile.dropLast() + [1]
        #expect(code() == .inconsistentFiles)
        for node in cluster.nodes { cluster.files[node]?["CTLFile.tlv"] = Array(oldFile.dropLast(9)) }
        #expect(code() == .presentFileInvalid)
        var flipped = oldFile
        flipped[oldFile.count - 100] ^= 1
        for node in cluster.nodes { cluster.files[node]?["CTLFile.tlv"] = flipped }
        #expect(code() == .presentFileInvalid)
        cluster.mixedMode = false
        #expect(code() == .notMixedMode)
    }
}

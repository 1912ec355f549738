import Basics
import Cluster
import Messages
import Phones
import Testing
import TrustList
import X509

@testable import Migration

/// Whom a change leaves behind is known afterwards, until someone visits them.
@Suite(.timeLimit(.minutes(5))) struct StrandedRegisterTests {
    private let folder = Folder()
    private let situation = Situation.all[0]

    private var register: StrandedRegister { get throws { try StrandedRegister(of: "memory", in: folder.state) } }

    /// Nobody's web page answers, as in the field.
    private func migrated() throws -> MemoryCluster {
        let cluster = try situation.cluster()
        cluster.silent = Set(cluster.fleet.map(\.name))
        try situation.plan(cluster, in: folder).runAll()
        return cluster
    }

    /// What a cluster's phones would do when it goes back to its own signature.
    private func wayBack(_ cluster: MemoryCluster) throws -> [String: Verdict.Outcome] {
        let back = Situation(kind: .toTokenless, usesTokens: false)
        let change = try Change(
            .new(
                ChangeRequest(
                    back.kind, settings: .init(acceptsStranded: false, output: folder.path + "/back"),
                    now: 1_900_000_000)), of: cluster, state: folder.state)
        return Dictionary(uniqueKeysWithValues: change.forecast.entries.map { ($0.phone.name, $0.verdict.outcome) })
    }

    @Test func whoDidNotFollowHoldsTheOldFile() throws {
        #expect(try register.isEmpty)
        let cluster = try migrated()
        let old = try Situation.ownFile(.mixed)
        #expect(try register.entries.map(\.phone) == ["SEP3"])
        #expect(try register.entries[0].held == .file(sha256: Digest.sha256(old).hex))
        // It holds the file that the publisher signed, so it takes another one of the publisher's.
        #expect(try wayBack(cluster)["SEP3"] == .accepted)
        // And not another one of the tokens', which a phone with the served file would take.
        let survey = try Survey(of: cluster, backups: folder.state, acceptingUnproven: false)
        let phone = try #require(survey.phones.first { $0.phone.name == "SEP3" })
        #expect(phone.holding == HeldFile(code: .olderFile, checksum: Digest.sha1(old).hex, isAssumed: true))
    }

    /// Another file by the same tokens, with a new certificate of the subscriber.
    private func update(_ cluster: MemoryCluster, accepting: Bool = false) throws -> Change {
        cluster.certificates["sub"] = ["CallManager": Situation.renewed]
        return try Change(
            .new(
                ChangeRequest(
                    .updateCertificates, tokens: Situation.tokens,
                    settings: .init(acceptsStranded: accepting, output: folder.path + "/again"), now: 1_900_000_000)),
            of: cluster, state: folder.state)
    }

    @Test func aVisitClearsIt() throws {
        let cluster = try migrated()
        // Only the page says so: anyone on the network could.
        cluster.silent = []
        cluster.held["SEP3"] = cluster.files["pub"]?["CTLFile.tlv"]
        func verdict() throws -> Verdict.Outcome? {
            try update(cluster).forecast.entries.first { $0.phone.name == "SEP3" }?.verdict.outcome
        }
        #expect(try verdict() == .refused)
        try PhoneVisit.report(["SEP3"], of: "memory", by: "tester@here", in: folder.state)
        #expect(try register.isEmpty)
        #expect(try verdict() == .accepted)
    }

    /// The next change by tokens asks nobody to accept again what the last one has done.
    @Test func onlyNewOnesCount() throws {
        let cluster = try migrated()
        let change = try update(cluster)
        #expect(change.forecast.stranded.map(\.phone.name) == ["SEP3"] && change.newlyStranded.isEmpty)
        #expect(throws: Never.self) { try change.checkForecast() }
        // A phone of the same kind that is new in the cluster is one.
        cluster.fleet.append(
            Phone(name: "SEP4", model: PhoneModel(name: "CP-7960G"), address: nil, isRegistered: false))
        cluster.silent.insert("SEP4")
        let error = #expect(throws: MigrationError.self) { try update(cluster).checkForecast() }
        #expect(error?.code == .phonesWouldRefuse)
        #expect(
            error?.text.localized.contains("1 of 4 phones") == true && error?.text.localized.contains("SEP3") == false)
    }

    /// After the way back, those who had followed and do not return are behind, and those who had stayed are not.
    @Test func aRollbackTurnsItRound() throws {
        let situation = Situation.all[1]
        let cluster = try situation.cluster()
        cluster.silent = Set(cluster.fleet.map(\.name))
        try situation.plan(cluster, in: folder).runAll()
        #expect(try register.entries.map(\.phone) == ["SEP3"])
        let new = try #require(cluster.files["pub"]?["CTLFile.tlv"])
        // TVS cannot be asked about the token: phones with the publisher's file do not accept the token's.
        cluster.tvsIsDown = true
        let open = try OpenChange(of: "memory", in: folder.state) { try folder.journal() }
        let surveyed = try open.rollBack(on: cluster)
        _ = try surveyed.agreeToForecast(acceptingStranded: true).begin(RunAuthor(who: "t", version: "1")).run(
            RunContext())
        #expect(try register.entries.map(\.phone) == ["SEP1", "SEP2"])
        #expect(try Set(register.entries.map(\.held)) == [.file(sha256: Digest.sha256(new).hex)])
    }

    @Test func aDamagedListOfVisitsIsSaid() throws {
        _ = try migrated()
        try Files.makeFolder(folder.path + "/state/visits")
        try Files.write(
            Array("{}\n".utf8), to: folder.path + "/state/visits/memory.jsonl", permissions: 0o600, replacing: false)
        let error = #expect(throws: MigrationError.self) { try register }
        #expect(error?.text.localized.contains("visits/memory.jsonl") == true)
    }
}

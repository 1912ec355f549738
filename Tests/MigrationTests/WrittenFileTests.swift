import Basics
import Cluster
import Phones
import Testing
import TrustList
import X509

@testable import Migration

/// TVS learns who signs the cluster's own file from that file. The forecast expects it, and is made again when the file is there.
@Suite(.timeLimit(.minutes(5))) struct WrittenFileTests {
    private let folder = Folder()

    /// Back to tokenless on a release whose tokens' files name the publisher as a server only; phones hold the subscriber's ITL
    /// file, in which it is no SAST either.
    private func cluster() throws -> MemoryCluster {
        let cluster = try Situation.all[1].cluster()
        let records = try Situation.records([
            (Situation.subscriber, .sast, "cucm-sub", 12), (Situation.publisher, .ccmTFTP, "cucm-pub", 11),
            (Situation.tvs, .tvs, "cucm-pub", 11),
        ])
        let draft = TrustListDraft(fileName: "ITLFile.tlv", timestamp: 1_425_671_113, digest: .sha1, records: records)
        let itl = try draft.signed(
            by: SoftwareSigner(certificate: Situation.subscriber, key: Situation.publisherKey)
        ).encoded()
        cluster.files["sub"]?["ITLFile.tlv"] = itl
        cluster.fleet = cluster.fleet.dropLast().map {
            Phone(
                name: $0.name, model: $0.model, address: nil, isRegistered: true,
                place: PhonePlace(
                    devicePool: "one", callManagerGroup: "one", servers: ["sub", "pub"], securityProfile: "",
                    firmware: nil))
        }
        cluster.rolesOfOwn = { list in
            list.records.filter { $0.certificate == Situation.publisher.der }.compactMap(\.role)
        }
        return cluster
    }

    @Test func phonesFollowWhatTVSReads() throws {
        let cluster = try cluster()
        try Situation.all[1].plan(cluster, in: folder, accepting: false).runAll()
        let state = try Journal.open(folder.journal()).state
        #expect(state.outcome == .finished)
        #expect(state.forecast?.count(.accepted) == 2 && state.tvs.map(\.code) == [.vouches])
    }

    /// The file is there, TVS does not vouch for its signer, and no phone is told.
    @Test func TVSThatDoesNotReadIsNoticed() throws {
        let cluster = try cluster()
        cluster.rolesOfOwn = { _ in [.ccmTFTP] }
        let before = cluster.files
        let failure = #expect(throws: StepFailure.self) {
            try Situation.all[1].plan(cluster, in: folder, accepting: false).runAll()
        }
        #expect(failure?.stepID == .updateTrustList && failure?.isAfterCommit == false)
        #expect((failure?.cause as? MigrationError)?.code == .phonesWouldRefuse)
        #expect(cluster.files == before)
        #expect(cluster.changes.contains("utils ctl update CTLFile"))
        #expect(!cluster.changes.contains { $0.hasPrefix("restart SEP") || $0.hasPrefix("restart Cisco Call") })
        #expect(try Journal.open(folder.journal()).state.outcome == .rolledBack)
        // Someone is ready to visit them.
        let second = Folder()
        try Situation.all[1].plan(cluster, in: second).runAll()
        let state = try Journal.open(second.journal()).state
        #expect(state.outcome == .finished && state.forecast?.count(.unknown) == 2)
    }

    /// Another certificate of the cluster's signs than was expected: the forecast is of that one.
    @Test func whoReallySignedCounts() throws {
        let cluster = try Situation.all[1].cluster()
        cluster.fleet.removeLast()
        // What counts is the phones' ITL file, which names the publisher.
        cluster.tvsIsDown = true
        let before = cluster.files
        cluster.ownFile = { _ in
            try Situation.pairFile(Situation.publisher, by: (Situation.recovery, Situation.recoveryKey))
        }
        let failure = #expect(throws: StepFailure.self) {
            try Situation.all[1].plan(cluster, in: folder, accepting: false).runAll()
        }
        #expect((failure?.cause as? MigrationError)?.code == .phonesWouldRefuse)
        #expect(cluster.files == before)
    }

    /// The previous file comes back: TVS learns its signer again from that.
    @Test(arguments: [true, false]) func aRollbackAsksWhenTheFileIsBack(reads: Bool) throws {
        let cluster = try cluster()
        let own = try Situation.ownFile(.mixed)
        for node in cluster.nodes { cluster.files[node]?["CTLFile.tlv"] = own }
        for phone in cluster.fleet { cluster.held[phone.name] = own }
        try Situation.all[0].plan(cluster, in: folder).runAll()
        cluster.changes = []
        if !reads { cluster.rolesOfOwn = { _ in [.ccmTFTP] } }
        func rollBack() throws {
            let open = try OpenChange(of: "memory", in: folder.state) { try folder.journal() }
            _ = try open.rollBack(on: cluster).agreeToForecast(acceptingStranded: false)
                .begin(RunAuthor(who: "t", version: "1")).run(RunContext())
        }
        if reads {
            try rollBack()
            #expect(cluster.fleet.allSatisfy { cluster.held[$0.name] == own })
        } else {
            let failure = #expect(throws: StepFailure.self) { try rollBack() }
            #expect(failure?.stepID == .restartServicesAfterRollback)
            #expect((failure?.cause as? MigrationError)?.code == .phonesWouldRefuse)
            #expect(cluster.changes.contains { $0.hasPrefix("restart Cisco Trust Verification Service") })
            #expect(!cluster.changes.contains { $0.hasPrefix("restart SEP") || $0.hasPrefix("restart Cisco Call") })
        }
        #expect(cluster.files.values.allSatisfy { $0["CTLFile.tlv"] == own })
    }

    @Test func waitingForTVSCanBeInterrupted() throws {
        let cluster = try cluster()
        cluster.rolesOfOwn = { _ in [.ccmTFTP] }
        let failure = #expect(throws: StepFailure.self) {
            try Situation.all[1].plan(cluster, in: folder, accepting: false).runAll(
                .run, RunContext(isInterrupted: { cluster.changes.contains("utils ctl update CTLFile") }))
        }
        #expect(failure?.isInterrupted == true)
    }
}

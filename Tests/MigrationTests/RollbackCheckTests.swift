import Basics
import Cluster
import Phones
import Testing
import X509

@testable import Migration

/// After a rollback that restarted phones, who stayed with the change's file is said, and remembered.
@Suite(.timeLimit(.minutes(5))) struct RollbackCheckTests {
    private let folder = Folder()

    private var record: ChangeRecord {
        get throws { try ChangeRecord(journal: folder.journal(), backups: folder.state) }
    }

    private var register: StrandedRegister { get throws { try StrandedRegister(of: "memory", in: folder.state) } }

    /// Runs a change, and takes it back.
    ///
    /// - Parameters:
    ///   - asksTVS: whether phones can ask TVS about the file that comes back.
    ///   - back: done before it is taken back.
    /// - Returns: SHA-256 of the change's file.
    private func turnRound(
        _ situation: Situation, _ cluster: MemoryCluster, asksTVS: Bool = true, before back: () -> Void = {}
    ) throws -> String {
        try situation.plan(cluster, in: folder).runAll()
        let new = try #require(cluster.files["pub"]?["CTLFile.tlv"])
        (cluster.tvsAnswers, cluster.tvsIsDown) = (asksTVS, !asksTVS)
        back()
        let open = try OpenChange(of: "memory", in: folder.state) { try folder.journal() }
        _ = try open.rollBack(on: cluster).agreeToForecast(acceptingStranded: true)
            .begin(RunAuthor(who: "t", version: "1")).run(RunContext())
        return Digest.sha256(new).hex
    }

    /// From the cluster's signature back to the tokens', about which no TVS server can be asked.
    @Test func whoRefusesThePreviousFileNeedsAVisit() throws {
        let cluster = try Situation.all[1].cluster()
        let new = try turnRound(Situation.all[1], cluster, asksTVS: false)
        let record = try record
        #expect(record.state == .rolledBack)
        #expect(record.leftToDo.map(\.code) == [.visit], "\(record.leftToDo)")
        #expect(record.phonesLeft().map(\.phone) == ["SEP1", "SEP2"])
        #expect(record.forecastOfRollback?.count(.refused) == 2)
        // In the words of the change: the old file is the one that is back.
        #expect(record.phones.map(\.result) == [.newFile, .oldFile])
        #expect(record.phones.map(\.phones) == [["SEP1", "SEP2"], ["SEP3"]])
        #expect(record.steps.last?.id == .checkPhonesAfterRollback && record.steps.last?.state == .done)
        let html = record.html
        for text in ["Rolled back; 2 phones are left", "<h2>Left to do</h2>", "<h2>Phones after the rollback</h2>"] {
            #expect(html.contains(text), "\(text)")
        }
        #expect(try register.entries.map(\.held) == [.file(sha256: new), .file(sha256: new)])
    }

    /// Forecast to follow, and its page says that it did not: the rollback stands, and the phone is named.
    @Test func whoShowsTheChangesFileIsNamed() throws {
        let cluster = try Situation.all[0].cluster()
        let new = try turnRound(Situation.all[0], cluster, asksTVS: false)
        let record = try record
        #expect(record.state == .rolledBack && record.forecastOfRollback?.stranded.isEmpty == true)
        #expect(record.leftToDo.map(\.code) == [.otherFile] && record.phonesLeft().map(\.phone) == ["SEP1", "SEP2"])
        #expect(try register.entries.map(\.phone) == ["SEP1", "SEP2"])
        #expect(try Set(register.entries.map(\.held)) == [.file(sha256: new)])
    }

    @Test func whoDoesNotRegisterAgainIsMissing() throws {
        let cluster = try Situation.all[0].cluster()
        _ = try turnRound(Situation.all[0], cluster) { cluster.away = ["SEP2"] }
        let record = try record
        #expect(record.state == .rolledBack && record.leftToDo.map(\.code) == [.missing])
        #expect(record.registrations?.missing.map(\.phone) == ["SEP2"])
        #expect(try register.isEmpty)
    }

    /// Nobody saw the change: there is nothing to look at.
    @Test func phonesThatWereNotToldAreNotChecked() throws {
        let cluster = try Situation.all[0].cluster()
        cluster.onChange = { change throws in
            if change.hasPrefix("restart") { throw MemoryCluster.Fault(description: "no") }
        }
        #expect(throws: StepFailure.self) { try Situation.all[0].plan(cluster, in: folder).runAll() }
        cluster.onChange = { _ in }
        try Situation.all[0].takeUp(cluster, in: folder).rollBackAll()
        let record = try record
        #expect(record.state == .rolledBack && record.phones.isEmpty && record.leftToDo.isEmpty)
        #expect(record.registrations == nil && record.forecastOfRollback == nil)
    }
}

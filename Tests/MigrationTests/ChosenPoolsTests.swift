import Basics
import Cluster
import Messages
import Operations
import Phones
import Testing

@testable import Migration

/// Phones of device pools that were not chosen for the restart are no phones that did not follow.
@Suite(.timeLimit(.minutes(5))) struct ChosenPoolsTests {
    private let folder = Folder()

    private var register: StrandedRegister { get throws { try StrandedRegister(of: "memory", in: folder.state) } }

    /// Of three phones the second is in a pool of its own, which is not chosen; the third one refuses.
    ///
    /// - Parameter showsTheNewFile: the page of the second phone shows what the first one's does.
    private func migrated(showsTheNewFile: Bool = false) throws -> MemoryCluster {
        let cluster = try Situation.all[0].cluster()
        if showsTheNewFile {
            cluster.onLook = { [unowned cluster] _ in cluster.held["SEP2"] = cluster.held["SEP1"] }
        }
        cluster.fleet = cluster.fleet.map { phone in
            var phone = phone
            phone.place = PhonePlace(
                devicePool: phone.name == "SEP2" ? "Lab" : "HQ", callManagerGroup: "", servers: [],
                securityProfile: "", firmware: nil)
            return phone
        }
        let request = ChangeRequest(
            .toEtoken, tokens: Situation.tokens, settings: .init(acceptsStranded: true, output: folder.path + "/out"),
            phones: .init(timeout: 0, pools: ["HQ"]), now: 1_800_000_000)
        try Change(.new(request), of: cluster, state: folder.state).runAll()
        #expect(!cluster.changes.contains("restart SEP2") && cluster.changes.contains("restart SEP1"))
        return cluster
    }

    @Test func theyAreListedAsWhatTheyAre() throws {
        _ = try migrated()
        let record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        // Its page shows the old file, and that is no surprise.
        #expect(record.phones.first { $0.phones.contains("SEP2") }?.result == .oldFile)
        #expect(record.leftToDo.map(\.code) == [.visit, .notRestarted], "\(record.leftToDo)")
        #expect(record.phonesLeft().map(\.phone).sorted() == ["SEP2", "SEP3"])
        #expect(
            record.leftToDo.last?.next.map(\.localized) == [
                "They fetch the file at their next restart. To restart them: etoken-bridge phones restart --cluster memory --pool Lab"
            ])
        // Nobody has to go there.
        #expect(try register.entries.map(\.phone) == ["SEP3"])
    }

    /// It may hold either file, until someone has restarted it.
    @Test func whatTheyHoldIsNotKnownUntilTheyRestart() throws {
        let cluster = try migrated()
        cluster.silent = ["SEP1", "SEP2", "SEP3"]
        func holding() throws -> HeldFile.Code? {
            try Survey(of: cluster, backups: folder.state, acceptingUnproven: false).phones
                .first { $0.phone.name == "SEP2" }?.holding.code
        }
        #expect(try holding() == .notKnown)
        let restart = try RestartRecord.begin(
            cluster: "memory", phones: ["SEP2"], isReset: false, in: folder.state.path, at: .now)
        #expect(try holding() == .notKnown)
        try restart.note(told: "SEP2")
        #expect(try holding() == .presentFile)
    }

    /// The services have restarted, and a phone may have looked for the file by itself.
    @Test func aChangeThatRestartsNobodyDoesNotKnowWhatTheyHold() throws {
        let cluster = try Situation.all[0].cluster()
        let request = ChangeRequest(
            .toEtoken, tokens: Situation.tokens, settings: .init(acceptsStranded: true, output: folder.path + "/out"),
            phones: .init(restart: false), now: 1_800_000_000)
        try Change(.new(request), of: cluster, state: folder.state).runAll()
        let record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(record.leftToDo.map(\.code) == [.visit, .notRestarted], "\(record.leftToDo)")
        let task = try #require(record.leftToDo.last)
        #expect(task.text.localized == "2 phones are not restarted, because this change restarts none.")
        #expect(task.next.first?.localized.hasSuffix("phones restart --cluster memory --all") == true)
        // One command is enough for them.
        #expect(record.phonesLeft().map(\.phone) == ["SEP3"])
        #expect(try register.entries.map(\.phone) == ["SEP3"])

        cluster.silent = ["SEP1", "SEP2", "SEP3"]
        func holding() throws -> [String: HeldFile.Code] {
            let phones = try Survey(of: cluster, backups: folder.state, acceptingUnproven: false).phones
            return Dictionary(uniqueKeysWithValues: phones.map { ($0.phone.name, $0.holding.code) })
        }
        #expect(try holding() == ["SEP1": .notKnown, "SEP2": .notKnown, "SEP3": .olderFile])
        let restart = try RestartRecord.begin(
            cluster: "memory", phones: ["SEP1", "SEP2"], isReset: false, in: folder.state.path, at: .now)
        try restart.note(told: "SEP1")
        #expect(try holding() == ["SEP1": .presentFile, "SEP2": .notKnown, "SEP3": .olderFile])
    }

    /// Anybody on the voice network can answer in a phone's place.
    @Test func aPageDoesNotProveThatOneHasRestarted() throws {
        let cluster = try migrated(showsTheNewFile: true)
        let record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(record.phones.first { $0.phones.contains("SEP2") }?.result == .newFile)
        cluster.silent = ["SEP1", "SEP2", "SEP3"]
        let phones = try Survey(of: cluster, backups: folder.state, acceptingUnproven: false).phones
        #expect(phones.first { $0.phone.name == "SEP2" }?.holding.code == .notKnown)
    }
}

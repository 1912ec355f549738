import Basics
import Cluster
import Configuration
import Foundation
import Messages
import Phones
import Testing

@testable import Migration

/// Which phones were registered before a change and after it, as the cluster says, without any web page.
@Suite(.timeLimit(.minutes(5))) struct RegistrationTests {
    private let folder = Folder()
    private let situation = Situation.all[0]

    /// Three phones at the publisher in two pools, and one that was not registered before.
    private func cluster() throws -> MemoryCluster {
        let cluster = try situation.cluster()
        let places = ["HQ", "Lab"].map {
            PhonePlace(devicePool: $0, callManagerGroup: "", servers: [], securityProfile: "", firmware: nil)
        }
        cluster.fleet = cluster.fleet.enumerated().map { index, phone in
            var phone = phone
            (phone.node, phone.place) = ("pub", places[index / 2])
            return phone
        }
        cluster.fleet.append(Phone(name: "SEP9", model: PhoneModel(name: "CP-8861"), address: nil, isRegistered: false))
        cluster.silent = Set(cluster.fleet.map(\.name))
        return cluster
    }

    @Test func whoIsMissingIsSaid() throws {
        let cluster = try cluster()
        var asked: [[String]] = []
        cluster.onRegistrations = { (names) throws(ClusterError) in asked.append(names) }
        cluster.away = ["SEP2"]
        try situation.plan(cluster, in: folder).runAll()
        #expect(asked == [["SEP1", "SEP2", "SEP3"]])
        let record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        let registrations = try #require(record.registrations)
        #expect(registrations.before == 3 && registrations.after == 2)
        #expect(registrations.pools.map { [$0.before, $0.after] } == [[2, 1], [1, 1]])
        #expect(registrations.models.first { $0.name == "CP-8861" }.map { [$0.before, $0.after] } == [1, 0])
        // They came back at the other node.
        #expect(registrations.nodes.map(\.name) == ["pub", "sub"])
        #expect(registrations.nodes.map { [$0.before, $0.after] } == [[3, 0], [0, 2]])
        #expect(registrations.missing == [.init(phone: "SEP2", model: "CP-8861", pool: "HQ", node: "pub")])
        let sentence =
            "2 of the 3 phones that were registered before the change are registered after it; missing: SEP2 (CP-8861)"
        #expect(record.steps.last?.proofs.last?.localized == sentence)
        #expect(record.html.contains("Not registered any more:") && record.html.contains("SEP2, CP-8861, HQ, pub"))
    }

    /// Phones take their time: only those that are missing are asked after again.
    @Test func thoseThatComeBackAreWaitedFor() throws {
        let cluster = try cluster()
        var asked: [[String]] = []
        cluster.away = ["SEP1", "SEP2"]
        cluster.onRegistrations = { (names) throws(ClusterError) in
            asked.append(names)
            if asked.count == 2 { cluster.away = [] }
        }
        var said: [String] = []
        let context = RunContext(progress: { said.append($0.localized) })
        try situation.plan(cluster, in: folder, phoneTimeout: 60).runAll(.run, context)
        #expect(asked == [["SEP1", "SEP2", "SEP3"], ["SEP1", "SEP2"]])
        #expect(said.contains { $0.hasPrefix("1 of the 3 phones that were registered before are registered again; ") })
        let registrations = try ChangeRecord(journal: folder.journal(), backups: folder.state).registrations
        #expect(registrations?.after == 3 && registrations?.missing.isEmpty == true)
    }

    /// A later run compares with what the first one saw.
    @Test func aResumedChangeComparesWithItsBeginning() throws {
        let cluster = try cluster()
        cluster.onChange = { change throws in
            if change == "restart SEP2" { throw MemoryCluster.Fault(description: "the network is gone") }
        }
        #expect(throws: StepFailure.self) { try situation.plan(cluster, in: folder).runAll() }
        let open = try ChangeRecord(journal: folder.journal(), backups: folder.state).registrations
        #expect(open?.before == 3 && open?.after == nil && open?.summary == nil)
        cluster.onChange = { _ in }
        cluster.fleet = cluster.fleet.map { phone in
            var phone = phone
            phone.isRegistered = false
            return phone
        }
        cluster.away = ["SEP3"]
        try situation.takeUp(cluster, in: folder).runAll(.resume)
        let done = try ChangeRecord(journal: folder.journal(), backups: folder.state).registrations
        #expect(done?.before == 3 && done?.missing.map(\.phone) == ["SEP3"])
        // What was seen then says nothing of the way back: they are asked after again.
        cluster.away = ["SEP1"]
        try situation.takeUp(cluster, in: folder).rollBackAll()
        let back = try ChangeRecord(journal: folder.journal(), backups: folder.state).registrations
        #expect(back?.before == 3 && back?.missing.map(\.phone) == ["SEP1"])
    }

    /// The change stands; that nobody knows is said.
    @Test func aServiceThatDoesNotAnswerStopsNothing() throws {
        let cluster = try cluster()
        cluster.onRegistrations = { (_) throws(ClusterError) in
            throw ClusterError(.unreachable, operation: .verbatim("ask"), message: .verbatim("nobody is there"))
        }
        try situation.plan(cluster, in: folder).runAll()
        let record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(record.state == .finished && record.registrations?.after == nil)
        #expect(record.steps.last?.proofs.last?.localized.contains("is not known") == true)
    }

    /// One phone's page shows the new file only at the second look. Nobody waits for phones without a page.
    @Test func onlyPagesThatAnsweredAreWaitedFor() throws {
        let cluster = try cluster()
        cluster.silent = ["SEP1", "SEP9"]
        let old = cluster.held["SEP2"]
        var new = old
        var asked: [[String]] = []
        cluster.onLook = { names in
            asked.append(names)
            switch asked.count {
            case 2: (new, cluster.held["SEP2"]) = (cluster.held["SEP2"], old)
            case 3: cluster.held["SEP2"] = new
            default: break
            }
        }
        try situation.plan(cluster, in: folder, phoneTimeout: 60).runAll()
        #expect(asked.map(\.count) == [4, 4, 1, 3] && asked[2] == ["SEP2"])
    }
}

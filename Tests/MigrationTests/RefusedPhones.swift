import Basics
import Cluster
import Configuration
import Messages
import Phones
import Testing

@testable import Migration

/// Phones that the cluster did not restart are told by a later run.
@Suite(.timeLimit(.minutes(5))) struct RefusedPhones {
    private let folder = Folder()
    private let situation = Situation.all[0]

    /// A cluster with more phones than one batch.
    private func cluster() throws -> MemoryCluster {
        let cluster = try situation.cluster()
        let held = cluster.held["SEP1"]
        cluster.fleet = (1000..<1250).map {
            Phone(name: "SEP\($0)", model: PhoneModel(name: "CP-8861"), address: nil, isRegistered: true)
        }
        cluster.held = [:]
        for phone in cluster.fleet { cluster.held[phone.name] = held }
        return cluster
    }

    private func refusal(_ code: ClusterError.Code) -> ClusterError {
        ClusterError(code, operation: .verbatim("restart"), message: .verbatim("no"))
    }

    private func told(_ cluster: MemoryCluster) -> [String] {
        cluster.changes.filter { $0.hasPrefix("restart SEP") }
    }

    @Test func refusedPhonesAreNotForgotten() throws {
        let cluster = try cluster()
        // An AXL account without the right: all are refused.
        cluster.onChange = { if $0.hasPrefix("restart SEP") { throw refusal(.refused) } }
        #expect(throws: StepFailure.self) { try situation.plan(cluster, in: folder).runAll() }
        // Resumed: the first hundred are refused again, then the network goes.
        var count = 0
        cluster.onChange = {
            guard $0.hasPrefix("restart SEP") else { return }
            count += 1
            throw refusal(count <= 100 ? .refused : .unreachable)
        }
        #expect(throws: StepFailure.self) { try situation.takeUp(cluster, in: folder).runAll(.resume) }
        // Resumed once more: all is well now.
        cluster.onChange = { _ in }
        cluster.changes = []
        try? situation.takeUp(cluster, in: folder).runAll(.resume)
        #expect(told(cluster).count == 250)
    }

    /// Journals of earlier versions record the last phone that was told, by name.
    @Test func journalsOfBeforeAreUnderstood() {
        func state(_ facts: [JournalRecord.Fact], _ last: JournalRecord.Event = .fact) -> JournalState {
            var records = facts.enumerated().map {
                JournalRecord(number: $0 + 1, time: .now, event: .fact, step: nil, fact: $1)
            }
            records.append(JournalRecord(number: records.count + 1, time: .now, event: last, step: .restartPhones))
            return JournalState(records)
        }
        var known = state([.phonesTold(upTo: "SEP2", refused: ["SEP1"])])
        #expect(!known.isTold(phone: "SEP1") && known.isTold(phone: "SEP2") && !known.isTold(phone: "SEP3"))
        // The second run did not get to the first refused phone.
        known = state([
            .phonesTold(upTo: "SEP5", refused: ["SEP1", "SEP4"]), .phonesTold(upTo: "SEP5", refused: ["SEP1"]),
        ])
        #expect(!known.isTold(phone: "SEP1") && !known.isTold(phone: "SEP4") && known.isTold(phone: "SEP5"))
        // This version continues it.
        known = state([
            .phonesTold(upTo: "SEP2", refused: ["SEP1"]), .phonesRestarted(told: ["SEP1", "SEP3"], refused: ["SEP4"]),
        ])
        #expect(["SEP1", "SEP2", "SEP3"].allSatisfy(known.isTold) && !known.isTold(phone: "SEP4"))
        known = state([.phonesTold(upTo: "SEP2", refused: ["SEP1"])], .proved)
        #expect(known.isTold(phone: "SEP1"))
        known = state(
            [.phonesTold(upTo: "SEP2", refused: []), .phonesRestarted(told: ["SEP3"], refused: [])], .undoing)
        #expect(!known.isTold(phone: "SEP1") && !known.isTold(phone: "SEP3"))
    }

    /// Control-C within a batch: what was told is recorded, the rest is left to another run.
    @Test(arguments: [37, 100, 230]) func theRestartOfPhonesCanBeStopped(number: Int) throws {
        let cluster = try cluster()
        let change = try situation.plan(cluster, in: folder)
        let context = RunContext(isInterrupted: { self.told(cluster).count >= number })
        let failure = #expect(throws: StepFailure.self) { try change.runAll(.run, context) }
        let error = try #require(failure?.cause as? MigrationError)
        #expect(error.code == .interrupted && error.text.localized.contains("\(number) of 250 phones"))
        #expect(failure?.stepID == .restartPhones && failure?.isAfterCommit == true)
        #expect(told(cluster).count == number)
        try situation.takeUp(cluster, in: folder).runAll(.resume)
        #expect(told(cluster).count == 250 && Set(told(cluster)).count == 250)
    }

    @Test(arguments: 0..<4) func theRestartOfServicesCanBeStopped(number: Int) throws {
        let cluster = try situation.cluster()
        let change = try situation.plan(cluster, in: folder)
        var (waits, isInterrupted) = (0, false)
        cluster.onWait = {
            isInterrupted = waits == number
            waits += 1
        }
        let context = RunContext(isInterrupted: { isInterrupted })
        let failure = #expect(throws: StepFailure.self) { try change.runAll(.run, context) }
        let error = try #require(failure?.cause as? MigrationError)
        #expect(error.code == .interrupted && error.text.localized.contains("\(number) of 4 services"))
        #expect(failure?.stepID == .restartServices && failure?.isAfterCommit == true)
        try situation.takeUp(cluster, in: folder).runAll(.resume)
        #expect(cluster.changes.count { $0.hasPrefix("restart Cisco") } == 4)
    }
}

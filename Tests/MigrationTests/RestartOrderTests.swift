import Cluster
import Configuration
import Foundation
import Messages
import Operations
import Testing

@testable import Migration
@testable import Phones

/// In which order a change restarts services, and what another run does with a wave that was interrupted.
@Suite(.timeLimit(.minutes(5))) struct RestartOrderTests {
    private let folder = Folder()
    private let situation = Situation.all[1]
    private let tftp = ClusterService.tftp
    private let callManager = ClusterService.callManager

    /// Two pairs of nodes, with phones at one of each.
    private func cluster() throws -> MemoryCluster {
        let cluster = try situation.cluster()
        cluster.running = ["pub", "sub", "third", "fourth"]
        cluster.callManagerGroups = [
            CallManagerGroup(name: "one", servers: ["pub", "sub"], phones: 2),
            CallManagerGroup(name: "two", servers: ["third", "fourth"], phones: 1),
        ]
        return cluster
    }

    private func request(_ order: RestartOrder) -> ChangeRequest {
        ChangeRequest(
            situation.kind,
            settings: .init(acceptsStranded: true, output: folder.path + "/out"),
            phones: .init(timeout: 0, services: order), now: 1_800_000_000)
    }

    @Test func inWaves() throws {
        let cluster = try cluster()
        let change = try Change(.new(request(.byGroups)), of: cluster, state: folder.state)
        let summary = PlanSummary(change)
        #expect(
            summary.restarts.map(\.rounds) == [
                [["pub", "sub", "third", "fourth"]], [["pub", "third"], ["sub", "fourth"]],
            ])
        #expect(
            summary.restartText.localized
                == "Restarts: Cisco Tftp on pub, sub, third, fourth at once; Cisco CallManager on pub, sub, third, fourth in 2 rounds; 3 phones."
        )
        #expect(
            summary.serviceText?.localized
                == "The services of a real cluster usually take about 7 min to restart like this, and 14 min one after another."
        )
        #expect(summary.serviceSeconds == 390 && summary.serviceSecondsOneByOne == 840)
        try change.runAll()
        #expect(
            cluster.waves == [
                [tftp, "pub", "sub", "third", "fourth"], [callManager, "pub", "third"], [callManager, "sub", "fourth"],
            ])
        // Nothing was left over by an earlier run.
        #expect(cluster.rests.isEmpty)
        let record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        let step = record.steps.first { $0.id == .restartServices }
        #expect(
            step?.text.localized
                == "in 3 rounds, the nodes of a round at once: Cisco Tftp on pub, sub, third, fourth; Cisco CallManager on pub, third; Cisco CallManager on sub, fourth"
        )
        #expect(step?.parameters?.order == .byGroups && step?.proofs.count == 8)
    }

    /// Phones of a group whose nodes have all restarted need not wait for those of others: SEP1 and SEP2 are in the group of
    /// one node.
    private func clusterOfThree() throws -> MemoryCluster {
        let cluster = try situation.cluster()
        cluster.running = ["pub", "sub", "third"]
        cluster.callManagerGroups = [
            CallManagerGroup(name: "one", servers: ["pub"], phones: 2),
            CallManagerGroup(name: "two", servers: ["sub", "third"], phones: 1),
        ]
        cluster.fleet = cluster.fleet.map { phone in
            var phone = phone
            phone.place = PhonePlace(
                devicePool: "", callManagerGroup: phone.name == "SEP3" ? "two" : "one", servers: [],
                securityProfile: "", firmware: nil)
            return phone
        }
        return cluster
    }

    @Test func phonesWhoseServersAreThroughRestartMeanwhile() throws {
        let cluster = try clusterOfThree()
        try Change(.new(request(.byGroups)), of: cluster, state: folder.state).runAll()
        #expect(cluster.waves.map { $0.dropFirst() } == [["pub", "sub", "third"], ["pub", "sub"], ["third"]])
        #expect(
            cluster.changes.filter { $0.hasPrefix("restart") }.suffix(4) == [
                "restart SEP1", "restart SEP2", "restart Cisco CallManager third", "restart SEP3",
            ])
        // Whoever wants one after another gets it.
        let (other, folder) = (try clusterOfThree(), Folder())
        let request = ChangeRequest(
            situation.kind, settings: .init(acceptsStranded: true, output: folder.path + "/out"),
            phones: .init(timeout: 0, services: .oneByOne), now: 1_800_000_000)
        try Change(.new(request), of: other, state: folder.state).runAll()
        #expect(other.changes.suffix(3) == ["restart SEP1", "restart SEP2", "restart SEP3"])
    }

    /// Applications use Cisco CTIManager, phones do not: all can be told while it restarts node by node.
    @Test func phonesDoNotWaitForCTIManager() throws {
        let cluster = try clusterOfThree()
        cluster.release = "12.5.1.10000-22"
        try Change(.new(request(.byGroups)), of: cluster, state: folder.state).runAll()
        #expect(
            cluster.changes.filter { $0.hasPrefix("restart") }.suffix(7) == [
                "restart SEP1", "restart SEP2", "restart Cisco CallManager third", "restart SEP3",
                "restart Cisco CTIManager pub", "restart Cisco CTIManager sub", "restart Cisco CTIManager third",
            ])
    }

    /// A phone that cannot be told then is told in its own step; one that was told is not told again.
    @Test func whatFailsMeanwhileIsTriedAgain() throws {
        let cluster = try clusterOfThree()
        var isFirst = true
        cluster.onChange = { change throws in
            if change == "restart SEP1", isFirst {
                isFirst = false
                throw MemoryCluster.Fault(description: "busy with something else")
            }
        }
        try Change(.new(request(.byGroups)), of: cluster, state: folder.state).runAll()
        for phone in ["SEP1", "SEP2", "SEP3"] {
            #expect(cluster.changes.count { $0 == "restart \(phone)" } == 1, "\(cluster.changes)")
        }
        #expect(cluster.changes.last == "restart SEP3")
        let record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(record.state == .finished && record.steps.allSatisfy { $0.state == .done })
    }

    @Test func oneByOneWhereWantedOrGroupsAreUnknown() throws {
        for (order, isKnown) in [(RestartOrder.oneByOne, true), (.byGroups, false)] {
            let (cluster, folder) = (try cluster(), Folder())
            if !isKnown { cluster.callManagerGroups = nil }
            let change = try Change(.new(request(order)), of: cluster, state: folder.state)
            #expect((PlanSummary(change).restarts[0].rounds == nil) == isKnown)
            #expect(PlanSummary(change).restarts[1].rounds == nil)
            try change.runAll()
            #expect(cluster.waves.filter { $0[0] == callManager }.map(\.count) == [2, 2, 2, 2])
            #expect(cluster.waves.filter { $0[0] == tftp }.map(\.count) == (isKnown ? [2, 2, 2, 2] : [5]))
        }
    }

    /// Plans and journals of earlier versions say nothing about the order.
    @Test func aStepWithoutOrderIsOneByOne() throws {
        let old = #"{"id": "restart-services", "services": ["Cisco Tftp"]}"#
        let decode = { (text: String) in try JSONDecoder().decode(PlannedStep.self, from: Data(text.utf8)) }
        #expect(try decode(old) == .restartServices(["Cisco Tftp"], order: .oneByOne))
        for order in [RestartOrder.oneByOne, .byGroups] {
            let step = PlannedStep.restartServices(["Cisco Tftp"], order: order)
            #expect(try JSONDecoder().decode(PlannedStep.self, from: JSONEncoder().encode(step)) == step)
            let introducing = PlannedStep.introducing(step)
            #expect(try JSONDecoder().decode(PlannedStep.self, from: JSONEncoder().encode(introducing)) == introducing)
        }
        let strange = #"{"id": "restart-services", "order": "all", "services": ["Cisco Tftp"]}"#
        #expect(throws: (any Error).self) { try decode(strange) }
    }

    /// One node of a wave fails: the other one is recorded, and no further wave starts.
    @Test(arguments: ["pub", "third"]) func aNodeOfAWaveFails(node: String) throws {
        let cluster = try cluster()
        struct Down: Error {}
        cluster.onChange = { if $0 == "restart Cisco CallManager \(node)" { throw Down() } }
        let failure = #expect(throws: StepFailure.self) {
            try Change(.new(request(.byGroups)), of: cluster, state: folder.state).runAll()
        }
        #expect(failure?.stepID == .restartServices && failure?.cause is Down)
        #expect(cluster.waves.count == 2)
        let before = cluster.changes
        cluster.onChange = { _ in }
        try situation.takeUp(cluster, in: folder).runAll(.resume)
        #expect(
            cluster.changes.dropFirst(before.count).prefix { $0.hasPrefix("restart Cisco") } == [
                "restart Cisco CallManager \(node)", "restart Cisco CallManager sub",
                "restart Cisco CallManager fourth",
            ])
        // The other nodes may not have been through when the first run ended.
        #expect(cluster.rests == [callManager])
        #expect(cluster.changes.count { $0.hasPrefix("restart Cisco") } == 8)
    }

    @Test func groupsAreKnownOnlyWithAllServers() {
        func inventory(_ pools: [DevicePool], phones: [(String, String)]) -> Inventory {
            Inventory(
                phones: phones.map { name, pool in
                    Phone(
                        name: name, model: PhoneModel(name: "CP-8861"), address: nil, isRegistered: true,
                        place: PhonePlace(
                            devicePool: pool, callManagerGroup: "", servers: [], securityProfile: "", firmware: nil))
                }, pools: pools)
        }
        let pools = [
            DevicePool(name: "A", group: "one", servers: ["pub", "sub"]),
            DevicePool(name: "B", group: "one", servers: ["pub", "sub"]),
            DevicePool(name: "C", group: "two", servers: ["sub"]),
        ]
        let nodes: Set = ["pub", "sub"]
        let phones = [("SEP1", "A"), ("SEP2", "B"), ("SEP3", "C")]
        #expect(
            CallManagerGroup.all(of: inventory(pools, phones: phones), nodes: nodes) == [
                CallManagerGroup(name: "one", servers: ["pub", "sub"], phones: 2),
                CallManagerGroup(name: "two", servers: ["sub"], phones: 1),
            ])
        // A server that is not configured may be one of ours by another name.
        #expect(CallManagerGroup.all(of: inventory(pools, phones: phones), nodes: ["pub"]) == nil)
        // A phone whose pool is not known, or has no servers.
        #expect(CallManagerGroup.all(of: inventory(pools, phones: phones + [("SEP4", "X")]), nodes: nodes) == nil)
        let empty = pools + [DevicePool(name: "D", group: "", servers: [])]
        #expect(CallManagerGroup.all(of: inventory(empty, phones: phones), nodes: nodes)?.count == 2)
        #expect(CallManagerGroup.all(of: inventory(empty, phones: phones + [("SEP4", "D")]), nodes: nodes) == nil)
        #expect(CallManagerGroup.all(of: inventory([], phones: []), nodes: nodes) == nil)
    }
}

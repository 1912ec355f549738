import Cluster
import ServerFixtures
import Testing

@testable import Operations

/// Which services restart at the same time.
@Suite(.timeLimit(.minutes(5))) struct RestartWaveTests {
    private let tftp = ClusterService.tftp
    private let callManager = ClusterService.callManager
    private let ctiManager = ClusterService.ctiManager

    private func group(_ servers: String..., phones: Int = 100) -> CallManagerGroup {
        CallManagerGroup(name: servers.joined(), servers: servers, phones: phones)
    }

    private func waves(_ nodes: [String], _ groups: [CallManagerGroup]?, _ order: RestartOrder = .byGroups)
        -> [[String]]
    {
        RestartWave.all(of: [(callManager, nodes)], order: order, groups: groups).map(\.nodes)
    }

    @Test func tftpEverywhereCallManagerByGroupsTheRestOneByOne() {
        let services = [
            (service: tftp, nodes: ["a", "b", "c"]), (callManager, ["a", "b", "c"]), (ctiManager, ["a", "b"]),
        ]
        let all = RestartWave.all(of: services, order: .byGroups, groups: [group("a", "b"), group("c")])
        #expect(
            all == [
                RestartWave(service: tftp, nodes: ["a", "b", "c"]),
                RestartWave(service: callManager, nodes: ["a", "c"]),
                RestartWave(service: callManager, nodes: ["b"]), RestartWave(service: ctiManager, nodes: ["a"]),
                RestartWave(service: ctiManager, nodes: ["b"]),
            ])
        #expect(all.map(\.usualSeconds) == [30, 180, 180, 60, 60])
        let single = RestartWave.all(of: services, order: .oneByOne, groups: [group("a", "b"), group("c")])
        #expect(single.map(\.nodes) == ["a", "b", "c", "a", "b", "c", "a", "b"].map { [$0] })
        #expect(
            single.map(\.service) == [tftp, tftp, tftp] + [
                callManager, callManager, callManager, ctiManager, ctiManager,
            ])
        #expect(RestartWave.all(of: [(tftp, []), (callManager, [])], order: .byGroups, groups: []).isEmpty)
    }

    @Test func unknownGroupsRestartOneByOne() {
        #expect(waves(["a", "b", "c"], nil) == [["a"], ["b"], ["c"]])
        // Nobody's server may restart with any other.
        #expect(waves(["a", "b", "c"], []) == [["a", "b", "c"]])
        #expect(waves(["a", "b", "c"], [group("b", "c")]) == [["a", "b"], ["c"]])
    }

    /// Otherwise their phones would come to it at the same time.
    @Test func twoServersWithOneBackupRestartOneAfterTheOther() {
        #expect(waves(["a", "b", "z"], [group("a", "z"), group("b", "z")]).count == 3)
        // Where there are no phones, nothing comes.
        #expect(waves(["a", "b", "z"], [group("a", "z", phones: 0), group("b", "z")]).count == 2)
        // Backups of their own.
        #expect(waves(["a", "b", "y", "z"], [group("a", "y"), group("b", "z")]) == [["a", "b"], ["y", "z"]])
        // Nobody's phones move where a backup restarts.
        #expect(waves(["a", "b", "y", "z"], [group("a", "y", "z"), group("b", "z", "y")]).count == 3)
    }

    @Test func nineNodesInFourGroups() {
        let nodes = (0..<9).map { "n\($0)" }
        let groups = (0..<4).map { number in
            CallManagerGroup(
                name: "\(number)", servers: nodes.indices.filter { $0 % 4 == number }.map { nodes[$0] }, phones: 500)
        }
        let waves = waves(nodes, groups)
        #expect(waves.count == 3 && waves.flatMap(\.self).sorted() == nodes)
    }

    /// Against the two rules, computed in another way, on clusters at random.
    @Test func noWaveBreaksARule() {
        var generator = SeededRandom(42)
        func random(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &generator) }
        for _ in 0..<200 {
            let nodes = (0..<(2 + random(10))).map { "n\($0)" }
            let groups = (0..<(1 + random(6))).map { number in
                var servers: [String] = []
                while servers.count < min(1 + random(3), nodes.count) {
                    let node = nodes[random(nodes.count)]
                    if !servers.contains(node) { servers.append(node) }
                }
                return CallManagerGroup(name: "\(number)", servers: servers, phones: random(1000))
            }
            let waves = waves(nodes, groups)
            #expect(waves.flatMap(\.self).sorted() == nodes.sorted())
            /// Where each group's phones are while these nodes are down.
            func places(_ down: [String]) -> [String: Int] {
                var phones: [String: Int] = [:]
                for group in groups {
                    for server in group.servers where !down.contains(server) {
                        phones[server, default: 0] += group.phones
                        break
                    }
                }
                return phones
            }
            for wave in waves {
                for group in groups where group.servers.filter(wave.contains).count > 1 {
                    Issue.record("\(wave) takes two of \(group.servers)")
                }
                for (node, count) in places(wave) {
                    let usual = ([[]] + nodes.map { [$0] }).map { places($0)[node] ?? 0 }.max() ?? 0
                    if count > usual { Issue.record("\(node) gets \(count) phones with \(wave), not \(usual)") }
                }
            }
        }
    }

    /// The largest cluster, in which every node shares a group with every other: divided in time.
    @Test func manyNodesThatShareEverything() {
        let nodes = (0..<20).map { "n\($0)" }
        let groups = nodes.indices.flatMap { first in
            nodes.indices.filter { $0 > first }.map { group(nodes[first], nodes[$0], phones: first + $0) }
        }
        let start = ContinuousClock.now
        #expect(waves(nodes, groups).count == 20)
        #expect(ContinuousClock.now - start < .seconds(20))
    }
}

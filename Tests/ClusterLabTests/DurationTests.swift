import ClusterLab
import Configuration
import Foundation
import ServerFixtures
import Testing

/// A lab whose services and phones take their time, and whose phones register elsewhere meanwhile.
@Suite(.waiting, .timeLimit(.minutes(10))) struct DurationTests {
    private let first = RunningLab.publisher
    private let second = RunningLab.subscriber

    private func phones(_ lab: RunningLab) throws -> [LabPhone] { try Lab(directory: lab.directory).phones() }

    private func nodes(_ lab: RunningLab) throws -> Set<String> { Set(try phones(lab).map { $0.registeredAt ?? "" }) }

    @Test func textsAreRead() {
        for text in ["real", "real/1", "real/100", "real/2.5"] { #expect(LabDurations(text) != nil, "\(text)") }
        #expect(LabDurations("real") == LabDurations("real/1"))
        for text in [
            "", "100", "real/", "real/0", "real/-1", "real/0.5", "real/x", "real/1/2", "real/nan", "real/99999",
        ] {
            #expect(LabDurations(text) == nil, "\(text)")
        }
    }

    /// With one group of two nodes, phones move while one restarts; with both down they have no server, and that is
    /// counted.
    @Test func phonesRegisterWhereAServerIsUp() async throws {
        try await RunningLab.with(["--phones", "40", "--groups", "1", "--durations", "real/100"]) { lab in
            // Those in a drawer are registered nowhere.
            #expect(try nodes(lab) == [first, ""])
            var start = ContinuousClock.now
            let text = try await lab.type(["utils service restart Cisco CallManager", "exit"])
            #expect(ContinuousClock.now - start > .seconds(1.8))
            #expect(text.contains("Cisco CallManager[STARTING]") && text.contains("Cisco CallManager[STARTED]"))
            // They are back at the first one.
            #expect(try nodes(lab) == [first, ""])
            var status = try await lab.status()
            #expect(status.losses == 0 && status.unserved == 0 && status.busySeconds >= 1.8)

            _ = try await lab.type(["utils service stop Cisco CallManager", "exit"])
            try waitUntil("the phones have moved") { try nodes(lab) == [second, ""] }
            #expect(try await lab.status().losses == 0)
            let registered = try phones(lab).count { $0.registeredAt != nil }
            _ = try await lab.type(["utils service stop Cisco CallManager", "exit"], at: second)
            try waitUntil("all have lost it") { try nodes(lab) == [""] }
            status = try await lab.status()
            #expect(status.unserved == registered && status.losses == registered && registered > 30)
            // A phone that starts now finds none either, and is not counted again.
            let phone = try status.phones.first.required("phone")
            _ = try await lab.client("soap", "axl", "restartPhone", "name", phone.name)
            try await waitUntil("it has started") {
                try await lab.status().phones.contains { $0.name == phone.name && $0.starts > phone.starts }
            }
            #expect(try await lab.status().unserved == registered)

            _ = try await lab.type(["utils service start Cisco CallManager", "exit"], at: second)
            try await waitUntil("they are registered") { try await lab.status().unserved == 0 }
            #expect(try nodes(lab) == [second, ""])
            #expect(try await lab.status().losses == registered)

            // AXL takes 2 ms for each, the phone 1.2 s.
            start = .now
            let last = try phones(lab).last { $0.registeredAt != nil }.required("phone")
            _ = try await lab.client("soap", "axl", "restartPhone", "name", last.name)
            try waitUntil("it is back") {
                try phones(lab).contains { $0.name == last.name && $0.registeredAt == second }
            }
            #expect(ContinuousClock.now - start > .seconds(1.2))
        }
    }

    /// Several services restart at the same time, and everything is served afterwards.
    @Test func everyNodeRestartsAtOnce() async throws {
        try await RunningLab.with(["--nodes", "6", "--tftp-nodes", "6", "--tvs-nodes", "6"]) { lab in
            let names = try await lab.status().nodes.map(\.name)
            for service in ["Cisco Tftp", "Cisco Trust Verification Service"] {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for name in names {
                        group.addTask {
                            _ = try await lab.type(["utils service restart \(service)", "exit"], at: name)
                        }
                    }
                    try await group.waitForAll()
                }
            }
            for name in names {
                let file = try ChildProcess.end(of: ["curl", "-sf", try lab.http(name) + "/CTLFile.tlv"])
                #expect(file.status == 0, "\(name)")
                let trust = try ChildProcess.end(
                    of: [
                        "bash", "-c",
                        "exec 3<>/dev/tcp/\(try lab.address(name))/\(try lab.cluster().node(name)?.tvsPort ?? 0)",
                    ])
                #expect(trust.status == 0, "\(name)")
            }
        }
    }

    @Test func impossibleGroups() {
        #expect(LabOptions(nodes: 2, phones: 10, groups: 3).problem?.contains("1 to 2 groups") == true)
        #expect(LabOptions(nodes: 2, groups: 2).problem?.contains("only with --phones") == true)
        #expect(LabOptions(nodes: 4, phones: 10, groups: 2).problem == nil)
    }
}

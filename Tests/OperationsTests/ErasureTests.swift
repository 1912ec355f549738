import Basics
import Cluster
import Configuration
import Messages
import ServerFixtures
import Testing

@testable import Operations
@testable import Phones

/// Erasing remotely on phones in memory: whose keys are pressed, and when no others are.
@Suite(.waiting, .timeLimit(.minutes(10))) struct ErasureTests {
    private let folder = TemporaryFolder()

    /// Phones that come back once their last key was pressed, unless they are said not to.
    private final class Host: ErasureHost {
        var pressed: [String: [String]] = [:]
        var lost: Set<String> = []
        var busy: Set<String> = []
        var refusing: [String: ClusterError.Code] = [:]
        var seen: [String: ErasureRecord.State?] = [:]
        var record: ErasureRecord?

        func press(_ keys: [String], of target: ErasureTarget, onlyIfIdle: Bool) throws(ClusterError) {
            if seen[target.name] == nil { seen[target.name] = record?.entries[target.name]?.state }
            func error(_ code: ClusterError.Code) -> ClusterError {
                ClusterError(code, operation: .verbatim("press"), message: .verbatim("no"))
            }
            if let code = refusing[target.name] { throw error(code) }
            if onlyIfIdle, busy.contains(target.name) { throw error(.busy) }
            pressed[target.name, default: []] += keys
        }

        func picture(of target: ErasureTarget) throws(ClusterError) -> PhoneKeys.Picture? { nil }

        func returned(_ targets: [ErasureTarget]) throws(ClusterError) -> Set<String> {
            Set(targets.map(\.name).filter { pressed[$0]?.last == "Key:Soft2" && !lost.contains($0) })
        }
    }

    private let host = Host()
    private let names = ["SEP1", "SEP2", "SEP3", "SEP4"]

    private func group(_ model: String = "Cisco 7960", _ names: [String]? = nil) -> TrustListErasure.Group {
        TrustListErasure.Group(
            model: model, firmware: "P003",
            sequence: EraseSequence(
                model: model, firmware: "P003", keys: ["Key:Settings", "Key:KeyPad4", "Key:Soft2"],
                source: .verbatim("t")),
            phones: (names ?? self.names).map { ErasureTarget(name: $0, address: "127.0.0.1") })
    }

    private func record(_ phones: [String]? = nil) throws -> ErasureRecord {
        let record = try ErasureRecord.begin(
            cluster: "lab", phones: phones ?? names, ctl: "00", in: folder.path, at: Timestamp(1))
        host.record = record
        return record
    }

    private func run(
        _ groups: [TrustListErasure.Group], _ record: ErasureRecord, batch: Int = 10,
        isInterrupted: @escaping () -> Bool = { false }, agrees: Bool = true
    ) -> TrustListErasure.Outcome {
        TrustListErasure(
            groups, settings: .init(batch: batch, wait: 0.2, keyPause: 0, look: 0.05), record: record, host: host,
            isInterrupted: isInterrupted, agrees: { _, _, _ in agrees }
        ).run()
    }

    @Test func allFollowTheFirst() throws {
        let record = try record()
        let outcome = run([group()], record)
        #expect(outcome.stopped.isEmpty && outcome.failure == nil && record.left.isEmpty)
        #expect(host.pressed["SEP4"] == ["Key:Settings", "Key:KeyPad4", "Key:Soft2"])
        // What is going to happen is on disk before it does.
        #expect(names.allSatisfy { host.seen[$0] == .pressing })
    }

    @Test func aFirstThatDoesNotComeBackIsTheLastOfItsKind() throws {
        host.lost = ["SEP1"]
        let record = try record(names + ["SEP9"])
        let outcome = run([group(), group("Cisco 7940", ["SEP9"])], record)
        #expect(outcome.stopped.map(\.model) == ["Cisco 7960"])
        #expect(Set(host.pressed.keys) == ["SEP1", "SEP9"])
        #expect(record.entries["SEP1"]?.state == .missing && record.entries["SEP9"]?.state == .returned)
        #expect(record.left == names)
        // Nor does the next run try another one.
        _ = run([group()], record)
        #expect(Set(host.pressed.keys) == ["SEP1", "SEP9"])
    }

    @Test func oneThatIsLostInABatchEndsItsKind() throws {
        host.lost = ["SEP2"]
        let record = try record()
        #expect(run([group()], record, batch: 2).stopped.count == 1)
        #expect(Set(host.pressed.keys) == ["SEP1", "SEP2", "SEP3"] && record.entries["SEP3"]?.state == .returned)
    }

    @Test func busyPhonesAreSkippedAndAreNoFirst() throws {
        host.busy = ["SEP1", "SEP3"]
        let record = try record()
        #expect(run([group()], record).stopped.isEmpty)
        #expect(record.left == ["SEP1", "SEP3"] && host.pressed["SEP1"] == nil)
        host.busy = []
        _ = run([group()], record)
        #expect(record.left.isEmpty)
    }

    @Test func aMenuThatIsNotConfirmedIsLeft() throws {
        let record = try record()
        #expect(run([group()], record, agrees: false).stopped.count == 1)
        #expect(host.pressed == ["SEP1": ["Key:Settings", "Key:KeyPad4"]])
    }

    @Test func aRefusedPasswordIsTriedOnce() throws {
        host.refusing = Dictionary(uniqueKeysWithValues: names.map { ($0, .loginRefused) })
        let record = try record()
        #expect(run([group()], record).failure?.code == .loginRefused)
        #expect(record.entries.keys.sorted() == ["SEP1"] && record.entries["SEP1"]?.state == .skipped)
    }

    @Test func isStoppedBetweenPhonesAndContinued() throws {
        let record = try record()
        // Once the first one's keys are pressed.
        let outcome = run([group()], record, isInterrupted: { host.pressed["SEP1"]?.count == 3 })
        #expect(outcome.isInterrupted && Set(host.pressed.keys) == ["SEP1"])
        let found = try #require(try ErasureRecord.unfinished(of: "lab", in: folder.path))
        #expect(found.left == record.left && found.entries == record.entries)
        #expect(try ErasureRecord.unfinished(of: "other", in: folder.path) == nil)
        _ = run([group()], record)
        #expect(record.left.isEmpty && host.pressed["SEP1"]?.count == 3)
        try record.finish()
        #expect(try ErasureRecord.unfinished(of: "lab", in: folder.path) == nil)
    }

    @Test func aCrashWhileKeysArePressedIsNotForgotten() throws {
        let record = try record()
        try record.note("SEP1", .pressing, model: "Cisco 7960", firmware: "P003")
        #expect(run([group()], record).stopped.count == 1)
        #expect(host.pressed.isEmpty && record.entries["SEP1"]?.state == .missing)
    }

    /// Something else at a phone's address, or other firmware than the cluster says: no key goes there.
    @Test func whatContradictsTheClusterIsVisited() throws {
        let web = try PythonServer(script: "phone-web.py", arguments: [folder.path])
        let cluster = ClusterClient(ClusterConfiguration(name: "c", phoneWebPort: web.port))
        func reason(
            _ name: String, _ status: String, _ firmware: String? = nil, at address: String? = nil
        ) -> ErasureSurvey.Reason? {
            let phone = Phone(name: name, model: PhoneModel(name: "Cisco 7975"), address: nil, isRegistered: true)
            let known = RegisteredPhone(
                name: name, node: "pub", address: address ?? web.address, model: nil, status: status,
                firmware: firmware)
            let found = ErasureSurvey.Found(
                of: phone, known, in: cluster, .standard, FileClassifier(present: nil))
            guard case .visit(let visit) = found else { return nil }
            return visit.reason
        }
        let own = "SEPB000B4BA0AEE"
        #expect(reason(own, "UnRegistered") == .notRegistered)
        #expect(reason(own, "Registered", at: Loopback.address()) == .noPage)
        #expect(reason("SEP000000000001", "Registered") == .contradiction)
        #expect(reason(own, "Registered", "SCCP75.9-9-9S") == .contradiction)
        #expect(reason(own, "Registered", "SCCP75.9-3-1SR4-1S") != .contradiction)
    }
}

import Basics
import Cluster
import Foundation
import Messages
import Operations
import Testing
import TrustList
import X509

@testable import Migration

/// A change only builds upon what the nodes say themselves, and signs only what the user named.
@Suite(.timeLimit(.minutes(5))) struct EvidenceTests {
    private let folder = Folder()
    private let toEtoken = Situation(kind: .toEtoken, usesTokens: true)

    private func request(
        _ situation: Situation, acceptingUnproven: Bool = false, keeping kept: [String] = []
    ) -> ChangeRequest {
        ChangeRequest(
            situation.kind, tokens: situation.usesTokens ? Situation.tokens : [],
            settings: .init(
                acceptsStranded: true, output: folder.path + "/out", acceptsUnproven: acceptingUnproven, kept: kept),
            phones: .init(timeout: 0), now: 1_800_000_000)
    }

    private func code(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch { return (error as? any UserError)?.codeName ?? "\(error)" }
    }

    /// Somebody answers for a node with a file that verifies with its own signer.
    @Test(arguments: Situation.all, ["CTLFile.tlv", "ITLFile.tlv"])
    func whatANodeDoesNotSayItselfStopsEveryChange(situation: Situation, file: String) throws {
        let cluster = try situation.cluster()
        let other = try Situation.file(
            file, Situation.records([(Situation.publisher, .sast, "cucm-pub", 11)]), by: false)
        cluster.corrupt = { node, name, bytes in node == "sub" && name == file ? other : bytes }
        guard cluster.files["sub"]?[file] != nil else { return }
        for accepting in [false, true] {
            let stopped = code {
                _ = try PlannedChange(
                    .new(request(situation, acceptingUnproven: accepting)), of: cluster, state: folder.state)
            }
            #expect(stopped == "contradicted")
        }
        #expect(cluster.changes.isEmpty && Files.names(in: folder.path + "/state").isEmpty)
    }

    @Test(arguments: Situation.all) func whatNothingProvesNeedsAYes(situation: Situation) throws {
        let cluster = try situation.cluster()
        cluster.states = false
        let stopped = code { _ = try Change(.new(request(situation)), of: cluster, state: folder.state) }
        #expect(stopped == "unproven")
        let change = try Change(
            .new(request(situation, acceptingUnproven: true)), of: cluster, state: folder.state)
        #expect(change.survey.before.proof.way == .accepted)
        try change.runAll()
        #expect(try ChangeRecord(change).proof?.way == .accepted)
    }

    /// A token does not sign the certificate that a server had before: not even by a plan of a version that copied records
    /// as they were.
    @Test func recordsThatAreOutOfDateAreNotSignedAgain() throws {
        let cluster = try toEtoken.cluster()
        cluster.certificates["sub"] = ["CallManager": Situation.renewed]
        let planned = try Change(.new(request(toEtoken)), of: cluster, state: folder.state).plan
        let old = ChangePlan(
            id: planned.id, kind: planned.kind, cluster: planned.cluster, created: planned.created,
            tokens: planned.tokens, signer: planned.signer, settings: planned.settings,
            steps: Planner.steps(
                planned.kind, tokens: planned.tokens, signer: planned.signer, phones: .init(timeout: 0), on: nil),
            world: planned.world)
        let change = try PlannedChange(.saved(old), of: cluster, state: folder.state)
        #expect(code { try change.check(despiteFindings: true) } == "outdated-records")
        // Whoever leaves out the check does not get further.
        let failure = #expect(throws: StepFailure.self) { try change.change.runAll() }
        #expect(failure?.stepID == .buildAndSign && failure?.codeName == "outdated-records")
        // A server that does not say what it has is not taken for one that has what is in the file.
        cluster.certificates["sub"] = ["CAPF": Situation.renewed]
        let silent = try PlannedChange(.new(request(toEtoken)), of: cluster, state: Folder().state)
        #expect(code { try silent.check(despiteFindings: true) } == "unproven")
    }

    /// A certificate that only an ITL file shows is not put into the new file.
    @Test func newCertificatesComeFromTheServer() throws {
        let update = Situation(kind: .updateCertificates, usesTokens: true)
        let cluster = try update.cluster()
        cluster.certificates["sub"] = ["CallManager": Situation.subscriber]
        let change = try Change(.new(request(update)), of: cluster, state: folder.state)
        #expect(change.recordChanges.isEmpty && change.isAlreadySo)
    }

    @Test func whatNobodyNamedDoesNotEnterTheFile() throws {
        let cluster = try toEtoken.cluster()
        cluster.servers = [["pub", "cucm-pub", "127.1.2.11"]]
        cluster.running = ["pub"]
        let change = try PlannedChange(.new(request(toEtoken)), of: cluster, state: folder.state)
        #expect(try change.change.foreignRecords().map(\.name) == ["cucm-sub"])
        #expect(try ChangeRecord(change.change).foreignRecords.first?.sha1 == Situation.subscriber.sha1.hex)
        #expect(code { try change.check(despiteFindings: true) } == "foreign-records")
        let failure = #expect(throws: StepFailure.self) { try change.change.runAll() }
        #expect(failure?.stepID == .buildAndSign && failure?.codeName == "foreign-records")
        for kept in ["CUCM-SUB", Situation.subscriber.sha1.hex, "05"] {
            let folder = Folder()
            let kept = try Change(.new(request(toEtoken, keeping: [kept])), of: cluster, state: folder.state)
            try kept.checkRecords()
            try kept.runAll()
            cluster.files = try toEtoken.cluster().files
            cluster.store = []
        }
    }

    /// A journal of a version that did not compare the previous file with what the nodes say.
    @Test func whatEarlierVersionsSavedIsNotProven() throws {
        let cluster = try toEtoken.cluster()
        let old = cluster.files
        try toEtoken.plan(cluster, in: folder).runAll()
        let path = try folder.journal()
        let lines = try String(decoding: Files.read(path), as: UTF8.self).split(separator: "\n").map(String.init)
        var first = try #require(JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
        var plan = try #require(first["plan"] as? [String: Any])
        var world = try #require(plan["world"] as? [String: Any])
        #expect(world.removeValue(forKey: "proof") != nil)
        plan["world"] = world
        first["plan"] = plan
        let line = String(decoding: try JSONSerialization.data(withJSONObject: first), as: UTF8.self)
        try Files.write(
            Array(([line] + lines.dropFirst()).joined(separator: "\n").utf8) + [10], to: path, replacing: true)

        #expect(code { try toEtoken.takeUp(cluster, in: folder).checkWorld() } == "unproven")
        try toEtoken.takeUp(cluster, in: folder).checkWorld(acceptingUnproven: true)
        // A node that still has it says so.
        cluster.files["sub"] = old["sub"]
        try toEtoken.takeUp(cluster, in: folder).checkWorld()
    }
}

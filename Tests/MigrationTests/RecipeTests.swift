import Basics
import Cluster
import Foundation
import Messages
import Operations
import Testing
import X509

@testable import Migration

/// A plan contains what is run: its steps with their parameters. Older plans and journals without steps are still read.
@Suite(.timeLimit(.minutes(5))) struct RecipeTests {
    private let folder = Folder()

    /// What each kind of change has done since its first version.
    static func expected(_ situation: Situation) -> [StepID] {
        let end: [StepID] = [.restartServices, .restartPhones, .checkPhones]
        switch (situation.kind, situation.usesTokens) {
        case (.toEtoken, _):
            return [.backUp, .exportCertificates, .uploadCertificates, .askTVS, .forecast, .buildAndSign, .deploy] + end
        case (.updateCertificates, true):
            return [.backUp, .uploadCertificates, .askTVS, .forecast, .buildAndSign, .deploy] + end
        case (.setMixedMode, true), (.setNonSecureMode, true):
            return [
                .backUp, .exportCertificates, .uploadCertificates, .askTVS, .forecast, .setSecurityMode, .buildAndSign,
                .deploy,
            ] + end
        case (.setMixedMode, false), (.setNonSecureMode, false):
            return [.backUp, .askTVS, .forecast, .setSecurityMode] + end
        case (.replaceToken, true):
            return [
                .backUp, .exportCertificates, .uploadCertificates, .askTVS, .forecast, .buildAndSign, .deploy,
                .removeCertificates,
            ] + end
        case (.replaceToken, false):
            return [.backUp, .askTVS, .forecast, .removeCertificates, .updateTrustList] + end
        case (.toTokenless, _), (.updateCertificates, false):
            return [.backUp, .askTVS, .forecast, .updateTrustList] + end
        }
    }

    @Test(arguments: Situation.all + Situation.replacements) func aPlanHoldsItsSteps(situation: Situation) throws {
        let change = try situation.plan(situation.cluster(), in: folder)
        #expect(change.plan.steps.map(\.id) == Self.expected(situation))
        #expect(change.steps.map(\.id) == Self.expected(situation))
        let path = folder.path + "/plan"
        try change.plan.write(to: path)
        #expect(try ChangePlan.read(path) == change.plan)
        // As the change record shows them.
        let record = try ChangeRecord(change)
        #expect(record.steps.map(\.parameters) == change.plan.steps.map(\.parameters))
        let text = try String(contentsOfFile: path, encoding: .utf8)
        switch situation.kind {
        case .setMixedMode: #expect(text.contains(#""command" : "utils ctl set-cluster mixed-mode""#))
        case .setNonSecureMode: #expect(text.contains(#""command" : "utils ctl set-cluster non-secure-mode""#))
        case .toTokenless: #expect(text.contains(#""command" : "utils ctl update CTLFile""#))
        case .replaceToken: #expect(text.contains(#""id" : "remove-certificates""#))
        case .toEtoken, .updateCertificates: break
        }
        if situation.usesTokens {
            let sha1 = Situation.second.sha1.hex
            #expect(change.plan.steps.contains { if case .buildAndSign(sha1, _, _, _) = $0 { true } else { false } })
        }
    }

    @Test func phonesCanBeLeftAlone() throws {
        let request = ChangeRequest(
            .toTokenless, settings: .init(output: folder.path), phones: .init(restart: false), now: 1_800_000_000)
        let situation = Situation.all[1]
        let change = try Change(.new(request), of: situation.cluster(), state: folder.state)
        #expect(change.plan.steps.map(\.id) == [.backUp, .askTVS, .forecast, .updateTrustList, .restartServices])
        #expect(change.stepsAfterRollback.map(\.id) == [.restartServicesAfterRollback])
    }

    // MARK: Of before

    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures").path

    private static func fixture(_ situation: Situation, _ end: String) -> String {
        "\(fixtures)/\(situation.kind.rawValue)\(situation.usesTokens ? "-tokens" : "").\(end)"
    }

    /// Files that version 0.1.0 wrote before plans had steps.
    @Test(arguments: Situation.all) func filesOfBeforeAreRead(situation: Situation) throws {
        let plan = try ChangePlan.read(Self.fixture(situation, "plan"))
        #expect(plan.kind == situation.kind && plan.steps.map(\.id) == Self.expected(situation))
        #expect(plan.steps.last == .checkPhones(timeout: 60))
        #expect(plan.tokens.map(\.label) == (situation.usesTokens ? Situation.tokens.map(\.label) : []))
        #expect(plan.settings.acceptsStranded)
        for case .uploadCertificates(let certificates, let store) in plan.steps {
            #expect(certificates == plan.tokens.map(\.sha1) && store == "Phone-SAST-trust")
        }
        // It is the same once it is saved again.
        let path = folder.path + "/plan"
        try plan.write(to: path)
        #expect(try ChangePlan.read(path) == plan)

        let records = try Journal.read(Self.fixture(situation, "jsonl"))
        #expect(records.first?.plan?.steps == plan.steps)
        let record = try ChangeRecord(journal: Self.fixture(situation, "jsonl"), backups: folder.state)
        let isBack = situation.kind == .toEtoken
        #expect(record.state == (isBack ? .rolledBack : .finished))
        let ids = record.steps.map(\.id)
        #expect(
            ids == Self.expected(situation)
                + (isBack ? [.restartServicesAfterRollback, .restartPhonesAfterRollback] : []))
        #expect(record.steps.allSatisfy { $0.state == .done || isBack })
    }

    @Test(arguments: Situation.all) func aPlanOfBeforeRuns(situation: Situation) throws {
        let (undisturbed, cluster) = (try situation.cluster(), try situation.cluster())
        try situation.plan(undisturbed, in: Folder()).runAll()
        let plan = try situation.plan(cluster, in: folder).plan
        let path = folder.path + "/plan"
        try Files.write(Self.withoutSteps(JSON.document(plan)), to: path, replacing: true)
        let old = try ChangePlan.read(path)
        // Versions before that copied the servers' records as they were, and restarted services one by one.
        let isCopied = situation.usesTokens && situation.kind != .updateCertificates
        let expected = ChangePlan(
            id: plan.id, kind: plan.kind, cluster: plan.cluster, created: plan.created, tokens: plan.tokens,
            signer: plan.signer, settings: plan.settings,
            steps: isCopied
                ? Planner.steps(
                    plan.kind, tokens: plan.tokens, signer: plan.signer,
                    phones: .init(timeout: 0, services: .oneByOne), on: nil)
                : plan.steps.map {
                    if case .restartServices(let services, _) = $0 {
                        .restartServices(services, order: .oneByOne)
                    } else {
                        $0
                    }
                },
            world: plan.world)
        #expect(old == expected)
        try Change(.saved(old), of: cluster, state: folder.state).runAll()
        #expect(cluster.files == undisturbed.files && cluster.changes == undisturbed.changes)
    }

    /// A plan as it was written before plans had steps.
    static func withoutSteps(_ plan: [UInt8]) throws -> [UInt8] {
        var object = try #require(JSONSerialization.jsonObject(with: Data(plan)) as? [String: Any])
        strip(&object)
        return Array(try JSONSerialization.data(withJSONObject: object))
    }

    private static func strip(_ plan: inout [String: Any]) {
        let steps = plan.removeValue(forKey: "steps") as? [[String: Any]] ?? []
        plan["schema"] = "etoken-bridge/plan/1"
        var settings = plan["settings"] as? [String: Any] ?? [:]
        let check = steps.first { $0["id"] as? String == "check-phones" }
        settings["restartsPhones"] = check != nil
        settings["phoneRestartTimeout"] = check?["timeout"] ?? 300
        plan["settings"] = settings
        plan["tokens"] = (plan["tokens"] as? [[String: Any]])?.map { $0.filter { $0.key != "sha1" } }
    }

    /// Turns the first line of a journal into what it was before plans had steps.
    static func ageJournal(_ path: String) throws {
        try editPlan(ofJournal: path) { strip(&$0) }
        #expect(try !String(contentsOfFile: path, encoding: .utf8).contains("plan/2"))
    }

    private static func editPlan(ofJournal path: String, _ edit: (inout [String: Any]) -> Void) throws {
        let bytes = try Files.read(path)
        let end = try #require(bytes.firstIndex(of: 10))
        var record = try #require(JSONSerialization.jsonObject(with: Data(bytes[..<end])) as? [String: Any])
        var plan = try #require(record["plan"] as? [String: Any])
        edit(&plan)
        record["plan"] = plan
        let first = try JSONSerialization.data(withJSONObject: record, options: [.sortedKeys, .withoutEscapingSlashes])
        try Files.write(Array(first) + bytes[end...], to: path, replacing: true)
    }

    // MARK: The steps alone decide

    /// A change continues by its steps, whatever its name.
    @Test(arguments: Situation.all) func theKindIsATitle(situation: Situation) throws {
        let (undisturbed, cluster) = (try situation.cluster(), try situation.cluster())
        try situation.plan(undisturbed, in: Folder()).runAll()
        cluster.onChange = { if $0.hasPrefix("restart SEP1") { throw MemoryCluster.Fault(description: "off") } }
        _ = try? situation.plan(cluster, in: folder).runAll()
        cluster.onChange = { _ in }
        for kind in ChangeKind.allCases {
            try Self.editPlan(ofJournal: folder.journal()) { $0["kind"] = kind.rawValue }
            let change = try situation.takeUp(cluster, in: folder)
            #expect(change.plan.kind == kind && change.steps.map(\.id) == Self.expected(situation))
            try change.checkWorld()
        }
        try situation.takeUp(cluster, in: folder).runAll(.resume)
        #expect(cluster.files == undisturbed.files && cluster.store == undisturbed.store)
    }

    @Test func stepsThatDoNotFitAreRefused() throws {
        let plan = try Situation.all[4].plan(Situation.all[4].cluster(), in: folder).plan
        let path = folder.path + "/plan"
        func reads(_ edit: (inout [[String: Any]]) -> Void) throws -> MigrationError? {
            var object = try #require(
                JSONSerialization.jsonObject(with: Data(try JSON.document(plan))) as? [String: Any])
            var steps = try #require(object["steps"] as? [[String: Any]])
            edit(&steps)
            object["steps"] = steps
            try Files.write(Array(try JSONSerialization.data(withJSONObject: object)), to: path, replacing: true)
            do {
                _ = try ChangePlan.read(path)
                return nil
            } catch { return error as? MigrationError }
        }
        func step(_ id: StepID, _ edit: @escaping (inout [String: Any]) -> Void) -> (inout [[String: Any]]) -> Void {
            { steps in
                guard let index = steps.firstIndex(where: { $0["id"] as? String == id.rawValue }) else { return }
                edit(&steps[index])
            }
        }
        func without(_ id: StepID) -> (inout [[String: Any]]) -> Void {
            { $0.removeAll { $0["id"] as? String == id.rawValue } }
        }
        #expect(try reads { _ in } == nil)
        #expect(try reads(without(.checkPhones)) == nil)
        let bad: [(inout [[String: Any]]) -> Void] = [
            { $0 = [] }, { $0.reverse() }, { $0.append($0[0]) }, without(.deploy), without(.buildAndSign),
            without(.forecast), step(.buildAndSign) { $0["certificate"] = plan.tokens[0].sha1 },
            step(.uploadCertificates) { $0["certificates"] = ["00"] }, step(.buildAndSign) { $0["certificate"] = "00" },
            step(.buildAndSign) { $0["servers"] = "gone" },
            step(.setSecurityMode) { $0["command"] = "utils system restart" },
            step(.setSecurityMode) { $0["keepsFile"] = nil }, step(.backUp) { $0["id"] = "make-tea" },
            step(.backUp) { $0["id"] = "restart-phones-after-rollback" },
        ]
        for edit in bad {
            let error = try reads(edit)
            #expect(error?.code == .planUnusable && error?.text.localized.contains(path) == true)
        }
        #expect(
            try reads(step(.setSecurityMode) { $0["keepsFile"] = nil })?.text.localized.contains("keepsFile") == true)
    }
}

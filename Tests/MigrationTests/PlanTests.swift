import Basics
import Cluster
import Configuration
import Messages
import Operations
import Phones
import Testing
import X509

@testable import Migration

/// What people read before they confirm: findings, groups of phones, the signer, the time left.
@Suite(.timeLimit(.minutes(5))) struct PlanTests {
    private let situation = Situation.all[0]
    private let folder = Folder()

    private func finding(_ severity: StatusFinding.Severity) -> StatusFinding {
        StatusFinding(
            code: .replicationBroken, severity: severity, node: "sub", text: .verbatim("Replication of sub is broken."),
            next: [.verbatim("Repair it.")])
    }

    @Test func errorsOfTheClusterKeepAChangeFromBeginning() throws {
        let cluster = try situation.cluster()
        cluster.problems = [finding(.warning)]
        try situation.plan(cluster, in: folder).checkFindings()
        cluster.problems.append(finding(.error))
        let change = try situation.plan(cluster, in: folder)
        let error = #expect(throws: MigrationError.self) { try change.checkFindings() }
        #expect(
            error?.code == .clusterHasErrors && error?.text.localized.contains("Replication of sub is broken.") == true)
        #expect(
            error?.next?.localized.hasPrefix("Repair it. ") == true
                && error?.next?.localized.contains("--despite-findings") == true)
        #expect(cluster.changes.isEmpty && !Files.exists(folder.state.path))
        // Someone who continues despite it finds that in the record, also later.
        try change.runAll()
        #expect(try ChangeRecord(change).findings == cluster.problems)
        let read = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(read.findings == cluster.problems && read.html.contains("Replication of sub is broken."))
    }

    @Test func aDowngradeMeetsNoErrorAndGoesBack() throws {
        let cluster = try Situation(kind: .updateCertificates, usesTokens: true).cluster()
        func check(_ release: String) throws -> DowngradeCheck {
            try DowngradeCheck(
                of: cluster, target: #require(ClusterVersion(release)), tokens: [], state: folder.state)
        }
        func item(_ code: String) throws -> DowngradeCheck.Item? { try check("9.1").items.first { $0.code == code } }
        #expect(try item("cluster")?.state == .proven)
        cluster.problems = [finding(.error)]
        #expect(try item("cluster")?.state == .failed)
        // Tokens in the file are known by name, so the command is complete.
        #expect(
            try item("server-certificates")?.next == [
                .verbatim(
                    "etoken-bridge migrate update-certificates --cluster memory --token SAST-ADN0054f509 --token SAST-ADN008580ef"
                )
            ])
        for release in ["10.5", "10.5.1.10000-7", "12.0"] {
            let error = #expect(throws: MigrationError.self) { try check(release) }
            #expect(error?.code == .notApplicable)
        }
        _ = try check("10.0")
    }

    /// One token is specified, the other one stays, and the signer changes.
    @Test func oneTokenRenewsTheFile() throws {
        let update = Situation(kind: .updateCertificates, usesTokens: true)
        let change = try update.plan(update.cluster(), in: folder, tokens: [Situation.tokens[0]])
        let record = try ChangeRecord(change)
        #expect(record.keptTokens == ["SAST-ADN008580ef"])
        #expect(
            record.signerChange?.localized.hasPrefix(
                "The signer changes from SAST-ADN008580ef (serial number 04) to SAST-ADN0054f509 (serial number 03), which is in the current file"
            ) == true, "\(record.signerChange ?? .verbatim(""))")
        #expect(
            record.recordChanges.count == 1
                && record.recordChanges[0].localized.hasPrefix("sub (127.1.2.12): the CallManager"))
        let both = try ChangeRecord(update.plan(update.cluster(), in: folder))
        #expect(both.keptTokens.isEmpty && both.signerChange == nil)
    }

    /// The cluster signed with the certificate that was regenerated.
    @Test func theClustersOwnSignerChangesToo() throws {
        let update = Situation(kind: .updateCertificates, usesTokens: false)
        #expect(try ChangeRecord(update.plan(update.cluster(), in: folder)).signerChange == nil)
    }

    @Test func groupsThatReadAlikeAreOne() throws {
        func entry(_ name: String, _ pool: String, _ outcome: Verdict.Outcome) -> StoredForecast.Group {
            .init(
                model: "Cisco 8861", pool: pool, before: .verbatim("current file"), holds: .presentFile,
                heldChecksum: nil,
                assumed: false, outcome: outcome, rule: .vouchedByTVS, reason: .verbatim("why"), phones: [name])
        }
        let forecast = StoredForecast(groups: [
            entry("SEP3", "one", .accepted), entry("SEP1", "two", .accepted), entry("SEP2", "two", .refused),
        ])
        #expect(forecast.alike.map(\.phones) == [["SEP2"], ["SEP1", "SEP3"]])
        #expect(forecast.alike.map(\.pool) == ["two", nil])
    }

    /// As long as work proceeds at a constant speed, the time left only shrinks, and the first estimate is right.
    @Test func theTimeLeftCountsPauses() {
        let pace = ProgressEstimate(total: 2000, batch: 100, pause: 5)
        let said = stride(from: 100, to: 2000, by: 100).map { done in
            pace.seconds(left: done, after: Double(done) * 0.01 + Double(done / 100 - 1) * 5)
        }
        #expect(said.first == 19 * 5 + 19 && said == said.sorted(by: >))
        #expect(
            ProgressEstimate.pauses(100, 100, 5) == 0 && ProgressEstimate.pauses(101, 100, 5) == 5
                && ProgressEstimate.pauses(0, 100, 5) == 0)
    }

    @Test func onlyPhonesWithKeysAreToPressThem() throws {
        let keys = "unlock with **#"
        let jabber = try #require(Change.visitAdvice(models: ["Cisco Unified Client Services Framework"]))
        #expect(!jabber.localized.contains(keys) && jabber.localized.contains("Reset Jabber"))
        #expect(Change.visitAdvice(models: ["Cisco 7960"])?.localized.contains("Jabber") == false)
        let both = try #require(Change.visitAdvice(models: ["Cisco 7960", "Cisco Dual Mode for iPhone"]))
        #expect(both.localized.contains(keys) && both.localized.contains("Jabber"))
        #expect(Change.visitAdvice(models: []) == nil)
    }

    @Test func aRunInProgressIsSeen() throws {
        #expect(try RunInProgress(of: "memory", in: folder.state) == nil)
        var lock: ClusterLock? = try ClusterLock("memory", in: folder.state)
        let reading = try #require(try RunInProgress(of: "memory", in: folder.state))
        #expect(reading.change == nil && reading.text("memory").localized.contains("What follows is from before."))
        let change = try situation.plan(situation.cluster(), in: folder)
        try change.begin(.test())
        #expect(try RunInProgress(of: "memory", in: folder.state)?.change == change.plan.id)
        withExtendedLifetime(lock) {}
        lock = nil
        #expect(try RunInProgress(of: "memory", in: folder.state) == nil)
    }
}

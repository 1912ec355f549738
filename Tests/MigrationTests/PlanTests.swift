import Basics
import Cluster
import Configuration
import Glibc
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
                && record.recordChanges[0].localized
                    == "~ CCM+TFTP cucm-sub: \(text(Situation.subscriber)) becomes \(text(Situation.renewed))"
        )
        let both = try ChangeRecord(update.plan(update.cluster(), in: folder))
        #expect(both.keptTokens.isEmpty && both.signerChange == nil)
    }

    private func text(_ certificate: Certificate) -> String {
        "serial number \(certificate.serialNumber.colonHex), SHA-1 \(certificate.sha1.hex)"
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
        #expect(!jabber.localized.contains(keys) && jabber.localized.contains("delete the CTL file in %APPDATA%"))
        #expect(Change.visitAdvice(models: ["Cisco 7960"])?.localized.contains("Jabber") == false)
        let both = try #require(Change.visitAdvice(models: ["Cisco 7960", "Cisco Dual Mode for iPhone"]))
        #expect(both.localized.contains(keys) && both.localized.contains("Help > Reset Jabber"))
        #expect(Change.visitAdvice(models: []) == nil)
    }

    @Test func aRunInProgressIsSeen() throws {
        #expect(try RunInProgress(of: "memory", in: folder.state) == nil)
        var lock: ClusterLock? = try ClusterLock("memory", in: folder.state)
        let reading = try #require(try RunInProgress(of: "memory", in: folder.state))
        #expect(reading.change == nil)
        #expect(reading.text("memory").localized.contains("What follows is the state before this run."))
        let change = try situation.plan(situation.cluster(), in: folder)
        try change.begin(.test())
        #expect(try RunInProgress(of: "memory", in: folder.state)?.change == change.plan.id)
        withExtendedLifetime(lock) {}
        lock = nil
        #expect(try RunInProgress(of: "memory", in: folder.state) == nil)
    }

    /// Wherever numbers come from: estimates are text, and nothing traps.
    @Test(arguments: [1e300, -1e300, .nan, .infinity, -.infinity, 0, 99.5, 1e9, Double(Int.max), 0x1p63])
    func anyNumberOfSecondsIsText(_ seconds: Double) {
        #expect(!ProgressEstimate.text(seconds).localized.isEmpty)
        #expect(Int(clamped: seconds) <= Int.max)
        #expect(ProgressEstimate.pauses(100, 0, 5) == 495)
        #expect(ProgressEstimate(total: 5, batch: 0, pause: 1).left(0) == nil)
    }

    /// Only estimates are made of them: a number that cannot be meant spoils no other change.
    @Test func aNumberInAnOldJournalSpoilsNothing() throws {
        try situation.plan(situation.cluster(), in: folder).runAll()
        let path = try folder.journal()
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        for number in ["1e300", "-1e300", "9223372036854775807", "-5", "\"a\""] {
            let bad =
                text.split(separator: "\n").map { line in
                    guard let range = line.firstRange(of: "\"seconds\":") else { return String(line) }
                    let rest = line[range.upperBound...].drop { $0 != "," && $0 != "}" }
                    return line[..<range.upperBound] + number + rest
                }.joined(separator: "\n") + "\n"
            #expect(bad != text)
            try Files.write(Array(bad.utf8), to: path, replacing: true)
            let cluster = try Situation(kind: .toTokenless, usesTokens: false).cluster()
            let change = try Change(
                .new(
                    ChangeRequest(
                        .toTokenless, settings: .init(acceptsStranded: true, output: folder.path + "/other"),
                        phones: .init(timeout: 0), now: 1_800_000_500)), of: cluster, state: folder.state)
            let estimates = StepEstimates(change)
            for step in StepID.allCases { _ = estimates.text(step) }
            let record = try ChangeRecord(journal: path, backups: folder.state)
            #expect(record.steps.allSatisfy { ($0.seconds ?? 0) >= 0 && ($0.seconds ?? 0) <= 31_536_000 })
        }
    }

    // MARK: Plans from someone else

    /// A plan in a file, with something replaced.
    private func edited(_ change: Change, _ replacements: (String, String)...) throws -> String {
        let path = folder.path + "/edited.plan"
        var text = String(decoding: try JSON.document(change.plan), as: UTF8.self)
        for (old, new) in replacements {
            #expect(text.contains(old), "\(old)")
            text = text.replacing(old, with: new)
        }
        try Files.write(Array(text.utf8), to: path, replacing: true)
        return path
    }

    @Test func aPlanIsReadableByItsOwnerOnlyWhateverTheMask() throws {
        let change = try situation.plan(situation.cluster(), in: folder)
        try change.plan.write(to: folder.path + "/a.plan")
        var status = stat()
        #expect(stat(folder.path + "/a.plan", &status) == 0 && status.st_mode & 0o777 == 0o600)
        try change.runAll()
        for name in ["", "/CTLFile.tlv", "/CTLFile.before.tlv", "/SAST-ADN0054f509.cer", "/SAST-ADN0054f509.pem"] {
            #expect(stat(change.plan.settings.output + name, &status) == 0, "\(name)")
            #expect(status.st_mode & 0o777 == (name.isEmpty ? 0o700 : 0o600), "\(name)")
        }
    }

    /// The name of a change becomes that of its journal.
    @Test func aPlanWithAnotherNameIsNotRead() throws {
        let change = try situation.plan(situation.cluster(), in: folder)
        _ = try ChangePlan.read(try edited(change))
        let id = change.plan.id
        #expect(id == "memory-20270115T080000Z")
        for bad in [
            "../../../../../trav/pwn", "memory-../../x", "memory", "other-20270115T080000Z",
            "memory-20270115T080000Z/x",
            "memory-2027-115T080000Z", "memory-20270115T080000Zx", "memory-20270115t080000Z",
        ] {
            let path = try edited(change, ("\"\(id)\"", "\"\(bad)\""))
            let error = #expect(throws: MigrationError.self, "\(bad)") { try ChangePlan.read(path) }
            #expect(error?.code == .planUnusable)
        }
        for (old, new) in [
            ("\"label\" : \"SAST-ADN0054f509\"", "\"label\" : \"SAST\\u001b[2J\""),
            ("\"label\" : \"SAST-ADN0054f509\"", "\"label\" : \"\""),
            ("\"label\" : \"SAST-ADN0054f509\"", "\"label\" : \"SAST\\u202e\""),
            ("\"cluster\" : \"memory\"", "\"cluster\" : \"../memory\""),
            ("\(folder.path)/out", "\(folder.path)/\\u001b]0;x"), ("\"Phone-SAST-trust\"", "\"CallManager-trust\""),
            ("\"Cisco Tftp\"", "\"A Cisco DB\""),
        ] {
            let path = try edited(change, (old, new))
            #expect(throws: MigrationError.self, "\(new)") { try ChangePlan.read(path) }
        }
    }

    @Test func numbersOfAPlanAreThoseThatCanBeMeant() throws {
        let change = try situation.plan(situation.cluster(), in: folder, phoneTimeout: 77)
        let path = try edited(
            change, ("\"timeout\" : 77", "\"timeout\" : 9223372036854775807"), ("\"batch\" : 100", "\"batch\" : 0"),
            ("\"pause\" : 5", "\"pause\" : 1e300"))
        let steps = try ChangePlan.read(path).steps
        #expect(steps.contains(.checkPhones(timeout: 86_400)) && steps.contains(.restartPhones(batch: 1, pause: 3600)))
    }

    /// The labels of a plan are only names: the certificates are compared with the tokens.
    @Test func theCertificatesOfAPlanAreThoseOfTheTokens() throws {
        let plan = try situation.plan(situation.cluster(), in: folder).plan
        let (first, second) = (Situation.first, Situation.second)
        func inserted(_ tokens: (String, [Certificate])...) throws -> PlanTokens {
            try PlanTokens(of: plan, inserted: tokens.map { .init(label: $0.0, certificates: $0.1) })
        }
        let (one, two) = (plan.tokens[0].label, plan.tokens[1].label)
        #expect(try inserted((one, [first]), (two, [Situation.tvs, second])).absent.isEmpty)
        var renamed: ChangePlan {
            get throws {
                let text = String(decoding: try JSON.document(plan), as: UTF8.self)
                return try JSON.decode(
                    ChangePlan.self, from: text.replacing("\"\(one)\"", with: "\"SAST-X\"").utf8)
            }
        }
        // The genuine token has this label, and another certificate.
        for tokens in [
            [(one, [Situation.tvs]), (two, [second])], [(one, []), (two, [second])], [("another", [first])],
        ] {
            // One that was planned without its token has the certificate's name, whatever the token is called.
            let plan = tokens.count > 1 ? plan : try renamed
            let error = #expect(throws: MigrationError.self) {
                try PlanTokens(of: plan, inserted: tokens.map { .init(label: $0.0, certificates: $0.1) })
            }
            #expect(error?.code == .unusableTokens && error?.text.localized.contains(first.sha1.hex) == true)
        }
        #expect(try inserted(("another", [first]), (two, [second])).absent.isEmpty)
        // Only the one that signs is inserted: the other needs its own yes.
        let half = try inserted((two, [second]), ("a third", [Situation.tvs]))
        #expect(half.absent.map(\.label) == [one] && half.absent[0].serialNumber == first.serialNumber.hex)
        let refused = #expect(throws: MigrationError.self) { try half.check(accepted: [second.sha1.hex]) }
        #expect(refused?.text.localized.contains(first.sha1.hex) == true)
        try half.check(accepted: [first.sha1.colonHex.uppercased()])
        #expect(try inserted().absent.count == 2)
    }

    /// A file of someone else is not replaced, and nothing is done before that is known.
    @Test func filesOfOthersAreNotReplaced() throws {
        let output = folder.path + "/out"
        try Files.makeFolder(output)
        for name in ["CTLFile.tlv", "CTLFile.before.tlv", "SAST-ADN0054f509.pem", "SAST-ADN008580ef.cer"] {
            try Files.write(Array("mine".utf8), to: "\(output)/\(name)", replacing: false)
            let cluster = try situation.cluster()
            let error = #expect(throws: MigrationError.self, "\(name)") {
                try situation.plan(cluster, in: folder).checkOutputs()
            }
            #expect(error?.code == .outputExists && error?.text.localized.contains(name) == true)
            // Also if it appears later.
            #expect(throws: (any Error).self) { try situation.plan(cluster, in: folder).runAll() }
            #expect(String(decoding: try Files.read("\(output)/\(name)"), as: UTF8.self) == "mine")
            try Files.removeTree(folder.state.path + "/journals")
            try Files.removeTree(output)
            try Files.makeFolder(output)
        }
        // Files of an earlier change are in the backups.
        try situation.plan(situation.cluster(), in: folder).runAll()
        let again = try Change(
            .new(
                ChangeRequest(
                    .toTokenless, settings: .init(acceptsStranded: true, output: output), phones: .init(timeout: 0),
                    now: 1_800_000_900)), of: Situation(kind: .toTokenless, usesTokens: false).cluster(),
            state: folder.state)
        try again.checkOutputs()
    }

    /// A checksum in a plan or journal becomes part of a path.
    @Test func aBackupIsNamedByItsChecksumOnly() {
        for text in ["../../../etc/passwd", "", String(repeating: "A", count: 64), String(repeating: "a", count: 63)] {
            let error = #expect(throws: MigrationError.self) { try folder.state.backup(sha256: text) }
            #expect(error?.code == .journalUnusable)
        }
    }
}

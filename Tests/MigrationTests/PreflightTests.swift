import Basics
import Configuration
import Messages
import Operations
import Phones
import Testing

@testable import Migration

/// What a change needs later is tried before its question, and the question comes with figures.
@Suite(.timeLimit(.minutes(5))) struct PreflightTests {
    private let folder = Folder()
    private let situation = Situation(kind: .toEtoken, usesTokens: true)

    private func codes(_ change: Change) throws -> [String] {
        try ChangeRecord(change).findings.map(\.code.rawValue)
    }

    private func expectStopped(_ change: Change, mentioning text: String) {
        let error = #expect(throws: MigrationError.self) { try change.checkFindings() }
        #expect(error?.code == .clusterHasErrors, "\(String(describing: error))")
        #expect(error?.text.localized.contains(text) == true, "\(String(describing: error))")
    }

    @Test func whatWorksIsSaidAndNothingIsWritten() throws {
        let cluster = try situation.cluster()
        let change = try situation.plan(cluster, in: folder)
        #expect(try codes(change).isEmpty && cluster.changes.isEmpty)
        #expect(cluster.logins == ["pub": 1, "sub": 1])
        let preflight = try #require(try ChangeRecord(change).preflight)
        #expect(preflight.checks.map(\.subject) == [.administration, .administration, .axl, .disk, .disk])
        #expect(
            preflight.text.localized.hasPrefix("Tried beforehand, and found usable: OS Administration of pub and sub"))
        // A run that continues does not try again.
        try change.runAll()
        #expect(try situation.takeUp(cluster, in: folder).preflight == nil && cluster.logins == ["pub": 1, "sub": 1])
    }

    @Test func aNodeThatCannotBeUsedIsAFinding() throws {
        let cluster = try situation.cluster()
        cluster.closedPages = ["sub"]
        let change = try situation.plan(cluster, in: folder)
        #expect(try codes(change) == ["administration-not-usable"])
        expectStopped(change, mentioning: "OS Administration of sub cannot be used")
        #expect(try ChangeRecord(change).html.contains("OS Administration of sub cannot be used"))
        // Neither node was asked twice.
        #expect(cluster.logins == ["pub": 1, "sub": 1])
    }

    @Test func withoutAnAccountForPhonesItIsSaidBefore() throws {
        let cluster = try situation.cluster()
        cluster.hasApplicationAccount = false
        let change = try situation.plan(cluster, in: folder)
        #expect(try codes(change) == ["phones-not-restartable"])
        expectStopped(change, mentioning: "names no application account")
        let next = try #require(change.findings.first?.next.map(\.localized))
        #expect(next.contains { $0.contains("--no-phone-restart") } && next[0].contains("--application-user"))
        // Whoever leaves the phones alone needs none.
        let request = ChangeRequest(
            .toEtoken, tokens: Situation.tokens, settings: .init(acceptsStranded: true, output: folder.path + "/out"),
            phones: .init(restart: false), now: 1_800_000_000)
        let quiet = try Change(.new(request), of: cluster, state: folder.state)
        #expect(try codes(quiet).isEmpty && PlanSummary(quiet).phonesRestarted == 0)
    }

    @Test func anAccountThatMayNotReadIsAFinding() throws {
        let cluster = try situation.cluster()
        cluster.applicationFault = ClusterError(
            .loginRefused, operation: .verbatim("query"), node: "pub", message: .verbatim("no access to AXL"))
        let change = try situation.plan(cluster, in: folder)
        #expect(try codes(change) == ["phones-not-restartable"])
        expectStopped(change, mentioning: "no access to AXL")
    }

    @Test func aFullDiskIsAFinding() throws {
        let cluster = try situation.cluster()
        let change = try situation.plan(cluster, in: folder)
        func preflight(_ phones: Int, free: Int?) -> Preflight {
            Preflight(for: change.plan, phones: phones, on: cluster, state: folder.state, freeSpace: { _ in free })
        }
        #expect(preflight(0, free: 4_000_000).findings.isEmpty)
        #expect(preflight(40_000, free: 4_000_000).findings.map(\.code) == [.diskSpace, .diskSpace])
        #expect(preflight(40_000, free: 24_000_000).findings.isEmpty)
        #expect(preflight(40_000, free: nil).findings.isEmpty)
        // A folder that is yet to be made is on the disk of the one above.
        #expect(try #require(Files.freeSpace(folder.path + "/not/there")) > 0)
        #expect(Files.freeSpace("not/there") != nil)
    }

    @Test func theSummaryCountsByModelAndPool() throws {
        let cluster = try situation.cluster()
        func place(_ pool: String) -> PhonePlace {
            PhonePlace(devicePool: pool, callManagerGroup: "", servers: [], securityProfile: "", firmware: nil)
        }
        let old = try #require(cluster.held["SEP3"])
        for number in 4...9 {
            let name = "SEP\(number)"
            cluster.fleet.append(
                Phone(
                    name: name, model: PhoneModel(name: "Cisco 7960"), address: nil, isRegistered: true,
                    place: place(number < 8 ? "HQ" : "Gdansk")))
            cluster.held[name] = old
        }
        let change = try situation.plan(cluster, in: folder)
        let record = try ChangeRecord(change)
        let summary = try #require(record.summary)
        #expect([summary.phones, summary.follow, summary.needVisit, summary.unknown] == [9, 2, 7, 0])
        #expect(summary.visits.map(\.phones) == [4, 2, 1] && summary.visits.map(\.pool) == ["HQ", "Gdansk", nil])
        #expect(summary.phonesRestarted == 9 && summary.restarts.map(\.nodes).allSatisfy { $0 == ["pub", "sub"] })
        #expect(summary.phoneText.localized == "Phones: 2 of 9 follow, 7 need a visit, 0 unknown.")
        #expect(summary.restartText.localized.hasSuffix("on pub, sub; 9 phones."))
        #expect(record.html.contains("In short") && record.html.contains("Gdansk"))
        // Of pools that are named, only those phones restart; and a signer cannot be introduced to some of them alone.
        func inPool(_ introduce: IntroductionChoice) throws -> Change {
            let request = ChangeRequest(
                .toEtoken, tokens: Situation.tokens, signer: 1,
                settings: .init(acceptsStranded: true, output: folder.path + "/pool"),
                phones: .init(timeout: 0, pools: ["Gdansk"]), introduce: introduce, now: 1_800_000_000)
            return try Change(.new(request), of: cluster, state: folder.state)
        }
        #expect(try PlanSummary(inPool(.never)).phonesRestarted == 2)
        let error = #expect(throws: MigrationError.self) { try inPool(.always) }
        #expect(error?.code == .notApplicable && error?.text.localized.contains("--pool") == true)

        // Once this cluster has been changed, its own journal says how long it takes.
        #expect(!summary.isMeasured)
        try change.runAll()
        #expect(try ChangeRecord(change).summary == nil)
        let path = try folder.journal()
        // Text, so that the test does not take as long as a real restart.
        let lines = try Files.text(path).split(separator: "\n").map { line in
            line.contains("\"proved\"") && line.contains("restart-services")
                ? String(line.replacing(try Regex("\"seconds\":[0-9.]+"), with: "\"seconds\":300")) : String(line)
        }
        try Files.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: path, replacing: true)
        // Everybody who followed holds it now; going on with tokens means nothing to do, so the next change is another.
        let next = Situation(kind: .toTokenless, usesTokens: false)
        let again = try PlanSummary(next.plan(cluster, in: folder))
        #expect(again.isMeasured && again.seconds >= 300, "\(again)")
        #expect(again.leftBehindBefore == 0 || again.needVisit + again.unknown >= again.leftBehindBefore)
        #expect(again.timeText.localized.hasPrefix("Takes about 5 min, as this cluster's"), "\(again.timeText)")
    }
}

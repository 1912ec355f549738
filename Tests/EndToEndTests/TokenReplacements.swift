import Basics
import Configuration
import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

/// `migrate replace-token`, from the plan to what nodes, trust store and TVS have then.
@Suite(.waiting, .timeLimit(.minutes(10))) struct TokenReplacements {
    private struct Record: Decodable {
        struct Lost: Decodable {
            let name, text: String
            let sha1: String?
            let phones, unknownPhones: Int
        }
        struct Registrations: Decodable {
            struct Count: Decodable { let name: String }
            let before: Int
            let after: Int?
            let pools, models, nodes: [Count]
        }
        let state: String
        let registrations: Registrations?
        let way: String?
        let droppedTokens: [Lost]
    }

    private func replace(_ rehearsal: Rehearsal, _ options: String..., json: Bool = true) throws -> Rehearsal.Result {
        try rehearsal.run(
            Programs.path("etoken-bridge"),
            ["migrate", "replace-token", "--cluster", "lab", "--pin-file", rehearsal.rightPIN, "--phone-timeout", "30"]
                + rehearsal.moduleOptions + options + (json ? ["--json"] : []))
    }

    private func record(_ result: Rehearsal.Result) throws -> Record {
        try JSONDecoder().decode(Record.self, from: Data(result.output.utf8))
    }

    private func tokens(_ rehearsal: Rehearsal, _ node: String = Rehearsal.subscriber) throws -> [String: String] {
        let records = try TrustListFile(decoding: #require(rehearsal.ctlFile(node))).records.filter(\.isToken)
        return records.reduce(into: [:]) { all, record in
            guard let certificate = record.x509 else { return }
            all[certificate.sha1.hex] = certificate.subject.value(of: "CN")?.trimmed
        }
    }

    /// SHA-1 of what Phone-SAST-trust contains, as the lab's disk has it.
    private func trusted(_ rehearsal: Rehearsal) throws -> Set<String> {
        Set(
            try rehearsal.clusterState().filter { $0.key.hasPrefix("trust-store/") }.map {
                try Certificate(pem: String(decoding: $0.value, as: UTF8.self)).sha1.hex
            })
    }

    private func nodes(_ rehearsal: Rehearsal) throws -> [String: [UInt8]] {
        try rehearsal.clusterState().filter { !$0.key.hasPrefix("phones/") }
    }

    @Test func oneIsLostAndThenTheOthers() throws {
        let rehearsal = try Rehearsal(options: ["--release", "12.5"])
        try rehearsal.addTokens()
        #expect(try rehearsal.migrate().status == 0)
        let (lost, remaining) = (Rehearsal.tokens[0], Rehearsal.tokens[1])
        let old = try tokens(rehearsal)
        let sums = Dictionary(uniqueKeysWithValues: old.map { ($1, $0) })
        let (lostSum, remainingSum) = (try #require(sums[lost]), try #require(sums[remaining]))
        #expect(try trusted(rehearsal).isSuperset(of: [lostSum, remainingSum]))
        let before = try nodes(rehearsal)

        let wrong = try replace(rehearsal, "--lost", "SAST-ADN00000000", "--with", "MOCK-1", "--yes", json: false)
        #expect(wrong.status == 2 && wrong.errors.contains(lostSum) && wrong.errors.contains(remainingSum), "\(wrong)")

        let planned = try replace(rehearsal, "--lost", lost, "--with", "MOCK-1", "--dry-run")
        #expect(planned.status == 0, "\(planned.errors)")
        let plan = try record(planned)
        #expect(plan.state == "planned" && plan.way?.contains("\(remaining) signs the new file") == true)
        #expect(plan.droppedTokens.map(\.sha1) == [lostSum] && (plan.droppedTokens.first?.phones ?? 0) > 0)
        #expect(try nodes(rehearsal) == before)

        // Nobody new is left behind, so nobody has to accept that.
        let report = rehearsal.folder.file("lost")
        let done = try replace(
            rehearsal, "--lost", lost, "--with", "MOCK-1", "--yes", "--report", report, json: false)
        #expect(done.status == 0 && done.output.contains("a file that names it"), "\(done)")
        #expect(done.errors.contains("read back: Phone-SAST-trust does not contain \(lost)"), "\(done.errors)")
        #expect(done.errors.contains("does not vouch for \(lost) any more"), "\(done.errors)")
        for node in [Rehearsal.publisher, Rehearsal.subscriber] {
            let now = try tokens(rehearsal, node)
            #expect(Set(now.values) == ["MOCK-1", remaining] && now[remainingSum] == remaining)
        }
        let trust = try trusted(rehearsal)
        #expect(!trust.contains(lostSum) && trust.contains(remainingSum))
        #expect(try trust.isSuperset(of: tokens(rehearsal).keys))
        let asked = try rehearsal.run(
            Programs.path("etoken-bridge"),
            ["tvs", "query", "--cluster", "lab", "--token", lost] + rehearsal.moduleOptions)
        #expect(asked.status == 5, "\(asked)")
        let page = rehearsal.folder.text("lost.html")
        #expect(page.contains("signs the new file, because it remains") && page.contains("knows its PIN"))
        // Of phones that follow the signer, none is left; what was stranded before holds a file that names neither.
        let status = try record(rehearsal.bridge("migrate", "status", "--cluster", "lab", "--json"))
        #expect(status.droppedTokens.map(\.phones) == [0] && status.way == plan.way)
        // Every phone is registered again, as the cluster sees it.
        let registrations = try #require(status.registrations)
        #expect(registrations.before > 2 && registrations.after == registrations.before)
        #expect(!registrations.pools.isEmpty && registrations.models.count > 2)
        #expect(registrations.nodes.allSatisfy { [Rehearsal.publisher, Rehearsal.subscriber].contains($0.name) })
        #expect(done.output.contains("phones that were registered before the change are registered after it"))

        let back = try rehearsal.bridge("migrate", "rollback", "--cluster", "lab", "--yes", "--accept-stranded")
        #expect(back.status == 0, "\(back.errors)")
        #expect(try nodes(rehearsal) == before)

        // Both are lost: this file names the cluster's signer, so that every phone follows that.
        let pair = try record(
            replace(
                rehearsal, "--lost", lost, "--lost", remaining, "--with", "MOCK-1", "--with", "MOCK-2", "--dry-run"))
        #expect(pair.way?.contains("The other way, without --with: the cluster signs") == true, "\(pair.way ?? "")")
        let own = try replace(rehearsal, "--lost", lost, "--lost", remaining, "--yes")
        #expect(own.status == 0, "\(own.errors)")
        #expect(try record(own).way?.contains("Its certificate is in the current file") == true)
        #expect(try tokens(rehearsal).isEmpty && trusted(rehearsal).isDisjoint(with: [lostSum, remainingSum]))
    }

    /// One that remembers what has left the store and the file is restarted, and then it does not vouch any more.
    @Test func tvsThatRemembersIsRestarted() throws {
        let rehearsal = try Rehearsal(options: ["--release", "12.5", "--manners", "tvs-keeps"])
        try rehearsal.addTokens()
        #expect(try rehearsal.migrate().status == 0)
        let lost = Rehearsal.tokens[0]
        func ask() throws -> Rehearsal.Result {
            try rehearsal.run(
                Programs.path("etoken-bridge"),
                ["tvs", "query", "--cluster", "lab", "--token", lost] + rehearsal.moduleOptions)
        }
        #expect(try ask().status == 0)
        let done = try replace(rehearsal, "--lost", lost, "--with", "MOCK-1", "--yes", json: false)
        #expect(done.status == 0 && done.errors.contains("does not vouch for \(lost) any more"), "\(done)")
        #expect(try ask().status == 5)
    }

    /// The lab's two tokens of 9.1 belong to nobody here. A new pair takes over through TVS, and then loses one itself.
    @Test func withoutUtilsCTL() throws {
        let rehearsal = try Rehearsal(options: ["--release", "9.1"])
        try rehearsal.addTokens()
        let old = try tokens(rehearsal).keys.sorted()
        #expect(old.count == 2)
        let before = try nodes(rehearsal)
        let none = try replace(rehearsal, "--lost", old[0], "--lost", old[1], "--yes", json: false)
        #expect(none.status == 1 && none.errors.contains("no utils ctl command"), "\(none)")
        let pair = ["--with", Rehearsal.tokens[0], "--with", Rehearsal.tokens[1]]
        let refused = try replace(
            rehearsal, "--lost", old[0], "--lost", old[1], pair[0], pair[1], pair[2], pair[3], "--yes", json: false)
        #expect(refused.status == 9 && refused.errors.contains("so there is no other way"), "\(refused)")
        #expect(try nodes(rehearsal) == before)
        let done = try replace(
            rehearsal, "--lost", old[0], "--lost", old[1], pair[0], pair[1], pair[2], pair[3], "--yes",
            "--accept-stranded")
        #expect(done.status == 0, "\(done.errors)")
        // The 7960 stays on a file that names both.
        let lost = try record(done).droppedTokens
        #expect(lost.count == 2 && lost.allSatisfy { $0.phones > 0 && $0.text.contains("deletes its trust list") })
        let new = try tokens(rehearsal)
        #expect(new.count == 2 && Set(new.keys).isDisjoint(with: old))
        let one = try replace(rehearsal, "--lost", Rehearsal.tokens[1], "--with", "MOCK-2", "--yes")
        #expect(one.status == 0, "\(one.errors)")
        #expect(Set(try tokens(rehearsal).values) == [Rehearsal.tokens[0], "MOCK-2"])
        let gone = try #require(new.first { $0.value == Rehearsal.tokens[1] }?.key)
        #expect(try !trusted(rehearsal).contains(gone) && trusted(rehearsal).isSuperset(of: tokens(rehearsal).keys))
    }
}

import Basics
import Cluster
import Foundation
import Messages
import Phones
import Testing
import TrustList
import X509

@testable import Migration

/// A lost token leaves the file and Phone-SAST-trust, and what signs instead follows from what is left.
@Suite(.timeLimit(.minutes(5))) struct ReplacementTests {
    private let folder = Folder()
    private static let new = ChangePlan.Token(label: "SAST-ADN00999999", certificate: Situation.third)
    private static let another = ChangePlan.Token(
        label: "SAST-ADN00777777", certificate: Situation.certificate("SAST-ADN00777777", 21, Situation.tokenKey))
    private let one = Situation.replacements[0]

    private func plan(
        _ names: [String], with new: [ChangePlan.Token] = [new], signer: String? = nil,
        inserted: [ChangePlan.Token] = [], kept: [String] = [], restart: Bool = true, number: UInt32 = 0,
        _ cluster: MemoryCluster
    ) throws -> Change {
        let request = ChangeRequest(
            replacing: LostTokens(names, signer: signer, inserted: inserted), with: new,
            settings: .init(acceptsStranded: true, output: folder.path + "/out\(number)", kept: kept),
            phones: .init(restart: restart, timeout: 0), now: 1_800_000_000 + number)
        return try Change(.new(request), of: cluster, state: folder.state)
    }

    private func error(_ names: [String], with new: [ChangePlan.Token] = [new], release: String? = nil) throws
        -> MigrationError
    {
        let cluster = try one.cluster()
        if let release { cluster.release = release }
        return try #require(#expect(throws: MigrationError.self) { try plan(names, with: new, cluster) })
    }

    private func tokens(_ cluster: MemoryCluster) throws -> [String] {
        try TrustListFile(decoding: #require(cluster.files["sub"]?["CTLFile.tlv"])).records.filter(\.isToken)
            .map(\.tokenName)
    }

    /// Every spelling of its name, serial number and SHA-1 that people paste.
    @Test(arguments: ["SAST-ADN0054f509", "03", "3", "0x3", "00:03", "00 03", Situation.first.sha1.hex.uppercased()])
    func oneIsLost(name: String) throws {
        let cluster = try one.cluster()
        let change = try plan([name], cluster)
        #expect(change.plan.tokens.map(\.label) == ["SAST-ADN00999999", "SAST-ADN008580ef"] && change.plan.signer == 1)
        #expect(change.forecast.stranded.isEmpty)
        let way = change.way?.localized ?? ""
        #expect(way.contains("SAST-ADN008580ef signs the new file, because it remains"), "\(way)")
        let planned = try ChangeRecord(change)
        #expect(planned.way == change.way && planned.droppedTokens.map(\.phones) == [3])
        let text = planned.droppedTokens.first?.text.localized ?? ""
        #expect(text.contains("3 phones hold a file that names it.") && text.contains("knows its PIN"), "\(text)")
        #expect(!text.contains("trust remove"))
        try change.checkRecords()
        try change.runAll()
        #expect(try tokens(cluster) == ["SAST-ADN00999999", "SAST-ADN008580ef"])
        #expect(cluster.store == [Situation.third, Situation.second])
        // First the file, then the store.
        let deployed = try #require(cluster.changes.firstIndex(of: "deploy sub"))
        #expect(try #require(cluster.changes.firstIndex(of: "remove SAST-ADN0054f509")) > deployed)
        // From the journal alone.
        let done = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(done.way == planned.way && done.droppedTokens.map(\.phones) == [0])
        let proofs = done.steps.first { $0.id == .removeCertificates }?.proofs.map(\.localized) ?? []
        #expect(
            proofs == [
                "read back: Phone-SAST-trust does not contain SAST-ADN0054f509",
                "TVS on pub does not vouch for SAST-ADN0054f509 any more",
            ])
    }

    @Test func aWrongNameIsAnsweredByTheList() throws {
        let error = try error(["SAST-ADN00000000"])
        #expect(error.code == .noSuchToken)
        for sha1 in [Situation.first, Situation.second].map(\.sha1.hex) {
            #expect(error.text.localized.contains(sha1), "\(error.text)")
        }
        // Servers and the cluster's signers are no tokens.
        #expect(try self.error(["cucm-pub"]).code == .noSuchToken)
    }

    @Test func twoRemain() throws {
        #expect(try error(["03"], with: []).text.localized.contains("Only token SAST-ADN008580ef would remain"))
        let second = ChangePlan.Token(label: "x", certificate: Situation.second)
        #expect(try error(["03"], with: [second]).text.localized.contains("is in the current file already"))
        let first = ChangePlan.Token(label: "x", certificate: Situation.first)
        #expect(try error(["03"], with: [first]).text.localized.contains("--lost and with --with"))
        // One new token for two lost ones.
        let both = try error(["03", "04"])
        #expect(both.code == .unusableTokens && both.next?.localized.contains("--with") == true)
    }

    /// What a remaining token is called on its own is what is asked for; one that is inserted signs.
    @Test func whatIsInsertedSigns() throws {
        let cluster = try one.cluster()
        try plan(["03"], cluster).runAll()
        let inserted = [ChangePlan.Token(label: "eToken", certificate: Situation.third)]
        let change = try plan(["04"], with: [Self.another], inserted: inserted, number: 1, cluster)
        #expect(change.plan.tokens.map(\.label) == ["SAST-ADN00777777", "eToken"])
        let lost = try plan(["14"], with: [Self.another], signer: "04", number: 2, cluster)
        #expect(lost.plan.tokens.map(\.label) == ["SAST-ADN00777777", "SAST-ADN008580ef"])
        let wrong = #expect(throws: MigrationError.self) {
            try plan(["14"], with: [Self.another], signer: "14", number: 3, cluster)
        }
        #expect(wrong?.code == .noSuchToken)
    }

    /// Nobody but the user can say what becomes of a third one.
    @Test func aThirdOneNeedsAWord() throws {
        let cluster = try one.cluster()
        try plan(["03"], with: [Self.new, Self.another], cluster).runAll()
        #expect(try tokens(cluster).count == 3)
        let unsaid = try plan(["14"], with: [], signer: "04", number: 1, cluster)
        let error = #expect(throws: MigrationError.self) { try unsaid.checkRecords() }
        #expect(error?.code == .foreignRecords)
        // With it, two remain without a new one.
        let said = try plan(["14"], with: [], signer: "04", kept: ["15"], number: 1, cluster)
        try said.checkRecords()
        try said.runAll()
        #expect(try tokens(cluster) == ["SAST-ADN00777777", "SAST-ADN008580ef"])
        #expect(!cluster.store.contains(Situation.third))
    }

    /// Both are lost, and the cluster signs: what it writes may not name them again.
    @Test func theClusterSigns() throws {
        let situation = Situation.replacements[1]
        let cluster = try situation.cluster()
        let change = try plan(["03", "04"], with: [], cluster)
        #expect(change.plan.tokens.isEmpty && change.plan.signer == nil)
        let way = change.way?.localized ?? ""
        #expect(way.contains("the cluster signs the file itself") && way.contains("not in the current file"), "\(way)")
        #expect(change.forecast.stranded.map(\.phone.name) == ["SEP3"])
        try change.runAll()
        #expect(try tokens(cluster).isEmpty && cluster.store.isEmpty)
        let removed = try #require(cluster.changes.lastIndex { $0.hasPrefix("remove SAST") })
        #expect(removed < (try #require(cluster.changes.firstIndex(of: "utils ctl update CTLFile"))))
        // The 7960 does not follow, and holds a file that names both.
        let done = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(done.droppedTokens.map(\.phones) == [1, 1])
        #expect(
            done.droppedTokens.allSatisfy {
                $0.text.localized.contains("1 phone holds a file that names it.")
                    && $0.text.localized.contains("until someone deletes its trust list")
            })
    }

    @Test func aFileThatStillNamesThemIsNotTaken() throws {
        let cluster = try Situation.replacements[1].cluster()
        let before = cluster.files
        cluster.ownFile = { _ in
            try Situation.file(
                "CTLFile.tlv",
                Situation.records([(Situation.publisher, .sast, "cucm-pub", 11)]) + [.token(Situation.second)])
        }
        let failure = #expect(throws: StepFailure.self) { try plan(["03", "04"], with: [], cluster).runAll() }
        #expect(failure?.stepID == .updateTrustList)
        #expect(failure?.failure is MigrationError)
        #expect(cluster.files == before && Set(cluster.store) == [Situation.first, Situation.second])
    }

    /// Two new ones sign: which way is the better one, by figures.
    @Test func aNewPairSigns() throws {
        let cluster = try one.cluster()
        let change = try plan(["03", "04"], with: [Self.new, Self.another], cluster)
        #expect(change.plan.signer == 1 && change.plan.tokens.count == 2)
        let way = change.way?.localized ?? ""
        #expect(way.contains("2 of 3 phones would follow, instead of 2") && !way.contains("Do that first"), "\(way)")
        // The cluster's signer is in the file: all of them would follow it.
        let (named, folder) = (try one.cluster(), Folder())
        let servers = try Situation.records([(Situation.publisher, .sast, "cucm-pub", 11)])
        let file = try Situation.file(
            "CTLFile.tlv", [.token(Situation.first)] + servers + [.token(Situation.second)], by: true)
        for node in named.nodes { named.files[node]?["CTLFile.tlv"] = file }
        for phone in named.fleet { named.held[phone.name] = file }
        let request = ChangeRequest(
            replacing: LostTokens(["03", "04"]), with: [Self.new, Self.another],
            settings: .init(acceptsStranded: true, output: folder.path), now: 1_800_000_000)
        let better = try Change(.new(request), of: named, state: folder.state).way?.localized ?? ""
        #expect(better.contains("3 of 3 phones would follow, instead of 2. Do that first"), "\(better)")
        // Below 10 there is no other way.
        cluster.release = "9.1.2.10000-28"
        let old = try plan(["03", "04"], with: [Self.new, Self.another], cluster)
        #expect(old.way?.localized.contains("no utils ctl command, so there is no other way") == true)
        #expect(old.plan.tokens.count == 2)
        let none = try error(["03", "04"], with: [], release: "9.1.2.10000-28")
        #expect(none.text.localized.contains("no utils ctl") && none.next?.localized.contains("--with") == true)
    }

    /// TVS that keeps what left the store is restarted, once.
    @Test func aForgetfulTVSIsRestarted() throws {
        let cluster = try one.cluster()
        cluster.staleTVS = [Situation.first]
        try plan(["03"], cluster).runAll()
        #expect(
            cluster.changes.filter { $0.hasPrefix("restart Cisco Trust") } == [
                "restart Cisco Trust Verification Service pub"
            ])
        // One that still vouches stops the change after the new file is proven: it is resumed.
        let (stubborn, folder) = (try one.cluster(), Folder())
        stubborn.staleTVS = [Situation.first]
        stubborn.tvsForgets = false
        let failure = #expect(throws: StepFailure.self) { try one.plan(stubborn, in: folder).runAll() }
        #expect(failure?.stepID == .removeCertificates && failure?.isAfterCommit == true)
        stubborn.tvsForgets = true
        try one.takeUp(stubborn, in: folder).runAll(.resume)
        #expect(try Journal.open(folder.journal()).state.outcome == .finished)
    }

    /// Phones that nobody restarted hold what they held.
    @Test func withoutARestartNobodyFollowedYet() throws {
        let cluster = try one.cluster()
        try plan(["03"], restart: false, cluster).runAll()
        let done = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(done.droppedTokens.map(\.phones) == [3])
    }

    /// The way back brings the lost signer back into the store, so TVS vouches for it again.
    @Test func theWayBackIsForecastAsItGoes() throws {
        let situation = Situation.replacements[1]
        let cluster = try situation.cluster()
        try situation.plan(cluster, in: folder).runAll()
        let before = cluster.held
        let change = try situation.takeUp(cluster, in: folder)
        let forecast = try #require(change.forecastOfRollback())
        try change.rollBackAll()
        let present = cluster.files["pub"]?["CTLFile.tlv"]
        for entry in forecast.entries where cluster.held[entry.phone.name] != before[entry.phone.name] {
            #expect(entry.verdict.outcome == .accepted && cluster.held[entry.phone.name] == present)
        }
        #expect(forecast.entries.count { $0.verdict.outcome == .accepted } >= 2)
    }

    /// A phone that is switched off, or did not come back, has nothing new.
    @Test func thoseThatWereNotThereCount() throws {
        let cluster = try one.cluster()
        cluster.silent = ["SEP1", "SEP2", "SEP3"]
        cluster.fleet[0].isRegistered = false
        cluster.away = ["SEP2"]
        try plan(["03"], cluster).runAll()
        let lost = try ChangeRecord(journal: folder.journal(), backups: folder.state).droppedTokens
        #expect(lost.map(\.phones) == [1] && lost.map(\.unknownPhones) == [1])
        let text = lost.first?.text.localized ?? ""
        #expect(
            text.contains("1 phone holds a file that names it; of 1 more it is not known what they hold."), "\(text)")
    }

    /// A saved plan does not decide who is lost.
    @Test(arguments: Situation.replacements) func aPlanNeedsAWord(situation: Situation) throws {
        let cluster = try situation.cluster()
        var saved = try situation.plan(cluster, in: folder).plan
        #expect(saved.settings.dropped.count == (situation.usesTokens ? 1 : 2))
        saved.settings.dropped = []
        let error = #expect(throws: MigrationError.self) {
            try Change(.saved(saved), of: cluster, state: folder.state).checkRecords()
        }
        #expect(error?.code == .foreignRecords)
        #expect(error?.next?.localized.contains("--drop \(Situation.first.sha1.hex)") == true)
        // One that is kept after all stays in the store, too.
        if situation.usesTokens {
            saved.settings.kept = ["03"]
            let change = try Change(.saved(saved), of: cluster, state: folder.state)
            try change.checkRecords()
            try change.runAll()
            #expect(try cluster.store.contains(Situation.first) && tokens(cluster).count == 3)
        }
    }

    /// A plan that someone else wrote cannot take servers' certificates, or those of others, out of the store.
    @Test func onlyTokensOfTheFileLeaveTheStore() throws {
        let cluster = try one.cluster()
        let path = folder.path + "/plan"
        try plan(["03"], cluster).plan.write(to: path)
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        for (old, new) in [
            (Situation.first.sha1.hex, Situation.publisher.sha1.hex), ("Phone-SAST-trust", "CallManager-trust"),
        ] {
            try Files.write(Array(text.replacingOccurrences(of: old, with: new).utf8), to: path, replacing: true)
            let error = #expect(throws: MigrationError.self) {
                try Change(.saved(.read(path)), of: cluster, state: folder.state)
            }
            #expect(error?.code == .planUnusable)
        }
    }

    @Test func theClusterHasNoTokens() throws {
        let cluster = try Situation.all[0].cluster()
        let error = #expect(throws: MigrationError.self) { try plan(["03"], cluster) }
        #expect(error?.code == .notApplicable && error?.text.localized.contains("names no token") == true)
    }
}

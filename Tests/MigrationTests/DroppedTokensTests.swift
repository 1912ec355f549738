import Basics
import Cluster
import Foundation
import Messages
import Phones
import Testing
import TrustList
import X509

@testable import Migration

/// A token that is lost leaves the file, because someone says so, and only then.
@Suite(.timeLimit(.minutes(5))) struct DroppedTokensTests {
    private let folder = Folder()
    private static let new = Situation.certificate("SAST-ADN00999999", 20, Situation.tokenKey)
    private static let lost = Situation.first
    private static let tokens = [
        ChangePlan.Token(label: "SAST-ADN00999999", certificate: new),
        ChangePlan.Token(label: "SAST-ADN008580ef", certificate: Situation.second),
    ]

    /// Its file names the lost token and the second one, which signed it.
    private func cluster() throws -> MemoryCluster { try Situation.all[1].cluster() }

    private func request(
        _ kind: ChangeKind = .toEtoken, _ tokens: [ChangePlan.Token] = tokens, keep: [String] = [],
        drop: [String] = [], number: UInt32 = 0
    ) -> ChangeRequest {
        ChangeRequest(
            kind, tokens: tokens,
            settings: .init(output: folder.path + "/out\(number)", kept: keep, dropped: drop),
            phones: .init(timeout: 0), now: 1_800_000_000 + number)
    }

    private func plan(_ request: ChangeRequest, _ cluster: MemoryCluster) throws -> Change {
        try Change(.new(request), of: cluster, state: folder.state)
    }

    private func error(_ request: ChangeRequest) -> MigrationError? {
        #expect(throws: MigrationError.self) { try plan(request, cluster()) }
    }

    private func tokens(_ cluster: MemoryCluster, _ node: String = "sub") throws -> [String] {
        try TrustListFile(decoding: #require(cluster.files[node]?["CTLFile.tlv"])).records.filter(\.isToken)
            .map(\.tokenName)
    }

    /// Every name that `--keep` takes, in any case of letters, with colons as certificates are shown.
    @Test(arguments: ["sast-adn0054f509", "03", lost.sha1.hex, lost.sha1.hex.uppercased().colons])
    func theLostOneLeaves(name: String) throws {
        let cluster = try cluster()
        let change = try plan(request(drop: [name]), cluster)
        #expect(
            change.recordChanges.map(\.localized).sorted() == [
                "+ SAST token SAST-ADN00999999: serial number 14, SHA-1 \(Self.new.sha1.hex)",
                "- SAST token SAST-ADN0054f509: serial number 03, SHA-1 \(Self.lost.sha1.hex)",
            ])
        let record = try ChangeRecord(change)
        #expect(record.keptTokens.isEmpty && record.foreignRecords.isEmpty)
        #expect(record.droppedTokens.map(\.sha1) == [Self.lost.sha1.hex])
        let text = record.droppedTokens.first?.text.localized ?? ""
        #expect(text.contains(Self.lost.sha1.hex) && text.contains("still accepts files that this token signs"))
        #expect(!text.contains("Phone-SAST-trust") && record.html.contains("still accepts files"))
        // Phones that know the signer accept the file, whatever their model.
        #expect(change.forecast.stranded.isEmpty)
        try change.checkRecords()
        try change.runAll()
        #expect(try tokens(cluster) == ["SAST-ADN00999999", "SAST-ADN008580ef"])
        // What was dropped is in the journal's record, too, with the file's own difference.
        let done = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(
            done.droppedTokens.map(\.sha1) == record.droppedTokens.map(\.sha1)
                && record.droppedTokens.map(\.phones) == [3] && done.droppedTokens.map(\.phones) == [0]
                && done.recordChanges.contains { $0.localized.hasPrefix("- SAST token") })
        // A second run has nothing to do.
        #expect(try plan(request(drop: [name]), cluster).isAlreadySo)
    }

    @Test func withoutAWordItStaysOrStops() throws {
        let cluster = try cluster()
        let change = try plan(request(), cluster)
        let error = #expect(throws: MigrationError.self) { try change.checkRecords() }
        #expect(error?.code == .foreignRecords)
        let next = error?.next?.localized ?? ""
        #expect(
            next.contains("--keep \(Self.lost.sha1.hex)") && next.contains("--drop \(Self.lost.sha1.hex)"), "\(next)")
        // Another name is no word for it.
        let other = try plan(request(drop: ["SAST-ADN00000000"]), cluster)
        #expect(throws: MigrationError.self) { try other.checkRecords() }
        #expect(other.recordChanges.count == 1)
    }

    /// TVS vouches for what Phone-SAST-trust contains: the sentence says so.
    @Test(arguments: [false, true]) func whatTVSStillVouchesForIsSaid(onlyDescribed: Bool) throws {
        let cluster = try cluster()
        cluster.onlyDescribes = onlyDescribed
        cluster.store = [Self.lost]
        let text = try ChangeRecord(plan(request(drop: ["03"]), cluster)).droppedTokens.first?.text.localized ?? ""
        #expect(text.contains("etoken-bridge trust remove --cluster memory --serial 03"), "\(text)")
    }

    @Test func theQuestionDropsAsWell() throws {
        let cluster = try cluster()
        let change = try plan(request(), cluster)
        try change.drop(#require(change.unnamedRecords().first))
        #expect(try change.unnamedRecords().isEmpty && change.recordChanges.count == 2)
        try change.checkRecords()
        try change.runAll()
        #expect(try tokens(cluster) == ["SAST-ADN00999999", "SAST-ADN008580ef"])
    }

    @Test func twoRemain() throws {
        let one = [Self.tokens[1]]
        #expect(error(request(.updateCertificates, one, drop: ["03"]))?.code == .unusableTokens)
        #expect(error(request(.toEtoken, one, drop: ["03"]))?.code == .unusableTokens)
        // At the question, too.
        let change = try plan(request(.updateCertificates, one), cluster())
        let record = try #require(change.unnamedRecords().first)
        #expect(throws: MigrationError.self) { try change.drop(record) }
        // With a third one in the file there are two.
        let cluster = try cluster()
        try plan(request(keep: ["03"]), cluster).runAll()
        #expect(try tokens(cluster) == ["SAST-ADN0054f509", "SAST-ADN00999999", "SAST-ADN008580ef"])
        try plan(request(.updateCertificates, one, keep: ["14"], drop: ["03"], number: 1), cluster).runAll()
        #expect(try tokens(cluster) == ["SAST-ADN00999999", "SAST-ADN008580ef"])
    }

    @Test func whatCannotBeDropped() throws {
        // The signer, and another token of the command.
        for name in ["SAST-ADN008580ef", "04"] {
            #expect(error(request(drop: [name]))?.text.localized.contains("cannot be dropped") == true)
        }
        #expect(error(request(.updateCertificates, Situation.tokens, drop: ["03"]))?.code == .unusableTokens)
        #expect(error(request(keep: ["03"], drop: [Self.lost.sha1.hex]))?.text.localized.contains("--keep") == true)
        // The cluster signs.
        #expect(error(request(.toTokenless, [], drop: ["03"]))?.code == .notApplicable)
        // Nothing would be done, and it would stay unseen.
        let set = error(request(.setMixedMode, drop: ["03"]))
        #expect(set?.code == .notApplicable)
        #expect(
            set?.next?.localized.contains(
                "migrate update-certificates --cluster memory --token SAST-ADN00999999 --token SAST-ADN008580ef --drop SAST-ADN0054f509"
            ) == true)
        // A server is not dropped: its record stays, or is asked about.
        let change = try plan(request(drop: ["03", "cucm-sub", "05"]), cluster())
        #expect(!change.recordChanges.contains { $0.localized.contains("cucm-sub") })
    }

    @Test func aModeCanBeSetWithoutIt() throws {
        let cluster = try cluster()
        try plan(request(.setNonSecureMode, drop: ["03"]), cluster).runAll()
        #expect(try tokens(cluster) == ["SAST-ADN00999999", "SAST-ADN008580ef"])
    }

    /// It is saved, a run that continues does it, and plans of earlier versions drop nothing.
    @Test func itIsPartOfThePlan() throws {
        let change = try plan(request(drop: ["03"]), cluster())
        let path = folder.path + "/plan"
        try change.plan.write(to: path)
        #expect(try ChangePlan.read(path).settings.dropped == ["03"])
        var text = String(decoding: try Files.read(path), as: UTF8.self)
        text.replace(/"dropped"\s*:\s*\[\s*"03"\s*\],?/, with: "")
        try Files.write(Array(text.utf8), to: path, replacing: true)
        #expect(try ChangePlan.read(path).settings.dropped.isEmpty)
    }
}

extension String {
    /// `0A:1B`
    fileprivate var colons: String {
        stride(from: 0, to: count, by: 2).map { String(dropFirst($0).prefix(2)) }.joined(separator: ":")
    }
}

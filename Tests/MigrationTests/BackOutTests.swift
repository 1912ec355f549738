import Basics
import Messages
import Phones
import Testing
import TrustList

@testable import Migration

/// What going back costs is reported beforehand, and it is what a rollback then forecasts.
@Suite(.timeLimit(.minutes(5))) struct BackOutTests {
    private let folder = Folder()

    private func counts(_ forecast: Forecast) -> [Int] {
        [Verdict.Outcome.accepted, .refused, .unknown].map { outcome in
            forecast.entries.count { $0.verdict.outcome == outcome }
        }
    }

    private func counts(_ price: BackOut.Price?) -> [Int] {
        price.map { [$0.accepted, $0.refused, $0.unknown] } ?? []
    }

    @Test(arguments: Situation.all.filter { $0.kind != .setMixedMode })
    func isWhatTheRollbackForecasts(situation: Situation) throws {
        let cluster = try situation.cluster()
        // Half a fleet whose pages do not answer.
        cluster.silent = ["SEP1", "SEP3"]
        let change = try situation.plan(cluster, in: folder)
        let planned = try #require(try ChangeRecord(change).backOut)
        #expect(planned.prices.map(\.from) == [.start, .deployed, .restarted])
        // Until phones restart they hold what they held.
        #expect(counts(planned.prices[0]) == [3, 0, 0] && counts(planned.prices[1]) == [3, 0, 0])
        try change.runAll()
        #expect(try ChangeRecord(change).backOut == planned)
        let rollback = try #require(try situation.takeUp(cluster, in: folder).forecastOfRollback())
        #expect(counts(planned.last) == counts(rollback), "\(situation)")
        let record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(record.backOut == planned && record.html.contains("The way back"))
    }

    /// The way back may be worse than the way forth.
    @Test func backToTokensStrandsWhoFollowed() throws {
        let situation = Situation(kind: .toTokenless, usesTokens: false)
        let cluster = try situation.cluster()
        let change = try situation.plan(cluster, in: folder)
        // TVS reads the token's file when that is back.
        #expect(try counts(change.priceOfBackOut()?.last) == [3, 0, 0])
        cluster.tvsIsDown = true
        let backOut = try #require(try change.priceOfBackOut())
        // The 7960 stays behind with the token's file; the others have the cluster's, and nobody vouches for the token.
        #expect(counts(backOut.last) == [1, 2, 0])
        let (deployed, restarted) = (backOut.prices[1].step ?? 0, backOut.last?.step ?? 0)
        #expect(change.plan.steps[deployed - 1].commits && change.plan.steps[restarted - 1].id == .restartPhones)
        #expect(
            backOut.text.localized
                == "Back-out: until step \(deployed) free; then, until step \(restarted), free for phones that have not restarted by themselves. After the phones restarted: 1 accepts the previous file, 2 need a visit, 0 unknown."
        )
    }

    /// If there was no file, none is restored.
    @Test func withoutAFileBeforeThereIsNoPrice() throws {
        let situation = Situation(kind: .setMixedMode, usesTokens: true)
        #expect(try ChangeRecord(situation.plan(situation.cluster(), in: folder)).backOut == nil)
    }
}

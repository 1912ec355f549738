import Basics
import Cluster
import Messages
import Phones
import Testing

@testable import Migration

/// A phone that was forecast to accept the new file and does not hold it is reported, once the change is done.
@Suite(.timeLimit(.minutes(5))) struct DifferingPhones {
    private let folder = Folder()

    @Test func aPhoneThatDoesOtherwiseIsNamed() throws {
        let situation = Situation.all[0]
        let cluster = try situation.cluster()
        let before = cluster.held["SEP2"]
        let change = try situation.plan(cluster, in: folder)
        // Whatever it is told, it keeps its file.
        cluster.onLook = { _ in cluster.held["SEP2"] = before }
        let failure = #expect(throws: StepFailure.self) { try change.runAll() }
        let error = try #require(failure?.cause as? MigrationError)
        #expect(error.code == .phonesDiffer)
        #expect(
            error.text.localized.contains("SEP2 (CP-8861) was forecast to accept the new file, but its web page says: ")
        )
        #expect(!error.text.localized.contains("SEP3"))
        #expect(failure?.stepID == .checkPhones && failure?.isAfterCommit == true)
        // The phone was visited: the same change ends well.
        cluster.onLook = { _ in cluster.held["SEP2"] = cluster.files["pub"]?["CTLFile.tlv"] }
        try situation.takeUp(cluster, in: folder).runAll(.resume)
        let journal = try Journal.open(folder.journal())
        #expect(JournalState(journal.records).outcome == .finished)
    }
}

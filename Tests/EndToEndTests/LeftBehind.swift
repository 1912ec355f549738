import Foundation
import ServerFixtures
import Testing

/// Whom a change leaves behind is listed, counted and forecast afterwards, until a visit is reported.
@Suite(.waiting, .timeLimit(.minutes(10))) struct LeftBehind {
    private let rehearsal: Rehearsal

    init() throws { rehearsal = try Rehearsal() }

    private func document(_ arguments: String..., status: Int32 = 0) throws -> [String: Any] {
        let result = try rehearsal.run(
            Programs.path("etoken-bridge"), arguments + ["--cluster", "lab", "--json"])
        #expect(result.status == status, "\(result.errors)")
        return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    }

    private func stranded() throws -> [String] {
        let phones = try #require(try document("phones", "stranded")["phones"] as? [[String: Any]])
        return try phones.map { try #require($0["phone"] as? String) }
    }

    private func codes() throws -> [String] {
        let findings = try #require(try document("cluster", "status")["findings"] as? [[String: Any]])
        return try findings.map { try #require($0["code"] as? String) }
    }

    @Test func isKnownUntilAVisit() throws {
        #expect(try stranded().isEmpty && !codes().contains("phones-left-behind"))
        #expect(try rehearsal.migrate().status == 0)
        let left = try stranded()
        #expect(left.count == 1)
        #expect(try codes().contains("phones-left-behind"))
        // The last gate before the point of no return knows it.
        let checklist = try document(
            "migrate", "prepare-downgrade", "--to", "9.1", "--module", rehearsal.module, status: 9)
        let groups = try #require(checklist["stranded"] as? [[String: Any]])
        #expect(groups.flatMap { $0["phones"] as? [String] ?? [] } == left)

        // Someone else's name takes nobody off.
        let wrong = try rehearsal.bridge("phones", "visited", "--cluster", "lab", left[0], "SEP000000000000")
        #expect(wrong.status == 2 && wrong.errors.contains("SEP000000000000"), "\(wrong.errors)")
        #expect(try stranded() == left)
        let csv = rehearsal.folder.file("visits.csv")
        #expect(try rehearsal.bridge("phones", "stranded", "--cluster", "lab", "--csv", csv).status == 0)
        // The list that was handed out comes back as it is.
        let visited = try rehearsal.bridge("phones", "visited", "--cluster", "lab", "--names-from", csv)
        #expect(visited.status == 0 && visited.output == "1 phone is off the list; 0 left.\n", "\(visited)")
        #expect(try stranded().isEmpty && !codes().contains("phones-left-behind"))
    }

    /// A journal that cannot be read hides nothing of the cluster itself.
    @Test func aDamagedJournalDoesNotHideTheCluster() throws {
        #expect(try rehearsal.migrate().status == 0)
        let folder = "state/etoken-bridge/journals/"
        let names = try FileManager.default.contentsOfDirectory(atPath: rehearsal.folder.file(folder))
        rehearsal.folder.write(folder + (try #require(names.first)), Array("{}\n".utf8), mode: 0o600)
        let status = try rehearsal.bridge("cluster", "status", "--cluster", "lab")
        #expect(status.status == 0 && status.errors.contains("journal"), "\(status)")
        #expect(status.output.contains("mixed mode"))
        #expect(try rehearsal.bridge("phones", "stranded", "--cluster", "lab").status != 0)
    }
}

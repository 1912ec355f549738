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

    /// Back to the tokens' file while no TVS server can vouch for them: whom the lab's phones then are that stay, says the
    /// record, and the list.
    @Test func afterARollbackTooItIsKnown() throws {
        #expect(try rehearsal.migrate().status == 0)
        let tokenless = try rehearsal.bridge(
            "migrate", "to-tokenless", "--cluster", "lab", "--yes", "--output", rehearsal.folder.file("back"))
        #expect(tokenless.status == 0, "\(tokenless.errors)")
        for node in [Rehearsal.publisher, Rehearsal.subscriber] {
            _ = try rehearsal.commandLine(node, "utils service stop Cisco Trust Verification Service")
        }
        let rollback = try rehearsal.bridge("migrate", "rollback", "--cluster", "lab", "--yes", "--accept-stranded")
        #expect(rollback.status == 0, "\(rollback.errors)")
        let lines = try rehearsal.run(Programs.path("cluster-lab"), ["phones", rehearsal.folder.file("lab")]).output
            .split(separator: "\n").dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let refusing = lines.filter { $0[8] == "refused" }.map { String($0[0]) }.sorted()
        #expect(refusing.count == 3, "\(lines)")
        #expect(try stranded().sorted() == refusing)
        let record = try document("migrate", "status")
        let left = try #require(record["leftToDo"] as? [[String: Any]])
        #expect(left.map { $0["code"] as? String } == ["visit"] && left.first?["phones"] as? Int == 3, "\(left)")
        #expect(record["state"] as? String == "rolled-back" && record["forecastOfRollback"] != nil)
        for phone in refusing { #expect(rollback.output.contains(phone), "\(rollback.output)") }
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

import Foundation
import ServerFixtures
import Testing

/// The checklist before an upgrade, on labs.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Upgrades {
    @Test func theChecklistBeforeAnUpgrade() throws {
        let rehearsal = try Rehearsal()
        func check(_ release: String, _ extra: String...) throws -> Rehearsal.Result {
            try rehearsal.run(
                Programs.path("etoken-bridge"),
                ["migrate", "prepare-upgrade", "--cluster", "lab", "--to", release] + extra)
        }
        let before = try rehearsal.clusterState()
        let page = rehearsal.folder.file("up.html")
        let ready = try check("12.5", "--report", page)
        #expect(ready.status == 0, "\(ready.output)\(ready.errors)")
        #expect(ready.output.contains("Upgrade of cluster lab from 10.5.2.10000-5 to 12.5\n"))
        #expect(ready.output.contains("FN70613") && !ready.output.contains("\nfailed"), "\(ready.output)")
        #expect(try check("12.5", "--report", page).status == 1)
        #expect(rehearsal.folder.bytes("up.json") != nil)
        for release in ["10.5", "9", "10.5.2.10000-5"] {
            let same = try check(release)
            #expect(same.status == 1 && same.errors.contains("is not newer than 10.5.2.10000-5"), "\(same.errors)")
        }
        #expect(try check("fourteen").status == 64)
        #expect(try rehearsal.clusterState() == before)

        // A token's file, a server that is not up to date, and a 7960 that was left behind.
        #expect(try rehearsal.migrate().status == 0)
        let visit = try check("15", "--json")
        #expect(visit.status == 9, "\(visit)")
        let states = try Dictionary(
            uniqueKeysWithValues: #require(visit.json()["items"] as? [[String: Any]]).map {
                ($0["code"] as? String, $0["state"] as? String)
            })
        #expect(
            states["tokens"] == "by-hand" && states["phones"] == "failed" && states["signers"] == "proven", "\(states)")
        #expect(
            try rehearsal.commandLine(Rehearsal.subscriber, "set cert regen CallManager\nyes").contains("Successfully"))
        let stale = try check("15")
        #expect(stale.status == 5 && stale.errors.contains("migrate update-certificates"), "\(stale.errors)")
    }

    /// Cisco field notice FN70613, already there before the upgrade.
    @Test func aStaleSignerIsFound() throws {
        let rehearsal = try Rehearsal(options: ["--release", "12.5"])
        try rehearsal.fault(Rehearsal.publisher, "stale-itlrecovery")
        let result = try rehearsal.bridge("migrate", "prepare-upgrade", "--cluster", "lab", "--to", "14.0.1.12900-161")
        #expect(
            result.status == 5 && result.errors.contains("utils ctl reset localkey"), "\(result.output)\(result.errors)"
        )
    }
}

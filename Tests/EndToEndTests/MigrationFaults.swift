import Foundation
import ServerFixtures
import Testing
import TrustList

/// A change meets every fault of the lab: the result is the old state, the new state, or one from which another run
/// reaches either.
@Suite(.waiting, .timeLimit(.minutes(10))) struct MigrationFaults {
    static let faults = [
        "down", "slow", "disk-full", "login-refused", "session-expired", "cut-upload", "cut-answer", "tls-key",
        "ssh-key", "replication", "dns", "slow-start", "rest-refusal", "too-many-logins", "expiring",
    ]

    @Test(arguments: faults) func endsOldOrNew(fault: String) throws {
        let rehearsal = try Rehearsal()
        let old = try state(of: rehearsal)
        for node in [Rehearsal.subscriber, Rehearsal.publisher] {
            try rehearsal.fault(node, fault)
            var result = try rehearsal.migrate()
            if fault == "replication" {
                // Nothing starts, unless the user says so.
                #expect(result.status == 8 && result.errors.contains("is in state"), "\(result.errors)")
                #expect(try status(rehearsal) == nil && state(of: rehearsal) == old)
                result = try rehearsal.migrate("--despite-findings")
            }
            try rehearsal.fault(node, "none")
            let place: Comment = "\(fault) on \(node): status \(result.status), \(result.errors)"
            #expect(!result.errors.contains("Fatal"), place)
            if ["tls-key", "ssh-key"].contains(fault) { #expect(result.status == 7, place) }
            let document = try status(rehearsal)
            switch document {
            case nil, "rolled-back":
                #expect(result.status != 0, place)
                #expect(try state(of: rehearsal) == old, place)
            case "finished":
                #expect(result.status == 0, place)
            case "unfinished":
                #expect(result.status != 0, place)
                let resumed = try rehearsal.bridge(
                    "migrate", "resume", "--cluster", "lab", "--module", rehearsal.module, "--pin-file",
                    rehearsal.rightPIN)
                #expect(resumed.status == 0, "\(place) \(resumed.errors)")
            default:
                // It could not be restored while the fault lasted; now it can.
                #expect(result.status == 8, place)
                #expect(result.errors.contains("etoken-bridge migrate rollback --cluster lab\n"), place)
                #expect(!result.errors.replacing("...", with: "").contains(".."), place)
                let back = try rehearsal.bridge(
                    "migrate", "rollback", "--cluster", "lab", "--yes", "--accept-stranded")
                #expect(back.status == 0, "\(place) \(back.errors)")
                #expect(try state(of: rehearsal) == old, place)
            }
            if try state(of: rehearsal) == old { continue }
            // Everything is new: the same file everywhere, and both certificates.
            let new = try #require(rehearsal.ctlFile(Rehearsal.publisher))
            #expect(rehearsal.ctlFile(Rehearsal.subscriber) == new, place)
            #expect(try TrustListFile(decoding: new).signerRecord?.isToken == true, place)
            let back = try rehearsal.bridge("migrate", "rollback", "--cluster", "lab", "--yes", "--accept-stranded")
            #expect(back.status == 0, "\(place) \(back.errors)")
            #expect(try state(of: rehearsal) == old, place)
            try FileManager.default.removeItem(atPath: rehearsal.folder.file("state/etoken-bridge/journals"))
        }
    }

    private func state(of rehearsal: Rehearsal) throws -> [String: [UInt8]] {
        try rehearsal.clusterState().filter { !$0.key.hasPrefix("phones/") }
    }

    /// The outcome of the latest change; nil if none was started.
    private func status(_ rehearsal: Rehearsal) throws -> String? {
        let result = try rehearsal.bridge("migrate", "status", "--cluster", "lab", "--json")
        guard result.status == 0 else { return nil }
        let document = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        return document?["state"] as? String
    }
}

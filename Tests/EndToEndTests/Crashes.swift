import Foundation
import ServerFixtures
import Testing
import TrustList
import X509

/// The program is killed after a record of its journal, with SIGKILL, and another run continues. A sample of the
/// records; all of them with ETOKEN_BRIDGE_EVERY_POINT in the environment (tools/deep crashes).
@Suite(.waiting, .timeLimit(.minutes(CrashPoints.areAllTried ? 600 : 10))) struct Crashes {
    struct Case: CustomTestStringConvertible {
        let arguments: [String]
        var usesTokens = true
        /// What has to be done to the lab first.
        var before: [String]?
        /// For `cluster-lab up`.
        var options: [String] = []

        var testDescription: String { arguments.prefix(3).joined(separator: " ") }
    }

    static let cases =
        [
            Case(arguments: ["migrate", "to-etoken"]),
            Case(arguments: ["migrate", "to-tokenless"], usesTokens: false, before: ["migrate", "to-etoken"]),
            Case(
                arguments: ["migrate", "replace-token"] + Rehearsal.tokens.flatMap { ["--lost", $0] },
                usesTokens: false,
                before: ["migrate", "to-etoken"]),
            Case(arguments: ["cluster", "set-mode", "non-secure"]),
            Case(arguments: ["cluster", "set-mode", "non-secure"], usesTokens: false),
        ]
        + (CrashPoints.areAllTried ? [Case(arguments: ["migrate", "to-etoken"], options: ["--release", "12.5"])] : [])

    static let library: Result<(TemporaryFolder, String), any Error> = Result {
        let folder = TemporaryFolder.untilExit()
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "kill-at-sync.c"
        ).path
        let library = folder.file("kill.so")
        try ChildProcess.run(["cc", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source, "-ldl"])
        return (folder, library)
    }

    @Test(arguments: cases) func anotherRunGoesOn(_ test: Case) throws {
        let rehearsal = try Rehearsal(options: test.options)
        func bridge(_ arguments: [String], tokens: Bool, _ environment: [String] = []) throws -> Rehearsal.Result {
            let signing =
                rehearsal.moduleOptions + Rehearsal.tokens.flatMap { ["--token", $0] } + [
                    "--pin-file", rehearsal.rightPIN,
                ]
            let options = ["--cluster", "lab", "--yes", "--accept-stranded", "--output", rehearsal.folder.file("out")]
            return try rehearsal.run(
                Programs.path("etoken-bridge"), arguments + options + (tokens ? signing : []), environment: environment)
        }
        func migrate(_ verb: String, _ more: [String]) throws -> Rehearsal.Result {
            try rehearsal.run(Programs.path("etoken-bridge"), ["migrate", verb, "--cluster", "lab"] + more)
        }
        func rollBack() throws {
            let result = try migrate("rollback", ["--yes", "--accept-stranded"])
            #expect(result.status == 0, "\(result.errors)")
        }

        if let before = test.before { #expect(try bridge(before, tokens: true).status == 0) }
        let before = try state(of: rehearsal)
        let undisturbed = try bridge(test.arguments, tokens: test.usesTokens)
        #expect(undisturbed.status == 0, "\(undisturbed.errors)")
        let after = try contents(state(of: rehearsal))
        let records = try journal(of: rehearsal)
        try rollBack()
        #expect(try state(of: rehearsal) == before)

        let killer = try Self.library.get().1
        // The first record is written together with its file, not appended.
        let points = CrashPoints.areAllTried ? Array(1..<records) : [2, records / 3, records / 2, records - 3]
        for point in points {
            let variables = ["LD_PRELOAD=\(killer)", "KILL_AT_SYNC=\(point)"]
            let killed = try bridge(test.arguments, tokens: test.usesTokens, variables)
            #expect(killed.status == 128 + 9, "point \(point): \(killed.errors)")
            let another = try bridge(test.arguments, tokens: test.usesTokens)
            if point < records - 1 {
                #expect(another.status == 1 && another.errors.contains("is not finished"), "\(another.errors)")
                let resumed = try migrate(
                    "resume", rehearsal.moduleOptions + ["--pin-file", rehearsal.rightPIN, "--yes"])
                #expect(resumed.status == 0, "point \(point): \(resumed.errors)")
            }
            #expect(try contents(state(of: rehearsal)) == after, "point \(point)")
            // The rollback is killed as well, and repeated.
            let back = try rehearsal.run(
                Programs.path("etoken-bridge"),
                ["migrate", "rollback", "--cluster", "lab", "--yes", "--accept-stranded"],
                environment: ["LD_PRELOAD=\(killer)", "KILL_AT_SYNC=\(1 + point % 7)"])
            #expect(back.status == 128 + 9, "point \(point): \(back.errors)")
            try rollBack()
            #expect(try state(of: rehearsal) == before, "point \(point)")
        }
        // One is abandoned: what it changed remains, and the cluster is free for another.
        let left = try bridge(
            test.arguments, tokens: test.usesTokens, ["LD_PRELOAD=\(killer)", "KILL_AT_SYNC=2"])
        #expect(left.status == 128 + 9, "\(left.errors)")
        let abandoned = try migrate("rollback", ["--abandon", "--yes"])
        #expect(abandoned.status == 0 && abandoned.output.contains("was abandoned; what it changed remains changed."))
        let closed = try migrate("resume", [])
        #expect(closed.status == 2 && closed.errors.contains(" was abandoned.\nNext: See what it did: "))
        print("\(test.testDescription): killed at \(points.count) of \(records - 1) records")
    }

    /// What phones do is left out: they fetch files in their own time.
    private func state(of rehearsal: Rehearsal) throws -> [String: [UInt8]] {
        try rehearsal.clusterState().filter { !$0.key.hasPrefix("phones/") }
    }

    /// Files without what differs between two runs: the timestamp, and so the signature.
    private func contents(_ state: [String: [UInt8]]) throws -> [String: [UInt8]] {
        try state.mapValues { bytes in
            guard let list = try? TrustListFile(decoding: bytes) else { return bytes }
            let signer = try #require(list.signerRecord?.certificate)
            #expect(try list.isSigned(by: Certificate(der: signer)))
            return signer + list.records.flatMap { Array("\($0.elements)".utf8) }
        }
    }

    /// How many records the latest journal has.
    private func journal(of rehearsal: Rehearsal) throws -> Int {
        let folder = rehearsal.folder.file("state/etoken-bridge/journals")
        let name = try #require(FileManager.default.contentsOfDirectory(atPath: folder).max())
        return try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8).split(separator: "\n").count
    }
}

enum CrashPoints {
    static let areAllTried = ProcessInfo.processInfo.environment["ETOKEN_BRIDGE_EVERY_POINT"] != nil
}

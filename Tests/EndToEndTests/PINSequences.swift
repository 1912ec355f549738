import Foundation
import ServerFixtures
import Testing

/// Whole runs of the program in any order, on a card behind OpenSC that sets no flags and locks for good: with right and wrong
/// PINs, killed in the middle, several at once, through a module that writes the serial number differently, with another state
/// folder, and where nothing can be remembered; and the right PIN with other software, after which the records are removed as
/// the program says. None locks it. ETOKEN_BRIDGE_DEEP=1 for 200 runs on each card; PINSafety has the same in one process,
/// with tokens that tell more.
@Suite(.waiting, .timeLimit(.minutes(60))) struct PINSequences {
    private static let isDeep = getenv("ETOKEN_BRIDGE_DEEP") != nil

    private enum Kind: String, CaseIterable {
        case right, wrong, killedBefore, killedAfter, parallel, unkept, elsewhere, otherSoftware
    }

    private final class Table {
        let cards: VirtualTokens
        let rehearsal: Rehearsal
        let modules: [String]
        private let label: String
        private var number = 0

        init(tries: Int) throws {
            cards = try VirtualTokens(tries: tries, areOfCisco: tries == 15)
            rehearsal = try Rehearsal(cards: cards)
            try ChildProcess.run(["mkdir", rehearsal.folder.file("shared")])
            label = (tries == 15 ? VirtualTokens.labels : VirtualTokens.otherLabels)[0]
            modules = [
                cards.module, try ModuleShim.build("spelled.so", over: cards.module, "SPELLED", in: rehearsal.folder),
            ]
        }

        /// A run that logs in and signs. Through the first module the label is that of the first card, too.
        private func arguments(_ pin: String, _ module: Int) -> [String] {
            number += 1
            return [
                "token", "test", label, "--module", modules[module], "--pin-file",
                rehearsal.folder.write("pin-\(number)", pin + "\n"),
            ]
        }

        func run(_ pin: String, _ module: Int, state: String? = nil) throws -> Int32 {
            try rehearsal.run(
                Programs.path("etoken-bridge"), arguments(pin, module),
                environment: [shared] + (state.map { ["XDG_STATE_HOME=\($0)"] } ?? [])
            ).status
        }

        /// The other state folder.
        func runElsewhere(_ pin: String, _ module: Int) throws -> Int32 {
            try run(pin, module, state: rehearsal.folder.file("elsewhere"))
        }

        /// In one folder all that was counted, and what the state folders tell each other.
        private var shared: String { "ETOKEN_BRIDGE_SHARED=\(rehearsal.folder.file("shared"))" }

        /// Enters the right PIN with pkcs11-tool, and removes the records.
        func enterWithOtherSoftware() throws -> Int32 {
            try ChildProcess.run(
                [
                    "pkcs11-tool", "--module", cards.module, "--slot-index", "0", "--login", "--pin", "Cisco123",
                    "--list-objects",
                ], environment: cards.environment)
            for folder in ["state/etoken-bridge/wrong-pins", "elsewhere/etoken-bridge/wrong-pins", "shared"] {
                let path = rehearsal.folder.file(folder)
                for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
                    unlink("\(path)/\(name)")
                }
            }
            return 0
        }

        /// Killed at the login, when the card has not looked at the PIN yet, or has.
        func runKilled(_ when: String) throws -> Int32 {
            rehearsal.folder.write("spelled.so.die", when)
            defer { unlink(rehearsal.folder.file("spelled.so.die")) }
            return try run("Cisco124", 1)
        }

        func runAtOnce(_ count: Int) throws -> [Int32] {
            try (0..<count).map { index in
                try ChildProcess(
                    [Programs.path("etoken-bridge")] + arguments("Cisco12\(4 + index)", index % 2), output: "/dev/null",
                    errors: "/dev/null",
                    environment: rehearsal.variables + [shared]
                        + (index % 2 == 0 ? [] : ["XDG_STATE_HOME=\(rehearsal.folder.file("elsewhere"))"]))
            }.map { $0.wait() }
        }

        var left: Int { get throws { try cards.status(0).tries } }
    }

    @Test(arguments: [3, 5, 15]) func noSequenceOfRunsLocksACard(tries: Int) throws {
        let table = try Table(tries: tries)
        var dice = SeededRandom(UInt64(tries * 77))
        var log: [String] = []
        var counts: [Kind: Int] = [:]
        var lowest = tries
        // Each kind comes at least once, wrong ones first: a card in danger is what matters.
        let first: [Kind] = [
            .wrong, .elsewhere, .killedBefore, .unkept, .parallel, .otherSoftware, .right, .killedAfter, .parallel,
            .wrong,
        ]
        for step in 0..<(Self.isDeep ? 200 : 12) {
            let kind = step < first.count ? first[step] : Kind.allCases.randomElement(using: &dice) ?? .wrong
            let module = Int.random(in: 0...1, using: &dice)
            let statuses: [Int32] =
                switch kind {
                case .right: [try table.run("Cisco123", module)]
                case .wrong: [try table.run("Cisco124", module)]
                case .killedBefore: [try table.runKilled("before")]
                case .killedAfter: [try table.runKilled("after")]
                case .parallel: try table.runAtOnce(4)
                case .elsewhere: [try table.runElsewhere("Cisco124", module)]
                case .otherSoftware: [try table.enterWithOtherSoftware()]
                case .unkept: [try table.run("Cisco124", module, state: "/proc/nowhere")]
                }
            let left = try table.left
            counts[kind, default: 0] += 1
            lowest = min(lowest, left)
            log.append("\(kind)/\(module) \(statuses): \(left)")
            try #require(left >= 1, "locked: \(log)")
        }
        let kinds = Kind.allCases.map { "\(counts[$0] ?? 0) \($0)" }.joined(separator: ", ")
        print("PIN sequences on a card of \(tries) tries: \(kinds); at least \(lowest) left")
        // It was in danger, and every kind of run was made.
        #expect(lowest < tries && counts.count == Kind.allCases.count, "\(log)")
    }
}

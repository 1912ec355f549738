import Foundation
import ServerFixtures
import Testing

/// `token watch` and `token wait`, on virtual tokens in a real pcscd. Each test has its own tokens.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Watching {
    private static let first = VirtualTokens.labels[0]
    private static let second = VirtualTokens.labels[1]

    private func watch(_ tokens: VirtualTokens, _ extra: String...) throws -> Program {
        try Program(["token", "watch", "--module", tokens.module] + extra, environment: tokens.environment)
    }

    private func events(_ lines: [String]) -> [String] {
        lines.compactMap { $0.split(separator: " ").dropFirst().prefix(2).joined(separator: " ") }
    }

    @Test func tellsOfInsertionsAndRemovalsUntilControlC() throws {
        let tokens = try VirtualTokens()
        let program = try watch(tokens)
        try program.expect("both at the start") {
            events($0) == ["present \(Self.first)", "present \(Self.second)"]
        }
        try tokens.tell(0, "pull")
        try program.expect("pulled") { events($0).last == "removed \(Self.first)" }
        try tokens.tell(0, "insert")
        try program.expect("inserted") { events($0).last == "inserted \(Self.first)" }
        #expect(program.lines.last?.hasSuffix("in reader Virtual PCD 00 00, seen before") == true)
        try tokens.tell(1, "pull")
        try program.expect("the other pulled") { events($0).last == "removed \(Self.second)" }
        #expect(program.lines.count == 5, "\(program.output)")
        program.signal(SIGINT)
        #expect(program.status() == 0)
        #expect(program.errors.isEmpty)
        // Watching uses no PIN.
        #expect(try tokens.status(0).verifications == 0)
    }

    @Test func eachEventIsAJSONDocumentOfOneLine() throws {
        let tokens = try VirtualTokens(kinds: ["cardos", "safenet"])
        let program = try watch(tokens, "--json", "--until-inserted", "2", "--timeout", "60")
        try program.expect("a card that nothing reads") { $0.count == 2 }
        let documents = try program.lines.map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        #expect(documents.allSatisfy { $0["schema"] as? String == "etoken-bridge/1" })
        #expect(documents.map { $0["event"] as? String } == ["present", "unread-card"])
        #expect((documents[0]["token"] as? [String: Any])?["serialNumber"] as? String == "0054f509")
        let reader = try #require(documents[1]["reader"] as? [String: Any])
        #expect(reader["name"] as? String == "Virtual PCD 00 01")
        #expect(reader["atr"] as? String == "3B:D5:18:00:81:31:3A:7D:80:73:C8:21:10:30")
        #expect((reader["card"] as? String)?.contains("eToken 5100") == true)
        program.signal(SIGTERM)
        #expect(program.status() == 10)
        #expect(program.errors.contains("tokens seen: 1 of 2"))
    }

    /// One USB port: the second token comes after the first was removed; the first one again does not count as a second
    /// one.
    @Test func countsDifferentTokensThroughOnePort() throws {
        let tokens = try VirtualTokens()
        try tokens.tell(1, "pull")
        let program = try watch(tokens, "--until-inserted", "2")
        try program.expect("the first") { events($0).contains("present \(Self.first)") }
        try tokens.tell(0, "pull")
        try program.expect("pulled") { events($0).contains("removed \(Self.first)") }
        try tokens.tell(0, "insert")
        try program.expect("again") { events($0).last == "inserted \(Self.first)" }
        try tokens.tell(0, "pull")
        try tokens.tell(1, "insert")
        #expect(program.status() == 0)
        #expect(events(program.lines).last == "inserted \(Self.second)")
    }

    /// Another program has exclusive access to a card: no module can read it, but it is still there.
    @Test func aCardThatIsHeldIsNotRemoved() throws {
        let tokens = try VirtualTokens()
        let program = try watch(tokens)
        try program.expect("both") { $0.count == 2 }
        let holder = try tokens.hold(0)
        // The module is asked again; OpenSC reads no card at all while one is held.
        try tokens.reinsert(1)
        try program.expect("that the module fails") { events($0).last?.hasPrefix("module") == true }
        #expect(!events(program.lines).contains("removed \(Self.first)"), "\(program.output)")
        // When the other program ends, no event reports it; the second token is found nevertheless.
        holder.signal(SIGKILL)
        try program.expect("the second one") { events($0).last == "inserted \(Self.second)" }
        try tokens.tell(0, "pull")
        try program.expect("the first one's end") { events($0).last == "removed \(Self.first)" }
        withExtendedLifetime(holder) {}
    }

    @Test func theTimeEndsTheWatch() throws {
        let tokens = try VirtualTokens()
        let all = try watch(tokens, "--timeout", "0")
        #expect(all.status() == 0)
        #expect(all.lines.count == 2)
        let three = try watch(tokens, "--timeout", "1", "--until-inserted", "3")
        #expect(three.status() == 2)
        #expect(three.errors.contains("Timed out after 1 s; tokens seen: 2 of 3."))
    }

    @Test func theServiceMayEnd() throws {
        var tokens: VirtualTokens? = try VirtualTokens()
        let program = try watch(try #require(tokens))
        try program.expect("both") { $0.count == 2 }
        tokens = nil
        try program.expect("the end") {
            Set(events($0)).isSuperset(of: ["removed \(Self.first)", "removed \(Self.second)"])
        }
        #expect(events(program.lines).contains { $0.hasPrefix("service") })
        program.signal(SIGINT)
        #expect(program.status() == 0)
    }

    @Test func aHungTokenDoesNotHangTheWatch() throws {
        let tokens = try VirtualTokens()
        try tokens.tell(0, "hang")
        let program = try watch(tokens, "--token-timeout", "1")
        try program.expect("the module's silence") { events($0).contains { $0.hasPrefix("module") } }
        program.signal(SIGINT)
        #expect(program.status() == 0)
        try tokens.tell(0, "resume")
    }

    /// A USB token is a reader that comes and goes with its card.
    @Test func readersComeAndGo() throws {
        let service = try StandInSmartCardService()
        let software = try MockTokens()
        let program = try Program(
            ["token", "watch", "--json", "--module", software.module],
            environment: service.environment + software.environment)
        try program.expect("the software's tokens") { $0.count == 2 }
        let name = "SafeNet eToken 5100 [eToken 5110 SC] 00 00"
        let events = { (lines: [String]) in
            lines.dropFirst(2).compactMap { line in
                (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["event"] as? String
            }
        }
        for round in 1...2 {
            service.set(readers: [.init(name, atr: "3BD5180081313A7D8073C8211030", events: round)])
            try program.expect("the card") { events($0).last == "unread-card" }
            service.set(readers: [])
            try program.expect("its end") { events($0).count == 4 * round }
        }
        let round = ["reader-added", "unread-card", "unread-card-removed", "reader-removed"]
        #expect(events(program.lines) == round + round)
        #expect(program.lines.dropFirst(2).allSatisfy { $0.contains("\"name\":\"\(name)\"") })
        program.signal(SIGINT)
        #expect(program.status() == 0)
    }

    // MARK: - token wait

    @Test func waitsForEachTokenOneAfterTheOther() throws {
        let tokens = try VirtualTokens()
        try tokens.tell(1, "pull")
        let program = try Program(
            ["token", "wait", "008580ef", "pkcs11:token=\(Self.first)", "--module", tokens.module],
            environment: tokens.environment)
        try program.expect("the first") { $0.count == 1 && $0[0].hasPrefix(Self.first) }
        try tokens.tell(0, "pull")
        try tokens.tell(1, "insert")
        #expect(program.status() == 0)
        #expect(program.lines.count == 2 && program.lines[1].hasPrefix(Self.second))
    }

    @Test func waitsForAllTogether() throws {
        let tokens = try VirtualTokens()
        try tokens.tell(1, "pull")
        let arguments = ["token", "wait", Self.first, Self.second, "--together", "--module", tokens.module]
        let short = try Program(arguments + ["--timeout", "1"], environment: tokens.environment)
        #expect(short.status() == 2)
        #expect(short.errors.contains("not inserted: \(Self.second)"))
        let long = try Program(arguments, environment: tokens.environment)
        try tokens.tell(1, "insert")
        #expect(long.status() == 0)
        #expect(long.lines.count == 2)
        let interrupted = try Program(
            ["token", "wait", "SAST-ADN00000000", "--module", tokens.module], environment: tokens.environment)
        try tokens.reinsert(1)
        waitUntil("another token is said") { interrupted.errors.contains("is not one of those") }
        interrupted.signal(SIGINT)
        #expect(interrupted.status() == 10)
        #expect(interrupted.errors.contains("not inserted: SAST-ADN00000000"))
    }
}

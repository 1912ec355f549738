import Glibc
import ServerFixtures
import SmartCards
import Synchronization
import Testing

/// The readers of a real pcscd with two virtual tokens. libpcsclite reads the service's path from the environment once
/// per connection, so all of it is in one test process with one service.
@Suite(.waiting, .timeLimit(.minutes(10)), .serialized) struct VirtualReaders {
    // Kept where it can be released at the end: a static value never is.
    private static let kept = Mutex<VirtualTokens?>(nil)

    private static func shared() throws -> VirtualTokens {
        try kept.withLock { kept in
            if let kept { return kept }
            let tokens = try VirtualTokens(kinds: ["cardos", "piv"])
            for variable in tokens.environment {
                let parts = variable.split(separator: "=", maxSplits: 1).map(String.init)
                setenv(parts[0], parts[1], 1)
            }
            kept = tokens
            atexit { VirtualReaders.kept.withLock { $0 = nil } }
            return tokens
        }
    }

    private let tokens: VirtualTokens
    private let service: SmartCardService

    init() throws {
        tokens = try Self.shared()
        for token in [0, 1] { try tokens.tell(token, "insert") }
        service = try SmartCardService()
        _ = try wait { $0.allSatisfy { $0.atr != nil } }
    }

    /// The readers, as soon as they are as required.
    private func wait(until isWanted: ([Reader]) -> Bool) throws -> [Reader] {
        var readers = try service.readers()
        for _ in 0..<100 where !isWanted(readers) {
            readers = try service.change(from: readers, milliseconds: 1000) ?? readers
        }
        try #require(isWanted(readers))
        return readers
    }

    @Test func listsReadersWithTheirCards() throws {
        let readers = try service.readers()
        #expect(readers.map(\.name) == ["Virtual PCD 00 00", "Virtual PCD 00 01"])
        #expect(readers.allSatisfy { $0.hasCard && !$0.isMute })
        #expect(readers[0].atr?.description == "3B:F2:18:00:02:C1:0A:31:FE:58:C8:09:75")
        let known = try #require(readers[0].atr.flatMap(KnownCard.with))
        #expect(known.name.contains("eToken PRO") && known.software == .safeNet)
        #expect(readers[1].atr?.isWellFormed == true)
        #expect(readers[1].atr.flatMap(KnownCard.with) == nil)
        #expect(ServiceSocket().state == .listening)
    }

    @Test func seesATokenGoAndComeBack() throws {
        let before = try service.readers()
        try tokens.tell(0, "pull")
        let pulled = try wait { !$0[0].hasCard }
        #expect(pulled[0].atr == nil)
        #expect(pulled[1].hasCard)
        try tokens.tell(0, "insert")
        let back = try wait { $0[0].atr != nil }
        #expect(back[0].atr == before[0].atr)
        // Between two checks the token was away: the count shows it.
        #expect(back[0].events != before[0].events)
    }

    @Test func waitsNoLongerThanAsked() throws {
        let readers = try service.readers()
        // Nothing happens: a reader whose state is known does not end the wait.
        #expect(try service.change(from: readers, milliseconds: 50) == nil)
        // Something has happened already.
        try tokens.tell(1, "pull")
        #expect(try service.change(from: readers, milliseconds: nil) != nil)
    }

    @Test func aWaitIsEndedFromAnotherThread() async throws {
        let readers = try wait { $0.allSatisfy { $0.atr != nil } }
        let done = Flag()
        let service = service
        let canceller = Task {
            // The wait may start late: it is cancelled until it has ended.
            while !done.isSet {
                service.cancel()
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        let changed = try service.change(from: readers, milliseconds: nil)
        done.set()
        #expect(changed == nil)
        try await canceller.value
        // The connection still works.
        #expect(try service.readers().count == 2)
    }

    /// Another program takes the card, and releases it when it ends.
    @Test(arguments: [(VirtualTokens.Share.exclusive, Reader.Use.exclusive), (.shared, .shared)])
    func tellsThatAnotherProgramHasTheCard(share: VirtualTokens.Share, use: Reader.Use) throws {
        try look { $0 == .free }
        let holder = try tokens.hold(0, share)
        try look { $0 != .free }
        #expect(try service.readers()[0].use == use)
        withExtendedLifetime(holder) {}
    }

    /// Until the first card is used as required. The service does not report this by itself.
    private func look(until isWanted: (Reader.Use) -> Bool) throws {
        try waitUntil("the card's use changes") { isWanted(try service.readers()[0].use) }
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

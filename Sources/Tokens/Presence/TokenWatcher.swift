import Basics
import SmartCards
import Synchronization

/// Reports which tokens are inserted and removed: by the events of the smart card service, and at intervals for modules
/// whose tokens are in no reader, or if there is no service.
///
/// Only one thread may call it; ``cancel()`` may be called from any thread.
public final class TokenWatcher: @unchecked Sendable {
    // Only `timer` and `service` are used from other threads, and they are safe for that.
    private let timer = WakeUpTimer()
    private let service = Mutex<SmartCardService?>(nil)
    private let modules: [WatchedModule]
    private let interval: UInt32
    /// Nil for a test that has modules only: libpcsclite serves one process with one service.
    private let connect: (@Sendable () throws(SmartCardError) -> SmartCardService)?

    private var hasStarted = false
    private var hasService = false
    private var readers: [Reader] = []
    /// By identity, so that a card with several PINs, which a module shows in several slots, is one token.
    private var present: [[String]: PresentToken] = [:]
    private var unreadCards: [String: Reader] = [:]
    private var failures: [String: TokenError] = [:]
    /// When to check unreadable cards again: a card may not be ready at once.
    private var secondLooks: [Deadline] = []
    private var nextPoll: Deadline?

    /// Milliseconds after an insertion at which a card that is not readable yet is checked again.
    private static let patienceWithCards: [UInt32] = [200, 600, 1500, 3000, 8000, 20000]

    /// - Parameters:
    ///   - modules: paths of PKCS#11 modules.
    ///   - pins: what is remembered about tokens' PINs.
    ///   - patience: how long a module may take for one operation, in seconds.
    ///   - interval: milliseconds between two checks where there are no events.
    ///   - readsNames: whether each new token's certificates are read, so that their names count (``TokenName``).
    public convenience init(
        modules: [String], pins: PINLedger, patience: Int = PKCS11Module.defaultPatience, interval: UInt32 = 1000,
        readsNames: Bool = false
    ) {
        self.init(
            modules: modules, pins: pins, patience: patience, interval: interval, readsNames: readsNames,
            connect: { () throws(SmartCardError) in try SmartCardService() })
    }

    init(
        modules: [String], pins: PINLedger, patience: Int, interval: UInt32, readsNames: Bool,
        connect: (@Sendable () throws(SmartCardError) -> SmartCardService)?
    ) {
        self.modules = modules.map {
            WatchedModule(path: $0, pins: pins, patience: patience, readsNames: readsNames)
        }
        self.interval = interval
        self.connect = connect
    }

    /// The tokens that were present when ``changes(within:)`` last returned.
    public var tokens: [PresentToken] {
        present.values.sorted { $0.identity.lexicographicallyPrecedes($1.identity) }
    }

    /// Ends ``changes(within:)``, now and later, in whatever thread it runs. Repeat it until that has returned: a wait
    /// that is just starting may miss it.
    public func cancel() {
        timer.fire()
        service.withLock { $0 }?.cancel()
    }

    public var isCancelled: Bool { timer.hasFired }

    /// Waits until something happens.
    ///
    /// - Parameter milliseconds: how long to wait at most; nil for no limit.
    /// - Returns: what happened since the last call, in order; at the first call, immediately, everything that is
    ///   present. Empty if nothing did in time, or after ``cancel()``.
    public func changes(within milliseconds: UInt32?) -> [TokenChange] {
        let deadline = Deadline(milliseconds: milliseconds)
        while !isCancelled {
            var changes: [TokenChange] = []
            if !hasStarted {
                hasStarted = true
                findService(&changes)
                look(at: modules, &changes)
            } else {
                wait(until: deadline, &changes)
            }
            if !changes.isEmpty { return changes }
            if deadline.hasPassed { break }
        }
        return []
    }

    // MARK: - Waiting

    private func wait(until deadline: Deadline, _ changes: inout [TokenChange]) {
        let polled = service.withLock { $0 == nil } ? modules : modules.filter(\.needsPolling)
        let times = [secondLooks.first, polled.isEmpty ? nil : nextPoll].compactMap(\.self)
        let next = times.reduce(deadline, min)
        let hadEvent = sleep(milliseconds: next.millisecondsLeft, &changes)
        guard !isCancelled else { return }
        if hadEvent || secondLooks.first?.hasPassed == true {
            secondLooks.removeAll(where: \.hasPassed)
            look(at: modules, &changes)
        } else if !polled.isEmpty, nextPoll?.hasPassed != false {
            if service.withLock({ $0 == nil }) { findService(&changes) }
            look(at: polled, &changes)
        }
    }

    /// Whether cards were inserted, or readers or the service appeared or disappeared.
    private func sleep(milliseconds: UInt32?, _ changes: inout [TokenChange]) -> Bool {
        guard let service = service.withLock({ $0 }) else {
            timer.sleep(milliseconds: milliseconds ?? interval)
            return false
        }
        do throws(SmartCardError) {
            guard let now = try service.change(from: readers, milliseconds: milliseconds) else { return false }
            return update(now, &changes)
        } catch {
            self.service.withLock { $0 = nil }
            hasService = false
            changes.append(.serviceLost(error))
            _ = update([], &changes)
            return true
        }
    }

    private func findService(_ changes: inout [TokenChange]) {
        guard let found = try? connect?(), let now = try? found.readers() else { return }
        service.withLock { $0 = found }
        if !hasService, nextPoll != nil { changes.append(.serviceFound) }
        hasService = true
        _ = update(now, &changes)
    }

    // MARK: - Readers

    /// Records the current readers. Returns whether a card was inserted.
    private func update(_ now: [Reader], _ changes: inout [TokenChange]) -> Bool {
        let before = Dictionary(readers.map { ($0.name, $0) }) { first, _ in first }
        var hasNewCard = false
        for reader in now {
            let old = before[reader.name]
            if old == nil, nextPoll != nil { changes.append(.readerAdded(reader)) }
            let wasPulled = old.map { $0.hasCard && (!reader.hasCard || $0.events != reader.events) } ?? false
            if wasPulled { forget(reader.name, &changes) }
            if reader.hasCard, old?.hasCard != true || wasPulled || old?.atr != reader.atr { hasNewCard = true }
        }
        let names = Set(now.map(\.name))
        for reader in readers where !names.contains(reader.name) {
            forget(reader.name, &changes)
            changes.append(.readerRemoved(reader))
        }
        readers = now
        if hasNewCard {
            secondLooks = Self.patienceWithCards.map { Deadline(milliseconds: $0) }
        }
        return hasNewCard
    }

    /// What was in a reader is no longer there.
    private func forget(_ reader: String, _ changes: inout [TokenChange]) {
        for token in tokens where token.reader?.name == reader {
            present[token.identity] = nil
            changes.append(.removed(token))
        }
        if let card = unreadCards.removeValue(forKey: reader) { changes.append(.unreadCardRemoved(card)) }
    }

    // MARK: - Tokens

    private func look(at asked: [WatchedModule], _ changes: inout [TokenChange]) {
        var found: [[String]: PresentToken] = [:]
        for module in asked where !isCancelled {
            for token in module.tokens(in: readers) where found[token.identity] == nil {
                found[token.identity] = token
            }
            report(module, &changes)
        }
        guard !isCancelled else { return }
        nextPoll = Deadline(milliseconds: interval)
        let paths = Set(asked.map(\.path))
        for token in tokens where paths.contains(token.module) {
            // The same token was removed from another slot and inserted elsewhere.
            if let new = found[token.identity], new.info.slotDescription == token.info.slotDescription { continue }
            if isStillIn(token.reader), !found.values.contains(where: { $0.reader?.name == token.reader?.name }) {
                continue
            }
            present[token.identity] = nil
            changes.append(.removed(token))
        }
        for token in found.values.sorted(by: { $0.identity.lexicographicallyPrecedes($1.identity) }) {
            if present[token.identity] == nil { changes.append(.inserted(token)) }
            // If several modules know the same token, the first one keeps it.
            if present[token.identity] == nil || paths.contains(present[token.identity]!.module) {
                present[token.identity] = token
            }
        }
        lookForUnreadCards(&changes)
    }

    /// Whether the card has not been removed from the reader. That a module cannot read it at the moment, because
    /// another program has exclusive access, does not mean that it is gone.
    private func isStillIn(_ reader: Reader?) -> Bool {
        guard let reader else { return false }
        return readers.contains { $0.name == reader.name && $0.hasCard && $0.events == reader.events }
    }

    private func report(_ module: WatchedModule, _ changes: inout [TokenChange]) {
        if let failure = module.failure, failures[module.path]?.code != failure.code {
            changes.append(.moduleFailed(path: module.path, reason: failure.text))
        }
        failures[module.path] = module.failure
    }

    /// Cards in readers that contain no token; only once they had time to become ready.
    private func lookForUnreadCards(_ changes: inout [TokenChange]) {
        let used = Set(present.values.compactMap { $0.reader?.name })
        let unread = readers.filter { $0.hasCard && !used.contains($0.name) }
        // One that becomes readable later is an insertion, and reported.
        unreadCards = unreadCards.filter { name, _ in !used.contains(name) }
        guard !unread.isEmpty else { return secondLooks.removeAll() }
        guard secondLooks.isEmpty else { return }
        for reader in unread where unreadCards[reader.name] == nil {
            unreadCards[reader.name] = reader
            changes.append(.unreadCard(reader))
        }
    }
}

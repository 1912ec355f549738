import Basics
import Messages
import Operations
import Phones
import TrustList
import X509

/// The phones of a cluster that did not follow a change, or of which that is not known, and that nobody has visited since.
///
/// It follows from the journals of the cluster's changes, so no crash can lose it, and from the visits that were reported,
/// and the records of restarts and of remote erasures. Source: docs/phones.md, "Phones that were left behind".
public struct StrandedRegister: Sendable {
    /// What a phone was left with.
    public enum Held: Sendable, Hashable {
        /// A CTL file; SHA-256 of the copy among the backups, lower-case hexadecimal.
        case file(sha256: String)
        case unknown
    }

    public struct Entry: Sendable, Hashable {
        public let phone: String
        public let model: String
        /// Device pool, if known.
        public let pool: String?
        public fileprivate(set) var held: Held
        /// Name of the change that it did not follow, and when that ended.
        public let change: String
        public let since: Timestamp
        /// Why it did not follow: the forecast's reason.
        public let reason: LocalizableText
        /// Whether it was forecast to refuse, or that was not known; `unknown`, too, where its page says that it did not
        /// follow although it was forecast to.
        public let verdict: Verdict.Outcome
        /// That its trust lists have been erased remotely since, as far as that is known.
        public fileprivate(set) var erasure: Erasure?
    }

    /// Keys that were to erase a phone's trust lists were pressed remotely.
    public struct Erasure: Sendable, Hashable {
        public let time: Timestamp
        /// ``ErasureRecord/State/returned``: erased, according to its page. That is not proven.
        public let state: ErasureRecord.State
    }

    private var byName: [String: Entry] = [:]
    /// Phones that were forecast to follow and were not restarted: the change. They need no visit; but what they hold depends
    /// on whether they have restarted by themselves.
    private var notRestarted: [String: String] = [:]

    /// Sorted by model and name.
    public var entries: [Entry] { byName.values.sorted { ($0.model, $0.phone) < ($1.model, $1.phone) } }
    public var isEmpty: Bool { byName.isEmpty }
    public var count: Int { byName.count }

    public func contains(_ phone: String) -> Bool { byName[phone] != nil }

    /// Reads what is known about a cluster.
    ///
    /// - Throws: `FileError`; ``MigrationError`` (`journal-unusable`) if a journal or the list of visits cannot be read.
    public init(of cluster: String, in state: StateFolder) throws {
        try self.init(of: cluster, state.changes(of: cluster).map(\.records), in: state)
    }

    /// - Parameter journals: of the cluster's changes.
    init(of cluster: String, _ journals: [[JournalRecord]], in state: StateFolder) throws {
        let changes = journals.compactMap { Past($0) }
        let visits = try PhoneVisit.all(of: cluster, in: state).map { Event(time: $0.time, what: .visit($0.phones)) }
        let erasures = try ErasureRecord.all(of: cluster, in: state.path).flatMap(\.entries.values)
            .filter { $0.state != .skipped }
            .map { Event(time: $0.time, what: .erasure($0.phone, $0.state)) }
        // A record that cannot be read takes no phone off the register, and hides nothing.
        let restarts = RestartRecord.all(of: cluster, in: state.path).records
            .map { Event(time: $0.begun, what: .restart($0.told)) }
        self.init(changes, visits + erasures + restarts)
    }

    /// What happened to phones between changes.
    private struct Event {
        enum What {
            case visit([String])
            case erasure(String, ErasureRecord.State)
            case restart(Set<String>)
        }

        let time: Timestamp
        let what: What
    }

    private init(_ changes: [Past], _ events: [Event]) {
        var events = events.sorted { $0.time < $1.time }[...]
        for change in changes.sorted(by: { $0.ended < $1.ended }) {
            // Both hold the cluster's lock: what was reported before the change ended came before it began.
            while let event = events.first, event.time < change.ended { note(events.removeFirst()) }
            note(change)
        }
        for event in events { note(event) }
    }

    private mutating func note(_ event: Event) {
        switch event.what {
        case .visit(let phones): for phone in phones { (byName[phone], notRestarted[phone]) = (nil, nil) }
        case .restart(let phones):
            // It was forecast to follow.
            for phone in phones where notRestarted.removeValue(forKey: phone) != nil { byName[phone] = nil }
        case .erasure(let phone, let state):
            // It holds what it held, or the cluster's file: that its page says which proves nothing.
            byName[phone]?.held = .unknown
            byName[phone]?.erasure = Erasure(time: event.time, state: state)
        }
    }

    private mutating func note(_ change: Past) {
        for group in change.forecast.groups {
            for phone in group.phones {
                let isRestarted = change.restarted(phone, in: group)
                notRestarted[phone] = isRestarted ? nil : change.id
                // It holds what it held.
                if !isRestarted { continue }
                byName[phone] = change.held(by: phone, in: group, before: byName[phone]?.held).map { held in
                    // A phone that an earlier change left behind keeps its entry.
                    byName[phone].flatMap { $0.held == held ? $0 : nil }
                        ?? Entry(
                            phone: phone, model: group.model, pool: group.pool, held: held, change: change.id,
                            since: change.ended, reason: group.reason,
                            verdict: group.outcome == .refused ? .refused : .unknown)
                }
            }
        }
        // Phones that hold the file that is served again are not behind.
        if let served = change.served { byName = byName.filter { $0.value.held != .file(sha256: served) } }
    }

    /// A CTL file among the backups.
    struct Copy {
        let bytes: [UInt8]
        let list: TrustListFile

        init?(_ bytes: [UInt8]) {
            guard let list = try? TrustListFile(decoding: bytes) else { return nil }
            (self.bytes, self.list) = (bytes, list)
        }
    }

    /// What a phone holds that was left behind; nil for the others.
    ///
    /// - Parameters:
    ///   - present: the file that the cluster serves, in bytes.
    ///   - copy: the copy with this SHA-256, if there is one.
    func held(
        by phone: String, present: [UInt8]?, copy: (String) -> Copy?
    ) -> (held: HeldTrustList, holding: HeldFile)? {
        guard let entry = byName[phone] else {
            return notRestarted[phone].map { change in
                (
                    .unknown(
                        localized(
                            "change \(change) did not restart it, and it is not known whether it has restarted since"
                        )), HeldFile(code: .notKnown, isAssumed: true)
                )
            }
        }
        if case .file(let sha256) = entry.held, let copy = copy(sha256) {
            if copy.bytes == present { return nil }
            return (
                .file(copy.list),
                HeldFile(code: .olderFile, checksum: Digest.sha1(copy.bytes).hex, isAssumed: true)
            )
        }
        if entry.erasure != nil {
            return (
                .unknown(
                    localized(
                        "keys that erase its trust lists were pressed remotely, and nothing proves what it holds now")),
                HeldFile(code: .notKnown, isAssumed: true)
            )
        }
        return (
            .unknown(
                localized("it may not have followed change \(entry.change), and nobody has reported a visit since")),
            HeldFile(code: .notKnown, isAssumed: true)
        )
    }
}

/// A change of the past, as far as phones were told about it.
private struct Past {
    let id: String
    let ended: Timestamp
    /// What phones were forecast to do with the file that they were offered last.
    let forecast: StoredForecast
    /// What they said afterwards.
    private let seen: [String: HeldFile.Code]
    /// SHA-256 of the file that has been served since, and of the one before it; nil for none.
    let served: String?
    private let before: String?
    /// The file that introduced the signer, and the phones that accepted it; they may not have accepted the new one.
    private let introduction: String?
    private let introduced: Set<String>
    /// Whether a phone was told to restart.
    private let isTold: (String) -> Bool

    /// Nil if no phone was told.
    init?(_ records: [JournalRecord]) {
        let state = JournalState(records)
        guard let plan = records.first?.plan, let last = records.last, state.toldPhones else { return nil }
        (id, ended) = (plan.id, last.time)
        let seen: [String: HeldFile.Code] = state.phones.reduce(into: [:]) { seen, group in
            for phone in group.phones { seen[phone] = group.result }
        }
        switch state.outcome {
        case .rolledBack, .rollingBack:
            guard let forecast = state.forecastOfRollback else { return nil }
            (self.forecast, served, before) = (forecast, plan.world.ctl, state.toldFile)
            // Here the new file is the one that is back.
            self.seen = seen.mapValues(\.turnedRound)
            (introduction, introduced) = (nil, [])
            isTold = { state.isTold(phone: $0) }
        case .finished, .unfinished, .abandoned:
            // Phones may only know the file that introduces the signer.
            let isOnlyIntroduced = state.introduction != nil && state.toldFile == state.introduction
            isTold = { isOnlyIntroduced ? state.isToldOfIntroduction(phone: $0) : state.isTold(phone: $0) }
            let first = state.introductionForecast?.introduction
            guard let forecast = isOnlyIntroduced ? first : state.forecast else { return nil }
            (self.forecast, served, before) = (forecast, state.toldFile, plan.world.ctl)
            introduction = isOnlyIntroduced ? nil : state.introduction
            let accepting = (first?.groups ?? []).filter { $0.outcome == .accepted && $0.holds != .notKnown }
            introduced = introduction == nil ? [] : Set(accepting.flatMap(\.phones))
            self.seen = seen
        }
    }

    /// Whether a phone was told to restart; always for one that would not follow. That its page shows the new file, as after a
    /// restart of its own, does not count: a page is not authenticated.
    func restarted(_ phone: String, in group: StoredForecast.Group) -> Bool {
        group.outcome != .accepted || isTold(phone)
    }

    /// What a phone was left with; nil if it followed.
    func held(by phone: String, in group: StoredForecast.Group, before earlier: StrandedRegister.Held?)
        -> StrandedRegister.Held?
    {
        let taken = introduced.contains(phone) ? introduction.map { StrandedRegister.Held.file(sha256: $0) } : nil
        let kept = taken ?? earlier ?? held(group.holds)
        switch (group.outcome, seen[phone] ?? .notKnown) {
        case (.accepted, .newFile), (.accepted, .presentFile), (.accepted, .notKnown): return nil
        // What its page says is not authenticated: against the forecast it does not count.
        case (.refused, _): return kept
        case (.unknown, _): return kept == earlier ? kept : .unknown
        case (.accepted, .oldFile) where introduction != nil: return .unknown
        case (.accepted, .oldFile): return before.map { .file(sha256: $0) } ?? .unknown
        case (.accepted, _): return .unknown
        }
    }

    private func held(_ code: HeldFile.Code) -> StrandedRegister.Held {
        switch code {
        // In the forecast of a rollback, the previous file is the one that the change created.
        case .presentFile, .newFile, .oldFile: before.map { .file(sha256: $0) } ?? .unknown
        case .olderFile, .otherFile, .noFile, .notKnown: .unknown
        }
    }
}

extension HeldFile.Code {
    /// The same, from the point of view of a rollback.
    fileprivate var turnedRound: HeldFile.Code {
        switch self {
        case .newFile: .oldFile
        case .oldFile: .newFile
        case .presentFile, .olderFile, .otherFile, .noFile, .notKnown: self
        }
    }
}

import Basics
import Cluster
import Configuration
import Messages
import Phones

/// Erases the trust lists of phones by pressing their keys over the network: of each model and firmware one phone first,
/// and the others once that one has come back with the cluster's file.
public struct TrustListErasure {
    /// Phones of one model and firmware.
    public struct Group: Sendable {
        public let model: String
        public let firmware: String
        public let sequence: EraseSequence
        public let phones: [ErasureTarget]

        public init(model: String, firmware: String, sequence: EraseSequence, phones: [ErasureTarget]) {
            (self.model, self.firmware, self.sequence, self.phones) = (model, firmware, sequence, phones)
        }
    }

    public struct Settings: Sendable {
        /// How many phones' keys are pressed before the phones are waited for.
        public var batch: Int
        /// Seconds in which a phone has to come back.
        public var wait: Double
        /// Seconds between two requests to a phone, whose menu takes time to open. *Unconfirmed* how long.
        public var keyPause: Double
        /// Seconds between two checks which phones have come back: the cluster answers some 15 such requests a minute.
        public var look: Double

        public init(batch: Int = 10, wait: Double = 300, keyPause: Double = 0.5, look: Double = 4) {
            (self.batch, self.wait, self.keyPause, self.look) = (batch, wait, keyPause, look)
        }
    }

    public enum Event: Sendable {
        /// The keys of the first phone of a group are pressed.
        case pilot(ErasureTarget, Group)
        case pressed(String)
        case skipped(String, LocalizableText)
        case waiting([String], seconds: Double)
        case returned(String)
        case missing(String, LocalizableText)
        /// The keys of no other phone of this group are pressed.
        case stopped(Group, LocalizableText)
    }

    public struct Outcome: Sendable {
        /// Groups of which no further phone's keys are pressed, and why.
        public var stopped: [(model: String, firmware: String, reason: LocalizableText)] = []
        public var isInterrupted = false
        public var failure: ClusterError?
    }

    private let groups: [Group]
    private let settings: Settings
    private let record: ErasureRecord
    private let host: any ErasureHost
    private let isInterrupted: () -> Bool
    private let agrees: (ErasureTarget, Group, PhoneKeys.Picture?) throws(ClusterError) -> Bool
    private let observe: (Event) -> Void

    /// - Parameters:
    ///   - isInterrupted: asked before each phone, and while phones are waited for; never between two keys.
    ///   - agrees: asked before the erasing key of a group's first phone is pressed, with what its display shows.
    public init(
        _ groups: [Group], settings: Settings = Settings(), record: ErasureRecord, host: any ErasureHost,
        isInterrupted: @escaping () -> Bool = { false },
        agrees: @escaping (ErasureTarget, Group, PhoneKeys.Picture?) throws(ClusterError) -> Bool = { _, _, _ in true },
        observe: @escaping (Event) -> Void = { _ in }
    ) {
        (self.groups, self.settings, self.record, self.host) = (groups, settings, record, host)
        (self.isInterrupted, self.agrees, self.observe) = (isInterrupted, agrees, observe)
    }

    public func run() -> Outcome {
        var outcome = Outcome()
        do throws(ClusterError) {
            for group in groups where !outcome.isInterrupted {
                try run(group, &outcome)
                if isInterrupted() { outcome.isInterrupted = true }
            }
        } catch {
            outcome.failure = error
        }
        return outcome
    }

    private func run(_ group: Group, _ outcome: inout Outcome) throws(ClusterError) {
        func stop(_ reason: LocalizableText) {
            outcome.stopped.append((group.model, group.firmware, reason))
            observe(.stopped(group, reason))
        }
        // Left by an earlier run: phones whose keys it pressed, and that it did not see come back.
        let told = group.phones.filter { [.pressing, .pressed, .missing].contains(record.entries[$0.name]?.state) }
        if !told.isEmpty, let lost = try waitFor(told, in: group, &outcome) { return stop(lost) }
        var isTried = record.entries.values.contains {
            $0.state == .returned && $0.model == group.model && $0.firmware == group.firmware
        }
        var left = group.phones.filter { [nil, .skipped].contains(record.entries[$0.name]?.state) }[...]
        while !left.isEmpty {
            var batch: [ErasureTarget] = []
            let size = isTried ? settings.batch : 1
            while batch.count < size, let target = left.first {
                if isInterrupted() {
                    outcome.isInterrupted = true
                    break
                }
                left.removeFirst()
                switch try tell(target, group, isPilot: !isTried) {
                case .told: batch.append(target)
                case .skipped: break
                case .stop(let reason): return stop(reason)
                }
            }
            if !batch.isEmpty, let lost = try waitFor(batch, in: group, &outcome) { return stop(lost) }
            if outcome.isInterrupted { return }
            if !batch.isEmpty { isTried = true }
        }
    }

    private enum Told { case told, skipped, stop(LocalizableText) }

    private func tell(_ target: ErasureTarget, _ group: Group, isPilot: Bool) throws(ClusterError) -> Told {
        if isPilot { observe(.pilot(target, group)) }
        // Before the first key: what happens from here on may happen unseen.
        try record.note(
            target.name, .pressing, model: group.model, firmware: group.firmware, keys: group.sequence.keys)
        let requests = group.sequence.requests
        var isPressed = false
        do throws(ClusterError) {
            for keys in requests.leading {
                // The menu that the first keys opened must not keep the phone from accepting the others.
                try host.press(keys, of: target, onlyIfIdle: !isPressed)
                isPressed = true
                interruptibleSleep(settings.keyPause)
            }
            if isPilot {
                guard try agrees(target, group, try host.picture(of: target)) else {
                    let reason = localized("the menu of its first phone was not confirmed; nothing was erased")
                    try skip(target, reason)
                    return .stop(reason)
                }
            }
        } catch {
            switch error.code {
            case .loginRefused, .file, .configuration, .interrupted:
                if error.code == .loginRefused { try skip(target, error.message) }
                throw error
            default: break
            }
            try skip(target, error.message)
            guard isPressed else { return .skipped }
            return .stop(
                localized("\(target.name) did not accept all keys before the one that erases: \(error.message)"))
        }
        do throws(ClusterError) {
            try host.press([requests.erasing], of: target, onlyIfIdle: false)
        } catch {
            switch error.code {
            // It may have restarted before it answered.
            case .unreachable, .timedOut, .closed: break
            default:
                try skip(target, error.message)
                return .stop(localized("\(target.name) did not accept the key that erases: \(error.message)"))
            }
        }
        try record.note(target.name, .pressed)
        observe(.pressed(target.name))
        return .told
    }

    private func skip(_ target: ErasureTarget, _ reason: LocalizableText) throws(ClusterError) {
        try record.note(target.name, .skipped, reason: reason)
        observe(.skipped(target.name, reason))
    }

    /// Waits until phones come back.
    ///
    /// - Returns: why the group must not continue; nil if all are back, or it was interrupted.
    private func waitFor(
        _ targets: [ErasureTarget], in group: Group, _ outcome: inout Outcome
    ) throws(ClusterError) -> LocalizableText? {
        observe(.waiting(targets.map(\.name), seconds: settings.wait))
        let deadline = Deadline(seconds: settings.wait)
        var left = targets
        while true {
            let back = try host.returned(left)
            for target in left where back.contains(target.name) {
                try record.note(target.name, .returned, model: group.model, firmware: group.firmware)
                observe(.returned(target.name))
            }
            left.removeAll { back.contains($0.name) }
            if left.isEmpty { return nil }
            if outcome.isInterrupted || isInterrupted() {
                outcome.isInterrupted = true
                return nil
            }
            guard let rest = deadline.millisecondsLeft, rest > 0 else { break }
            interruptibleSleep(min(settings.look, Double(rest) / 1000), isInterrupted: isInterrupted)
        }
        let reason = localized("it did not come back registered with the cluster's file in \(Int(settings.wait)) s")
        for target in left {
            try record.note(target.name, .missing, reason: reason)
            observe(.missing(target.name, reason))
        }
        return localized(
            left.count, one: "\(left[0].name) did not come back registered with the cluster's file",
            other: "\(left.count) phones did not come back registered with the cluster's file")
    }
}

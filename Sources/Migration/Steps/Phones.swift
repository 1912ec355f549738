import Basics
import Cluster
import Configuration
import Glibc
import Messages
import Operations
import Phones
import X509

/// Restarts what must notice the new file.
final class RestartServices: ChangeStep, Step {
    let id: String
    let title: String
    let effect = StepEffect.phones

    static var services: [String] { [ClusterService.tftp, ClusterService.callManager] }

    /// - Parameter isRollback: after everything was put back, rather than after the new file was proven.
    init(_ change: Change, isRollback: Bool = false) {
        id = isRollback ? "restart-services-after-rollback" : "restart-services"
        title = localized(
            isRollback
                ? "Restart Cisco Tftp and Cisco CallManager on every node again"
                : "Restart Cisco Tftp and Cisco CallManager on every node")
        super.init(change)
    }

    private func left() throws -> [(service: String, node: String)] {
        let done = change.known.restarted
        return try Self.services.flatMap { service in
            try cluster.nodes(running: service).map { (service, $0) }
        }.filter { wanted in !done.contains { $0.service == wanted.0 && $0.node == wanted.1 } }
    }

    func check() throws -> StepState {
        if change.known.begun.contains(id) || change.known.done.contains(id), try left().isEmpty {
            return .done(localized("all have been restarted since the file changed"))
        }
        let nodes = Self.services.map { service in
            let activated = survey.services.filter { $0.service == service }.map(\.node)
            return activated.isEmpty ? nil : localized("\(service) on \(activated.joined(separator: ", "))")
        }.compactMap(\.self)
        return .pending(
            localized(
                nodes.isEmpty ? "one after the other" : "one after the other: \(nodes.joined(separator: "; "))"))
    }

    func act() throws {
        let left = try left()
        let pace = Pace(total: left.count)
        for (index, (service, node)) in left.enumerated() {
            let next = localized("\(index) of \(left.count) services; \(service) on \(node) is next")
            change.progress([next, pace.left(index)].compactMap(\.self).joined(separator: ", "))
            try cluster.restart(service: service, on: node)
            try change.record(.restarted(service: service, node: node))
        }
    }

    func prove() -> [String] {
        change.known.restarted.map { localized("\($0.service) on \($0.node) has started again") }
    }
}

/// Restarts the phones, so that they fetch the new file.
final class RestartPhones: ChangeStep, Step {
    let id: String
    let title: String
    let effect = StepEffect.phones

    /// How many phones are told before the journal notes it. One that is told twice restarts twice, and no more.
    static let batch = 100
    /// Between two batches, in microseconds.
    static let pause: UInt32 = 5_000_000

    init(_ change: Change, isRollback: Bool = false) {
        id = isRollback ? "restart-phones-after-rollback" : "restart-phones"
        title = isRollback ? localized("Restart the phones again") : localized("Restart the phones")
        super.init(change)
    }

    /// By name, so that a later run can go on; those that were refused are tried again.
    private var left: [Phone] {
        let phones = survey.phones.map(\.phone).sorted { $0.name < $1.name }
        guard let last = change.known.phonesToldUpTo else { return phones }
        let refused = Set(change.known.phonesRefused)
        return phones.filter { $0.name > last || refused.contains($0.name) }
    }

    func check() -> StepState {
        if survey.phones.isEmpty { return .done(localized("the cluster has no phones")) }
        let left = left
        return left.isEmpty
            ? .done(localized("all have been told since the file changed"))
            : .pending(localized("\(left.count) phones, over AXL"))
    }

    func act() throws {
        let left = left
        let byName = Dictionary(left.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let pace = Pace(total: left.count, batch: Self.batch, pause: Double(Self.pause) / 1_000_000)
        var refused: [String: ClusterError] = [:]
        var last = change.known.phonesToldUpTo ?? ""
        var rest = left[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.batch))
            rest = rest.dropFirst(Self.batch)
            let outcome = PhoneRestart(batch.map(\.name), settings: .init(batch: Self.batch, pause: 0)).run {
                (name) throws(ClusterError) in
                guard let phone = byName[name] else { return }
                do { try cluster.restart(phone) } catch let error as ClusterError { throw error } catch {
                    throw ClusterError(
                        .refused, operation: localized("restart \(name)"), message: LocalizableText(describing: error))
                }
            }
            if let failure = outcome.failure { throw failure }
            for refusal in outcome.refused { refused[refusal.phone] = refusal.error }
            last = max(last, batch[batch.count - 1].name)
            try change.record(.phonesTold(upTo: last, refused: refused.keys.sorted()))
            if !rest.isEmpty {
                let told = localized("\(left.count - rest.count) of \(left.count) phones")
                change.progress([told, pace.left(left.count - rest.count)].compactMap(\.self).joined(separator: ", "))
                // Not all phones should ask for their files at once.
                usleep(Self.pause)
            }
        }
        if let first = refused.sorted(by: { $0.key < $1.key }).first {
            throw MigrationError(
                .phonesDiffer,
                localized(
                    "\(refused.count) of \(left.count) phones could not be told to restart; the first is \(first.key): \(first.value.message)."
                ),
                next: localized(
                    "See that the cluster restarts them, then try them again: etoken-bridge migrate resume --cluster \(change.plan.cluster)"
                ))
        }
    }

    func prove() -> [String] { [localized("\(survey.phones.count) phones were told to restart")] }
}

/// Looks at what each phone holds now, and compares it with the forecast.
final class CheckPhones: ChangeStep, Step {
    let id = "check-phones"
    let title = localized("Check what each phone holds now")
    let effect = StepEffect.none

    func check() -> StepState {
        .pending(
            localized(
                "wait up to \(change.plan.settings.phoneRestartTimeout) s for the phones that were forecast to accept and whose web pages answer"
            ))
    }

    /// The phones that were forecast to accept, by name.
    private var accepting: Set<String> {
        Set((change.known.forecast?.groups ?? []).filter { $0.outcome == .accepted }.flatMap(\.phones))
    }

    private var results: [String: PhoneResult] = [:]

    func act() throws {
        let accepting = accepting
        let phones = survey.phones.map(\.phone)
        // A phone whose page answered before may be restarting. One that did not has its web access switched off, or was
        // restarted by an earlier run.
        let expected = Set(
            survey.phones.filter { accepting.contains($0.phone.name) && ($0.holding.isSeen || change.isContinued) }
                .map(\.phone.name))
        let start = ContinuousClock.now
        var (pause, told) = (0.3, 0.0)
        try look(at: phones)
        while true {
            let waiting = phones.filter { expected.contains($0.name) && results[$0.name] != .newFile }
            let passed = (ContinuousClock.now - start) / .seconds(1)
            let left = Double(change.plan.settings.phoneRestartTimeout) - passed
            guard !waiting.isEmpty, left > 0, !change.isInterrupted() else { break }
            if passed - told >= 10 {
                told = passed
                change.progress(
                    localized(
                        "\(expected.count - waiting.count) of \(expected.count) phones have the new file; \(Int(left)) s left"
                    ))
            }
            interruptibleSleep(min(pause, left), isInterrupted: change.isInterrupted)
            pause = min(pause * 1.5, 5)
            try look(at: waiting)
        }
        // Those that refuse show it by still holding the old file after the others have restarted.
        try look(at: phones.filter { results[$0.name] != .newFile })
        try change.record(
            .phones(
                Dictionary(grouping: results, by: \.value).map { result, phones in
                    JournalRecord.PhoneGroup(result: result, phones: phones.map(\.key).sorted())
                }.sorted { $0.result.rawValue < $1.result.rawValue }))
    }

    private func look(at phones: [Phone]) throws {
        let held = cluster.heldChecksums(of: phones)
        let new = try change.newFile().map(Digest.displayed) ?? []
        let old = survey.presentBytes.map(Digest.displayed) ?? []
        for phone in phones {
            results[phone.name] =
                switch held[phone.name] {
                case .checksum(let text)?: new.contains(text) ? .newFile : old.contains(text) ? .oldFile : .otherFile
                case .notInstalled?: .noFile
                case nil: .notKnown
                }
        }
    }

    func prove() throws -> [String] {
        let accepting = accepting
        let differing = survey.phones.map(\.phone).filter { phone in
            let result = results[phone.name] ?? .notKnown
            return accepting.contains(phone.name) && result != .newFile && result != .notKnown
        }
        guard differing.isEmpty else {
            let names = differing.prefix(5).map { phone in
                localized(
                    "\(phone.name) (\(phone.model.name)) was forecast to take the new file, and holds: \((results[phone.name] ?? .notKnown).text)"
                )
            }
            let rest = differing.count > 5 ? localized("; and \(differing.count - 5) more") : ""
            throw MigrationError(
                .phonesDiffer, names.joined(separator: "; ") + rest + ".",
                next: localized(
                    "Look at the status messages on these phones. \(Change.visitAdvice(models: differing.map(\.model.name)) ?? "")"
                ))
        }
        return change.known.phones.map { group in
            group.phones.count <= 3
                ? "\(group.phones.joined(separator: ", ")): \(group.result.text)"
                : localized("\(group.phones.count) phones: \(group.result.text)")
        }
    }
}

/// What a phone holds after the change.
public enum PhoneResult: String, Sendable, Codable {
    case newFile = "new-file"
    case oldFile = "old-file"
    case otherFile = "other-file"
    case noFile = "no-file"
    case notKnown = "not-known"

    /// For people: "new file".
    public var text: String {
        switch self {
        case .newFile: localized("new file")
        case .oldFile: localized("old file")
        case .otherFile: localized("other file")
        case .noFile: localized("no file")
        case .notKnown: localized("not known")
        }
    }
}

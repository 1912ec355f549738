import Basics
import Cluster
import Configuration
import Glibc
import Messages
import Operations
import Phones
import X509

/// Restarts the services that must pick up the new file.
final class RestartServices: ChangeStep, Step {
    let id: StepID
    let title: LocalizableText
    let effect = StepEffect.phones

    private let services: [String]
    private let order: RestartOrder
    private let file: ChangeFile

    /// - Parameter isRollback: after everything was restored, rather than after the new file was proven.
    init(
        _ change: Change, _ services: [String], _ order: RestartOrder, isRollback: Bool = false,
        for file: ChangeFile = .new
    ) {
        id = isRollback ? .restartServicesAfterRollback : file == .new ? .restartServices : .introductionRestartServices
        (self.services, self.order, self.file) = (services, order, file)
        title =
            isRollback
            ? localized("Restart \(services.list) on every node again")
            : file == .new
                ? localized("Restart \(services.list) on every node")
                : localized("Restart \(services.list) on every node, for the introduction")
        super.init(change)
    }

    /// Those that have restarted for this file.
    private var restarted: [(service: String, node: String)] {
        id == .restartServices && change.isBeforeNewFile ? [] : change.known.restarted
    }

    /// Also of a wave that was interrupted only what is not known to have restarted.
    private func left() throws -> [RestartWave] {
        let done = restarted
        return RestartWave.all(
            of: try services.map { ($0, try cluster.nodes(running: $0)) }, order: order, groups: survey.groups
        ).map { wave in
            RestartWave(
                service: wave.service,
                nodes: wave.nodes.filter { node in
                    !done.contains { $0.service == wave.service && $0.node == node }
                })
        }.filter { !$0.nodes.isEmpty }
    }

    func check() throws -> StepState {
        if file == .introduction, let passed = change.passed(id) { return passed }
        if change.known.begun.contains(id) || change.known.done.contains(id), try left().isEmpty {
            return .done(localized("all have been restarted since the file changed"))
        }
        // One that is resumed restarts the rest, and has not looked where services run.
        let waves = change.isContinued || survey.services.isEmpty ? try left() : survey.waves(order)
        if waves.contains(where: { $0.nodes.count > 1 }) {
            let rounds = waves.map { localized("\($0.service) on \($0.nodes.joined(separator: ", "))") }
            return .pending(
                localized("in \(rounds.count) rounds, the nodes of a round at once: \(rounds.joined(separator: "; "))"))
        }
        let nodes = services.map { service in
            let activated = waves.filter { $0.service == service }.flatMap(\.nodes)
            return activated.isEmpty ? nil : localized("\(service) on \(activated.joined(separator: ", "))")
        }.compactMap(\.self)
        return .pending(
            localized(
                nodes.isEmpty ? "one after the other" : "one after the other: \(nodes.joined(separator: "; "))"))
    }

    func shareLeft() throws -> Double {
        let left = try left().reduce(0) { $0 + $1.nodes.count }
        return Double(left) / Double(max(1, left + restarted.count))
    }

    func act(_ context: RunContext) throws {
        let left = try left()
        let count = left.reduce(0) { $0 + $1.nodes.count }
        let pace = ProgressEstimate(total: left.count)
        var done = 0
        for (index, wave) in left.enumerated() {
            let next = localized(
                "\(done) of \(count) services; \(wave.service) on \(wave.nodes.joined(separator: ", ")) is next")
            context.progress([next, pace.left(index)].compactMap(\.self).joined(separator: ", "))
            do {
                if context.isInterrupted() { throw interrupted(done, count) }
                // What an earlier run began may still be on its way: a phone could lose both of its servers.
                if change.isContinued, wave.service == ClusterService.callManager,
                    left.first(where: { $0.service == wave.service }) == wave
                {
                    cluster.awaitRest(of: wave.service, isInterrupted: context.isInterrupted)
                }
                try cluster.restart(
                    service: wave.service, on: wave.nodes, isInterrupted: context.isInterrupted
                ) { node in
                    try change.record(.restarted(service: wave.service, node: node))
                    done += 1
                }
            } catch let error as ClusterError where error.code == .interrupted {
                throw interrupted(done, count)
            }
        }
    }

    private func interrupted(_ done: Int, _ count: Int) -> MigrationError {
        change.interrupted(localized("\"\(title)\" was interrupted: \(done) of \(count) services were restarted."))
    }

    func prove() -> [LocalizableText] {
        change.known.restarted.map { localized("\($0.service) on \($0.node) has restarted") }
    }
}

/// Restarts the phones, so that they fetch the new file.
final class RestartPhones: ChangeStep, Step {
    let id: StepID
    let title: LocalizableText
    let effect = StepEffect.phones

    /// Not all phones should ask for their files at once. The journal records them in batches: one that is told twice
    /// restarts twice, nothing more.
    private let settings: PhoneRestart.Settings
    private let file: ChangeFile
    /// Device pools; all if empty.
    private let pools: [String]

    init(
        _ change: Change, _ settings: PhoneRestart.Settings, pools: [String] = [], isRollback: Bool = false,
        for file: ChangeFile = .new
    ) {
        id = isRollback ? .restartPhonesAfterRollback : file == .new ? .restartPhones : .introductionRestartPhones
        (self.settings, self.pools, self.file) = (settings, pools, file)
        title =
            isRollback
            ? localized("Restart the phones again")
            : file == .new ? localized("Restart the phones") : localized("Restart the phones, for the introduction")
        super.init(change)
    }

    private var all: [Phone] {
        survey.phones(in: pools)
    }

    /// By name, so that a later run can continue; those that were refused are tried again.
    private var left: [Phone] {
        let known = change.known
        if id == .restartPhones, change.isBeforeNewFile { return all.sorted { $0.name < $1.name } }
        return all.filter { !known.isTold(phone: $0.name) }.sorted { $0.name < $1.name }
    }

    func check() -> StepState {
        if file == .introduction, let passed = change.passed(id) { return passed }
        if survey.phones.isEmpty { return .done(localized("the cluster has no phones")) }
        let left = left
        return left.isEmpty
            ? .done(localized("all have been told to restart since the file changed"))
            : .pending(
                pools.isEmpty
                    ? localized("\(left.count) phones, over AXL")
                    : localized("\(left.count) phones of \(pools.joined(separator: ", ")), over AXL"))
    }

    func shareLeft() -> Double { Double(left.count) / Double(max(1, all.count)) }

    func act(_ context: RunContext) throws {
        let left = left
        let byName = Dictionary(left.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let pace = ProgressEstimate(total: left.count, batch: settings.batch, pause: settings.pause)
        var (told, refused): ([String], [String]) = ([], [])
        func note() throws {
            if told.isEmpty, refused.isEmpty { return }
            try change.record(.phonesRestarted(told: told, refused: refused))
            (told, refused) = ([], [])
        }
        var unwritten: (any Error)?
        let outcome = PhoneRestart(left.map(\.name), settings: settings).run(isInterrupted: context.isInterrupted) {
            (event) throws(ClusterError) in
            switch event {
            case .told(let name): told.append(name)
            case .refused(let refusal): refused.append(refusal.phone)
            case .waiting(let seconds):
                context.progress(localized("The server is too busy; retrying in \(Int(clamped: seconds)) s ..."))
            case .batch(let done):
                do { try note() } catch {
                    unwritten = error
                    throw ClusterError(
                        .file, operation: localized("write the journal"), message: LocalizableText(describing: error))
                }
                guard done < left.count else { return }
                let sentence = localized("\(done) of \(left.count) phones")
                context.progress([sentence, pace.left(done)].compactMap(\.self).joined(separator: ", "))
            }
        } restart: { (name) throws(ClusterError) in
            guard let phone = byName[name] else { return }
            do { try cluster.restart(phone) } catch let error as ClusterError { throw error } catch {
                throw ClusterError(
                    .refused, operation: localized("restart \(name)"), message: LocalizableText(describing: error))
            }
        }
        if let unwritten { throw unwritten }
        try note()
        if let failure = outcome.failure { throw failure }
        guard outcome.left.isEmpty else {
            let count = all.count
            throw change.interrupted(
                localized(
                    "\"\(title)\" was interrupted: \(count - self.left.count) of \(count) phones have been told to restart."
                ))
        }
        if let first = outcome.refused.first {
            throw MigrationError(
                .phonesDiffer,
                localized(
                    "\(outcome.refused.count) of \(left.count) phones could not be told to restart; the first is \(first.phone): \(first.error.message)."
                ),
                next: localized(
                    "Make sure that the cluster can restart them, then try again: etoken-bridge migrate resume --cluster \(word: change.plan.cluster)"
                ))
        }
    }

    func prove() -> [LocalizableText] { [localized("\(all.count) phones were told to restart")] }
}

/// Looks at what each phone holds now, and compares it with the forecast.
final class CheckPhones: ChangeStep, Step {
    let id: StepID
    let title: LocalizableText
    let effect = StepEffect.none
    /// How long phones may take to restart, in seconds.
    private let timeout: Int
    private let file: ChangeFile

    private let isRollback: Bool

    /// - Parameter isRollback: after everything was restored: it is the previous file that the phones should have then.
    init(_ change: Change, timeout: Int, isRollback: Bool = false, for file: ChangeFile = .new) {
        (self.timeout, self.isRollback, self.file) = (timeout, isRollback, file)
        id = isRollback ? .checkPhonesAfterRollback : file == .new ? .checkPhones : .introductionCheckPhones
        title =
            isRollback
            ? localized("Check what each phone holds after the rollback")
            : file == .new
                ? localized("Check what each phone holds now")
                : localized("Wait until the phones have the file that introduces the signer")
        super.init(change)
    }

    func check() -> StepState {
        if file == .introduction {
            return change.passed(id)
                ?? .pending(
                    localized(
                        "wait up to \(timeout) s for the phones whose web pages answer, and \(timeout) s where one does not"
                    ))
        }
        return .pending(
            localized(
                "wait up to \(timeout) s for the phones that were forecast to accept and whose web pages answer"
            ))
    }

    /// The phones that were forecast to accept and were told to restart, by name.
    private var accepting: Set<String> {
        let known = change.known
        let isPartial = !change.plan.phonePools.isEmpty
        let forecast =
            isRollback
            ? known.forecastOfRollback : file == .new ? known.forecast : known.introductionForecast?.introduction
        let accepting = Set((forecast?.groups ?? []).filter { $0.outcome == .accepted }.flatMap(\.phones))
        if file == .new { return accepting.filter { !isPartial || known.isTold(phone: $0) } }
        // One that is not there takes nothing.
        return accepting.intersection(survey.phones.map(\.phone).filter { $0.isRegistered != false }.map(\.name))
    }

    /// What a phone that followed holds.
    private var wanted: HeldFile.Code { isRollback ? .oldFile : .newFile }

    private var results: [String: HeldFile.Code] = [:]

    func act(_ context: RunContext) throws {
        let phones = survey.phones.map(\.phone)
        // A phone whose page answered before the change may be restarting. One that did not has its web access disabled.
        let expected = pagesThatAnswered.intersection(accepting)
        // A phone that cannot be asked gets all the time: it must not find the new file when it starts.
        let isBlind = file == .introduction && expected.count < accepting.count
        let start = ContinuousClock.now
        var (pause, told) = (0.3, 0.0)
        try look(at: phones)
        while true {
            let waiting = phones.filter { expected.contains($0.name) && results[$0.name] != wanted }
            let passed = (ContinuousClock.now - start) / .seconds(1)
            let left = Double(timeout) - passed
            guard !waiting.isEmpty || isBlind, left > 0, !context.isInterrupted() else { break }
            if passed - told >= 10 {
                told = passed
                context.progress(
                    localized(
                        "\(expected.count - waiting.count) of the \(expected.count) phones whose web page answers have the file; \(Int(clamped: left)) s left"
                    ))
            }
            interruptibleSleep(min(pause, left), isInterrupted: context.isInterrupted)
            pause = min(pause * 1.5, 5)
            try look(at: waiting)
        }
        if file == .introduction, context.isInterrupted() {
            throw change.interrupted(localized("\"\(title)\" was interrupted."))
        }
        // Those that refuse are recognised by still holding the old file after the others have restarted.
        try look(at: phones.filter { results[$0.name] != wanted })
        if file == .introduction { return try checkReturn(accepting) }
        try change.record(
            .phones(
                Dictionary(grouping: results, by: \.value).map { result, phones in
                    JournalRecord.PhoneGroup(result: result, phones: phones.map(\.key).sorted())
                }.sorted { $0.result.rawValue < $1.result.rawValue }))
        try awaitRegistrations(until: start + .seconds(timeout), context)
    }

    /// The phones whose web page answered when the forecast was made.
    private var pagesThatAnswered: Set<String> {
        let known = change.known
        let forecasts =
            isRollback
            ? [known.forecastOfRollback].compactMap(\.self)
            : [known.forecast, known.introductionForecast?.introduction].compactMap(\.self)
        return Set(
            forecasts.flatMap(\.groups).filter { !$0.assumed && $0.holds != .notKnown }.flatMap(\.phones))
    }

    // MARK: Registrations

    /// Why it is not known which phones are registered again.
    private var registrationsUnknown: LocalizableText?

    /// Waits for the phones that were registered before the change, as the cluster sees them: no page is needed for it.
    private func awaitRegistrations(until end: ContinuousClock.Instant, _ context: RunContext) throws {
        let before = change.known.registered.flatMap(\.phones)
        guard !before.isEmpty else { return }
        var (back, pause) = ([String: String](), 2.0)
        // The service answers for 1000 phones at once, and some 15 questions a minute.
        if before.count > 1000 {
            context.progress(localized("asking the cluster which of \(before.count) phones are registered ..."))
        }
        do {
            while true {
                let missing = before.filter { back[$0] == nil }
                let now = try cluster.registrations(of: missing, isInterrupted: context.isInterrupted)
                back.merge(now) { $1 }
                let left = (end - ContinuousClock.now) / .seconds(1)
                guard back.count < before.count, left > 0, !context.isInterrupted() else { break }
                context.progress(
                    localized(
                        "\(back.count) of the \(before.count) phones that were registered before are registered again; \(Int(clamped: left)) s left"
                    ))
                interruptibleSleep(min(pause, left), isInterrupted: context.isInterrupted)
                pause = min(pause * 1.5, 20)
            }
        } catch {
            // The change does not depend on it.
            registrationsUnknown = localized(
                "which phones are registered again is not known: \(LocalizableText(sentence: error))")
            return
        }
        let nodes = Dictionary(grouping: back.values) { $0 }.mapValues(\.count)
        try change.record(.registeredAfter(missing: before.filter { back[$0] == nil }.sorted(), nodes: nodes))
    }

    private var registrationSentences: [LocalizableText] {
        if let registrationsUnknown { return [registrationsUnknown] }
        return [Registrations(change.known)?.summary].compactMap(\.self)
    }

    /// Phones that are left behind if they do not take this file have to be back before the new one is there.
    private func checkReturn(_ accepting: Set<String>) throws {
        guard !change.plan.settings.acceptsStranded else { return }
        let needing = accepting.intersection(change.known.introductionForecast?.needing ?? [])
        let away = try cluster.phones().filter { needing.contains($0.name) && $0.isRegistered == false }
        guard let first = away.first else { return }
        throw MigrationError(
            .phonesDiffer,
            localized(
                "\(away.count) phones that need the file that introduces the signer are not registered again; the first is \(first.name) (\(first.model.name))."
            ),
            next: localized(
                "Wait for them, then continue: etoken-bridge migrate resume --cluster \(word: change.plan.cluster)"))
    }

    private func look(at phones: [Phone]) throws {
        let held = cluster.heldChecksums(of: phones)
        let new = try change.file(file) ?? []
        let classifier = FileClassifier(present: survey.presentBytes, new: new)
        // A phone that has it after a rollback did not follow.
        let introduction = file == .new && !isRollback ? try change.file(.introduction) : nil
        let former = introduction.map { FileClassifier(present: $0, new: new) }
        for phone in phones {
            let code = classifier.code(of: held[phone.name])
            results[phone.name] = code == .otherFile ? former?.code(of: held[phone.name]) ?? code : code
        }
    }

    func prove() throws -> [LocalizableText] {
        let accepting = accepting
        let differing = survey.phones.map(\.phone).filter { phone in
            let result = results[phone.name] ?? .notKnown
            return accepting.contains(phone.name) && result != wanted && result != .notKnown
        }
        // After a rollback the record names them: the cluster is as it was.
        guard isRollback || differing.isEmpty else {
            let names = differing.prefix(5).map { phone in
                localized(
                    "\(phone.name) (\(phone.model.name)) was forecast to accept the new file, but its web page says: \((results[phone.name] ?? .notKnown).text)"
                )
            }
            let rest = differing.count > 5 ? [localized("and \(differing.count - 5) more")] : []
            throw MigrationError(
                .phonesDiffer, localized("\((names + rest).joined(separator: "; "))."),
                next: localized(
                    "Look at the status messages on these phones. \(Change.visitAdvice(models: differing.map(\.model.name)) ?? .verbatim(""))"
                ))
        }
        if file == .introduction {
            return Dictionary(grouping: results.values, by: \.self).sorted { $0.key.rawValue < $1.key.rawValue }.map {
                localized("web pages of \($1.count) phones: \($0.text)")
            }
        }
        return change.known.phones.map { group in
            group.phones.count <= 3
                ? localized("web page of \(group.phones.joined(separator: ", ")): \(group.result.text)")
                : localized("web pages of \(group.phones.count) phones: \(group.result.text)")
        } + registrationSentences
    }
}

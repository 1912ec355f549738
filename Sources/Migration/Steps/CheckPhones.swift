import Basics
import Cluster
import Messages
import Operations
import Phones

/// Checks what each phone holds now, and compares it with the forecast.
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
        // One that is not registered accepts nothing.
        return accepting.intersection(survey.phones.map(\.phone).filter { $0.isRegistered != false }.map(\.name))
    }

    /// What a phone that followed holds.
    private var wanted: HeldFile.Code { isRollback ? .oldFile : .newFile }

    private var results: [String: HeldFile.Code] = [:]

    func act(_ context: RunContext) throws {
        let phones = survey.phones.map(\.phone)
        // A phone whose page answered before the change may be restarting. One that did not has its web access disabled.
        let expected = pagesThatAnswered.intersection(accepting)
        // A phone that cannot be asked is given the full time: it must not find the new file when it starts.
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
        // The service answers for 1000 phones at once, and some 15 requests a minute.
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
                // As often as the service answers: a longer pause would only delay the end of the wait.
                let questions = (before.count - back.count - 1) / 1000 + 1
                pause = min(pause * 1.5, min(Double(questions) * 4, 20))
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
                localized(
                    $1.count, one: "web page of 1 phone: \($0.text)",
                    other: "web pages of \($1.count) phones: \($0.text)")
            }
        }
        return change.known.phones.map { group in
            group.phones.count <= 3
                ? localized("web page of \(group.phones.joined(separator: ", ")): \(group.result.text)")
                : localized("web pages of \(group.phones.count) phones: \(group.result.text)")
        } + registrationSentences
    }
}

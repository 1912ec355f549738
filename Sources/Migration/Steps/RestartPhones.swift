import Basics
import Cluster
import Configuration
import Messages
import Operations
import Phones

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
                    ? localized(left.count, one: "1 phone, over AXL", other: "\(left.count) phones, over AXL")
                    : localized(
                        left.count, one: "1 phone of \(pools.joined(separator: ", ")), over AXL",
                        other: "\(left.count) phones of \(pools.joined(separator: ", ")), over AXL"))
    }

    func shareLeft() -> Double { Double(left.count) / Double(max(1, all.count)) }

    private func left(inGroups groups: Set<String>) -> [Phone] {
        left.filter { $0.place.map { groups.contains($0.callManagerGroup) } ?? false }
    }

    func hasLeft(inGroups groups: Set<String>) -> Bool { !left(inGroups: groups).isEmpty }

    /// Tells phones of CallManager groups, before this step: the services of others are still restarting.
    ///
    /// If something goes wrong, this ends without an error: the step tries those phones again, and reports it.
    ///
    /// - Parameter isOver: whether this step can start.
    /// - Throws: the journal's error.
    func tell(inGroups groups: Set<String>, _ context: RunContext, until isOver: () -> Bool) throws {
        _ = try tell(left(inGroups: groups), context) { isOver() || context.isInterrupted() }
    }

    /// Tells phones, and records which.
    private func tell(_ left: [Phone], _ context: RunContext, isInterrupted: () -> Bool) throws -> PhoneRestart.Outcome
    {
        let byName = Dictionary(left.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let pace = ProgressEstimate(total: left.count, batch: settings.batch, pause: settings.pause)
        var (told, refused): ([String], [String]) = ([], [])
        func note() throws {
            if told.isEmpty, refused.isEmpty { return }
            try change.record(.phonesRestarted(told: told, refused: refused))
            (told, refused) = ([], [])
        }
        var unwritten: (any Error)?
        let outcome = PhoneRestart(left.map(\.name), settings: settings).run(isInterrupted: isInterrupted) {
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
        return outcome
    }

    func act(_ context: RunContext) throws {
        let left = left
        let outcome = try tell(left, context, isInterrupted: context.isInterrupted)
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

    func prove() -> [LocalizableText] {
        [localized(all.count, one: "1 phone was told to restart", other: "\(all.count) phones were told to restart")]
    }
}

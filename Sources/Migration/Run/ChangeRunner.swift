import Basics
import Cluster
import Messages

/// Runs a change's steps in order: check, action, proof. Every record of it is on disk before the next action.
///
/// If a step fails before the commit step is proven, what was done is undone in reverse order. A run that ends without
/// any of this, in a crash, is continued by another: forward with ``run()``, back with ``rollBack()``.
struct ChangeRunner {
    private let change: Change
    private let journal: Journal
    private let steps: [any Step]
    private let context: RunContext

    /// - Parameter journal: that of the change, which has been started.
    init(_ change: Change, _ journal: Journal, _ context: RunContext) {
        self.change = change
        self.journal = journal
        steps = change.steps
        self.context = context
    }

    private func observe(_ event: StepEvent) { context.observe(event) }

    // MARK: Forward

    /// Runs what is left of the change.
    ///
    /// - Throws: ``StepFailure``.
    func run() throws(StepFailure) {
        for (index, step) in steps.enumerated() {
            observe(.began(number: index + 1, of: steps.count, title: step.title))
            do {
                try checkInterruption(before: step, next: localized("Run the same command again when you are ready."))
                try run(step)
            } catch {
                throw fail(step, error)
            }
        }
        do { try journal.append(.finished) } catch { throw fail(steps[steps.count - 1], error) }
    }

    private func checkInterruption(before step: any Step, next: LocalizableText) throws {
        guard context.isInterrupted() else { return }
        throw MigrationError(.interrupted, localized("Interrupted before \"\(step.title)\"."), next: next)
    }

    private func run(_ step: any Step) throws {
        if change.needsNoCheck(step) { return observe(.skipped(localized("already done"))) }
        let wasDone = journal.state.done.contains(step.id)
        switch try step.check() {
        case .done(let found):
            observe(.skipped(found))
            if !wasDone { try journal.append(.skipped, step: step.id, text: [found]) }
        case .pending(let plan):
            observe(.doing(change.estimates.text(step.id).map { localized("\(plan) (\($0))") } ?? plan))
            try journal.append(.began, step: step.id, text: [plan])
            let start = ContinuousClock.now
            try step.act(context)
            let seen = try step.prove()
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            try journal.append(.proved, step: step.id, text: seen, seconds: (seconds * 1000).rounded() / 1000)
            observe(.proved(seen))
        }
    }

    /// Whether the new file was proven on every node.
    private var isCommitted: Bool { change.isCommitted }

    private func fail(_ step: any Step, _ error: any Error) -> StepFailure {
        // The failure is what counts; if not even the journal can be written, that is the failure.
        try? journal.append(.failed, step: step.id, error: error)
        let wasCommitted = isCommitted
        let isNew = change.plan.commitStep.map(journal.state.done.contains) == true
        let (undone, notUndone) = wasCommitted ? ([], []) : undo()
        if !wasCommitted, notUndone.isEmpty { try? journal.append(.rolledBack) }
        return StepFailure(
            cluster: change.plan.cluster, stepID: step.id, stepTitle: step.title, failure: error, undone: undone,
            notUndone: notUndone, isAfterCommit: wasCommitted, isIntroduced: wasCommitted && !isNew,
            served: notUndone.isEmpty ? nil : change.servedInWords())
    }

    // MARK: Back

    /// Undoes the change, whatever its state: the file that every node had is restored, byte for byte, and what was
    /// uploaded is removed. If phones were told about the new file, services and phones are restarted again.
    ///
    /// - Returns: what was restored, one sentence each.
    /// - Throws: ``StepFailure``, whose `notUndone` says what could not be restored.
    @discardableResult
    func rollBack() throws(StepFailure) -> [LocalizableText] {
        let again = LocalizableText.verbatim(
            "etoken-bridge migrate rollback --cluster \(Shell.word(change.plan.cluster))")
        var (undone, notUndone) = undo(while: { !context.isInterrupted() })
        func failure(_ id: StepID?, _ title: LocalizableText, _ error: any Error) -> StepFailure {
            StepFailure(
                cluster: change.plan.cluster, stepID: id, stepTitle: title, failure: error, undone: undone,
                notUndone: notUndone, isAfterCommit: false,
                served: id == nil ? change.servedInWords() : nil)
        }
        if context.isInterrupted() {
            throw failure(
                nil, localized("Roll back"),
                MigrationError(.interrupted, localized("The rollback was interrupted."), next: again))
        }
        if let first = notUndone.first {
            throw failure(
                nil, localized("Roll back"),
                MigrationError(.readBackDiffers, first, next: again))
        }
        let left = change.stepsLeftAfterRollback
        for (index, step) in left.enumerated() {
            do {
                observe(.began(number: index + 1, of: left.count, title: step.title))
                try checkInterruption(before: step, next: again)
                try run(step)
                undone.append(step.title)
            } catch {
                try? journal.append(.failed, step: step.id, error: error)
                notUndone.append(localized("\(step.title): \(LocalizableText(sentence: error))"))
                throw failure(step.id, step.title, error)
            }
        }
        do { try journal.append(.rolledBack) } catch { throw failure(nil, localized("Roll back"), error) }
        return undone
    }

    private func undo(while goesOn: () -> Bool = { true }) -> (undone: [LocalizableText], notUndone: [LocalizableText])
    {
        var undone: [LocalizableText] = []
        var notUndone: [LocalizableText] = []
        let begun = journal.state.begun
        for step in steps.reversed() where begun.contains(step.id) && step.effect.isOnCluster {
            guard goesOn() else { break }
            if step.isUndoable { observe(.undoing(title: step.title)) }
            do {
                try journal.append(.undoing, step: step.id)
                let sentences = try step.undo()
                try journal.append(.undone, step: step.id, text: sentences)
                observe(.undone(sentences))
                undone += sentences
            } catch {
                try? journal.append(.notUndone, step: step.id, error: error)
                notUndone.append(localized("\(step.title): \(LocalizableText(sentence: error))"))
            }
        }
        return (undone, notUndone)
    }
}

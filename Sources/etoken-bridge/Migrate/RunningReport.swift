import Migration

/// The change record of a run in progress: anyone who opens it sees where the change is.
final class RunningReport {
    private let reporting: ReportOptions
    /// Not written again before this: with 40,000 phones it takes seconds, which the change should not wait for.
    private var due = ContinuousClock.now

    init(_ reporting: ReportOptions) { self.reporting = reporting }

    /// After each step.
    func write(_ change: Change, after event: StepEvent) {
        switch event {
        case .proved, .skipped, .undone: due = .now
        case .began, .doing, .undoing: break
        }
        write(change)
    }

    /// After a batch, or another bit of progress. A record that cannot be written now does not end the change; at the end
    /// that is an error.
    func write(_ change: Change) {
        let start = ContinuousClock.now
        guard reporting.report != nil, start >= due else { return }
        _ = try? reporting.write(ChangeRecord(change))
        let end = ContinuousClock.now
        // A fifth of the time at most.
        due = end + (end - start) * 4
    }
}

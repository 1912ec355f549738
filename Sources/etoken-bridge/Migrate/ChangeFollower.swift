import Basics
import Messages
import Migration

/// Shows what another run does, as it appears on that run's own terminal: from its journal alone.
struct ChangeFollower {
    let cluster: String
    let state: StateFolder
    private let printer = ProgressPrinter()
    /// Of the last run.
    private var steps: [JournalRecord.StepTitle] = []
    private var began: StepID?
    /// How many phones have been told in this step.
    private var told = 0

    init(_ cluster: String, in state: StateFolder) { (self.cluster, self.state) = (cluster, state) }

    private static let pause = 0.3

    /// Returns once no run is in progress.
    ///
    /// - Parameter path: of the change's journal; nil for that of the run in progress.
    mutating func follow(_ path: String?) throws {
        guard let path = try path ?? awaitJournal() else { return }
        var count = 0
        while true {
            // Asked first: what the run wrote before its end is read once more.
            let isRunning = RunInProgress.isThere(on: cluster, in: state)
            for record in try Journal.read(path, after: count) {
                show(record)
                count += 1
            }
            if !isRunning { return Terminal.endProgress() }
            interruptibleSleep(Self.pause)
        }
    }

    /// The journal of the run in progress, which may still ask its user; nil if it ends without one.
    private func awaitJournal() throws -> String? {
        var isTold = false
        while let running = try RunInProgress(of: cluster, in: state) {
            if let change = running.change {
                return try state.changes(of: cluster).first { $0.records.first?.plan?.id == change }?.path
            }
            if !isTold { Terminal.status(running.text(cluster)) }
            isTold = true
            interruptibleSleep(3 * Self.pause)
        }
        return nil
    }

    private mutating func show(_ record: JournalRecord) {
        switch record.event {
        case .planned, .rolledBack, .finished, .abandoned: break
        case .started: if let run = record.run { begin(run, record) }
        case .began:
            title(record)
            for text in record.text ?? [] { printer.show(.doing(text)) }
        case .skipped:
            title(record)
            for text in record.text ?? [] { printer.show(.skipped(text)) }
        case .fact: if let fact = record.fact { show(fact) }
        case .proved: printer.show(.proved(record.text ?? []), took: record.seconds)
        case .failed, .notUndone: for text in record.text ?? [] { Terminal.note(text.localized, .red) }
        case .undoing:
            if let step = steps.first(where: { $0.id == record.step }) { printer.show(.undoing(title: step.title)) }
        case .undone: printer.show(.undone(record.text ?? []))
        }
    }

    private mutating func begin(_ run: JournalRecord.Run, _ record: JournalRecord) {
        (steps, began) = (run.steps, nil)
        let time = record.time.local
        let text =
            switch run.purpose {
            case .run: localized("\(run.who) started the change: \(time)")
            case .resume: localized("\(run.who) resumed the change: \(time)")
            case .rollback: localized("\(run.who) is rolling the change back: \(time)")
            }
        Terminal.status(text, .bold)
    }

    private mutating func title(_ record: JournalRecord) {
        told = 0
        guard let number = steps.firstIndex(where: { $0.id == record.step }), began != record.step else { return }
        began = record.step
        printer.show(.began(number: number + 1, of: steps.count, title: steps[number].title), at: record.time)
    }

    private mutating func show(_ fact: JournalRecord.Fact) {
        switch fact {
        case .restarted(let service, let node): printer.progress(localized("\(service) on \(node) has restarted"))
        case .phonesRestarted(let phones, _):
            told += phones.count
            printer.progress(
                localized(
                    told, one: "1 phone has been told to restart", other: "\(told) phones have been told to restart"))
        default: break
        }
    }
}

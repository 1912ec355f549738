import Basics
import Messages
import Migration

/// Reports on stderr what each step does, when it started, and how long it took.
final class ProgressPrinter {
    private var start = ContinuousClock.now
    /// When the last line of progress was written where no line is rewritten; nil at the start of a step.
    private var told: ContinuousClock.Instant?

    /// How often progress is reported where no line is rewritten: a log does not need a line for each batch.
    private static let interval = Duration.seconds(10)

    /// - Parameters:
    ///   - time: when it happened.
    ///   - seconds: how long the step took that ends with it; nil if that is measured here.
    func show(_ event: StepEvent, at time: Timestamp = .now, took seconds: Double? = nil) {
        if Terminal.writesProgressLines { return ProgressLine(event, at: time).write() }
        switch event {
        case .began(let number, let count, let title):
            (start, told) = (.now, nil)
            Terminal.status(localized("[\(number)/\(count)] \(title) (\(time.clock))"), .bold)
        case .skipped(let found): Terminal.status(localized("       already so: \(found)"))
        case .doing(let plan): Terminal.status("       \(plan)")
        case .proved(let sentences):
            for sentence in sentences { Terminal.status(localized("       proof: \(sentence)"), .green) }
            let took = seconds ?? (ContinuousClock.now - start) / .seconds(1)
            Terminal.status(localized("       took \(duration(took))"))
        case .undoing(let title): Terminal.status(localized("  undoing: \(title)"), .bold)
        case .undone(let sentences): for sentence in sentences { Terminal.status("       \(sentence)") }
        }
    }

    /// Within a long step.
    func progress(_ text: LocalizableText) {
        if Terminal.writesProgressLines { return ProgressLine(.progress, at: .now, text: [text]).write() }
        if Terminal.progress("       \(text)") { return }
        let now = ContinuousClock.now
        if let told, now - told < Self.interval { return }
        told = now
        Terminal.status("       \(text)")
    }
}

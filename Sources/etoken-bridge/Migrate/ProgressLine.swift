import Basics
import Glibc
import Messages
import Migration

/// An event of a run as a JSON document on a line of stderr, for programs that follow it.
///
/// Source: docs/automation.md, "Progress".
struct ProgressLine: Encodable {
    enum Event: String, Encodable { case began, skipped, doing, progress, proved, undoing, undone }

    let event: Event
    let time: Timestamp
    /// The step's number, counted from 1, and how many there are.
    let step, of: Int?
    /// For people.
    let text: [LocalizableText]

    init(_ event: Event, at time: Timestamp, step: Int? = nil, of count: Int? = nil, text: [LocalizableText]) {
        (self.event, self.time, self.step, self.of, self.text) = (event, time, step, count, text)
    }

    init(_ event: StepEvent, at time: Timestamp) {
        switch event {
        case .began(let number, let count, let title):
            self.init(.began, at: time, step: number, of: count, text: [title])
        case .skipped(let found): self.init(.skipped, at: time, text: [found])
        case .doing(let plan): self.init(.doing, at: time, text: [plan])
        case .proved(let sentences): self.init(.proved, at: time, text: sentences)
        case .undoing(let title): self.init(.undoing, at: time, text: [title])
        case .undone(let sentences): self.init(.undone, at: time, text: sentences)
        }
    }

    func write() {
        guard let line = try? JSON.line(self) else { return }
        Terminal.write(String(decoding: line, as: UTF8.self), to: STDERR_FILENO)
    }
}

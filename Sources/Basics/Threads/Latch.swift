/// A gate that is opened once, by one thread, while others wait for it.
final class Latch: Sendable {
    private let state = Monitor(false)

    var isOpen: Bool { state.read { $0 } }

    func open() { state.change { $0 = true } }

    /// Returns once it is open; false if the deadline passed first.
    func wait(until deadline: Deadline = .never) -> Bool {
        state.wait(until: deadline) { $0 ? true : nil } ?? false
    }
}

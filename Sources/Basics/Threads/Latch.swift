/// A gate that is opened once, by one thread, while others wait for it.
final class Latch: Sendable {
    private let isOpen = Monitor(false)

    func open() { isOpen.change { $0 = true } }

    /// Returns once it is open; false if the deadline passed first.
    func wait(until deadline: Deadline = .never) -> Bool {
        isOpen.wait(until: deadline) { $0 ? true : nil } ?? false
    }
}

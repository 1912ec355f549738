/// A piece of work that blocks, on a thread of its own. Whoever waits for it can give up: a function of a PKCS#11 module
/// cannot be cancelled, and one that never returns (a token that hangs, or that another program holds) must not hang the
/// program.
///
/// Work that was given up goes on by itself, so it must own all that it touches.
package final class BlockingTask<Value, Failure: Error>: @unchecked Sendable {
    // `work` and `outcome` belong to the thread until the latch is open, and to who waits from then on.
    private var work: (() throws(Failure) -> Value)?
    private var outcome: Result<Value, Failure>?
    private let hasEnded = Latch()

    /// Starts the work. Where the system gives no more threads, it is done at once: without a deadline, but done.
    package init(_ work: @escaping () throws(Failure) -> Value) {
        self.work = work
        if !OwnThread.start({ [self] in run() }) { run() }
    }

    private func run() {
        perform()
        // What the work owned goes before anybody hears that it has ended: the thread itself may end later.
        work = nil
        hasEnded.open()
    }

    /// Apart from ``run()``, whose own variables would keep what the work owns.
    private func perform() { outcome = work.map { Result(catching: $0) } }

    /// What came out, or nil where nothing has by then. To be asked once.
    package func result(until deadline: Deadline = .never) -> Result<Value, Failure>? {
        guard hasEnded.wait(until: deadline) else { return nil }
        defer { outcome = nil }
        return outcome
    }

    /// What came out, or nil where nothing has after so many seconds. To be asked once.
    package func result(within seconds: Int) -> Result<Value, Failure>? { result(until: Deadline(seconds: seconds)) }
}

extension BlockingTask where Failure == Never {
    /// What came out, or nil where nothing has after so many seconds. To be asked once.
    package func value(within seconds: Int) -> Value? { result(within: seconds)?.get() }
}

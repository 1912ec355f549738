/// Blocking work on its own thread. The caller can give up waiting for it: a function of a PKCS#11 module cannot be
/// cancelled, and one that never returns (a token that hangs, or that another program blocks) must not hang the
/// program.
///
/// Abandoned work continues by itself, so it must own everything that it touches.
package final class BlockingTask<Value, Failure: Error>: @unchecked Sendable {
    // `work` and `outcome` belong to the thread until the latch is open, and to the waiting caller from then on.
    private var work: (() throws(Failure) -> Value)?
    private var outcome: Result<Value, Failure>?
    private let hasEnded = Latch()
    private var isOnWorker = false

    /// Starts the work. If the system has no more threads, it is done at once: without a deadline, but done.
    ///
    /// - Parameter worker: does it if it has nothing else to do; otherwise a new thread does.
    package init(on worker: Worker? = nil, _ work: @escaping () throws(Failure) -> Value) {
        self.work = work
        isOnWorker = worker?.start({ [self] in run() }, tell: { [self] in hasEnded.open() }) ?? false
        guard !isOnWorker else { return }
        if !OwnThread.start({ [self] in runAndTell() }) { runAndTell() }
    }

    private func runAndTell() {
        run()
        hasEnded.open()
    }

    private func run() {
        perform()
        // What the work owned is released before anyone learns that it has ended: the thread itself may end later.
        work = nil
    }

    /// Separate from ``run()``, whose own variables would keep what the work owns.
    private func perform() { outcome = work.map { Result(catching: $0) } }

    /// The result, or nil if there is none by then. To be called once.
    package func result(until deadline: Deadline = .never) -> Result<Value, Failure>? { result { deadline } }

    /// The result, or nil if there is none by a time that may move while the work goes on. To be called once.
    package func result(until deadline: () -> Deadline) -> Result<Value, Failure>? {
        var next = deadline()
        while !wait(until: next) {
            let moved = deadline()
            guard next < moved else { return nil }
            next = moved
        }
        defer { outcome = nil }
        return outcome
    }

    private func wait(until deadline: Deadline) -> Bool {
        guard isOnWorker, !hasEnded.isOpen else { return hasEnded.wait(until: deadline) }
        return OneProcessor.stay { _ in hasEnded.wait(until: deadline) }
    }

    /// The result, or nil if there is none after this many seconds. To be called once.
    package func result(within seconds: Int) -> Result<Value, Failure>? { result(until: Deadline(seconds: seconds)) }
}

extension BlockingTask where Failure == Never {
    /// The result, or nil if there is none after this many seconds. To be called once.
    package func value(within seconds: Int) -> Value? { result(within: seconds)?.get() }
}

import CLinux
import Glibc

/// A thread that does blocking work, one piece after another, for callers that can give up waiting for it (see
/// ``BlockingTask``): for the calls of one library, where a new thread for each would take longer than the call. It
/// ends when this object does.
package final class Worker: Sendable {
    /// What the thread and its owner share; it does not keep the owner.
    private final class Desk: Sendable {
        struct State {
            var thread: pthread_t?
            /// Whether it has something to do, or was never started.
            var isBusy = false
            var work: Work?
            var isClosed = false
        }

        let state = Monitor(State())
    }

    /// A piece of work: what is to be done, and how its end is reported. In between, the thread is free for the next one.
    private struct Work: Sendable {
        let run: @Sendable () -> Void
        let tell: @Sendable () -> Void
    }

    private let desk = Desk()

    package init() {}

    deinit { desk.state.change { $0.isClosed = true } }

    /// Whether this is called by the thread itself.
    package var isCurrent: Bool {
        desk.state.read { $0.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    /// Gives the thread something to do, unless it is at work: a caller that gave up may have left it there.
    ///
    /// - Returns: false if it is, or if the system has no more threads.
    func start(_ run: @escaping @Sendable () -> Void, tell: @escaping @Sendable () -> Void) -> Bool {
        let work = Work(run: run, tell: tell)
        let (isTaken, isNew) = desk.state.change { state in
            guard !state.isBusy else { return (false, false) }
            state.isBusy = true
            state.work = work
            return (true, state.thread == nil)
        }
        guard isTaken else { return false }
        let desk = desk
        guard isNew else { return true }
        // It starts here, as soon as the caller waits, and not on a processor that sleeps.
        let hasStarted = OneProcessor.stay { before in
            OwnThread.start {
                before.restore()
                Self.serve(desk)
            }
        }
        guard !hasStarted else { return true }
        desk.state.change { state in
            state.work = nil
            state.isBusy = false
        }
        return false
    }

    private static func serve(_ desk: Desk) {
        desk.state.change { $0.thread = pthread_self() }
        while let work = next(desk) {
            work.run()
            desk.state.change { $0.isBusy = false }
            work.tell()
        }
    }

    private static func next(_ desk: Desk) -> Work? {
        func hasSomething() -> (Desk.State) -> Bool? { { $0.work != nil || $0.isClosed ? true : nil } }
        if desk.state.read(hasSomething()) == nil {
            OneProcessor.stay { _ in _ = desk.state.wait(for: hasSomething()) }
        }
        return desk.state.change { state in
            let work = state.work
            state.work = nil
            if work == nil { state.thread = nil }
            return work
        }
    }
}

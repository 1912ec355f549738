import Glibc

/// A piece of work on a thread of its own. Whoever waits for it can give up: a PKCS#11 function cannot be cancelled, and
/// one that never returns (a token that hangs, or that another program holds) must not hang the program.
///
/// Work that was given up goes on by itself, so it must own all that it touches.
package final class Errand<Outcome>: AnyErrand, @unchecked Sendable {
    // `outcome` is written before the work is marked as done, and read after that was seen.
    private var work: (() -> Outcome)?
    private var outcome: Outcome?

    /// Starts the work.
    package init(_ work: @escaping () -> Outcome) {
        self.work = work
        super.init()
        start()
    }

    fileprivate override func perform() {
        outcome = work?()
        // What the work owned goes before anybody hears that it has ended: the thread itself may end later.
        work = nil
    }

    /// What came out, or nil where nothing has after so many seconds. To be asked once.
    package func outcome(within seconds: Int) -> Outcome? {
        guard wait(seconds) else { return nil }
        defer { outcome = nil }
        return outcome
    }
}

/// What the thread knows of its work.
package class AnyErrand {
    private let lock: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
    private let hasEnded: UnsafeMutablePointer<pthread_cond_t> = .allocate(capacity: 1)
    private var isDone = false

    fileprivate init() {
        pthread_mutex_init(lock, nil)
        // Deadlines must not move with the wall clock.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(hasEnded, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(hasEnded)
        pthread_mutex_destroy(lock)
        hasEnded.deallocate()
        lock.deallocate()
    }

    fileprivate func perform() {}

    private func run() {
        perform()
        pthread_mutex_lock(lock)
        isDone = true
        pthread_cond_signal(hasEnded)
        pthread_mutex_unlock(lock)
    }

    fileprivate func start() {
        // Signals are for the main thread: it undoes things.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let context = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                Unmanaged<AnyErrand>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            // Without a thread there is no deadline, but the work can still be done.
            context.release()
            return run()
        }
        pthread_detach(thread)
    }

    /// Whether the work ended within so many seconds.
    fileprivate func wait(_ seconds: Int) -> Bool {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        deadline.tv_sec += seconds
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while !isDone, pthread_cond_timedwait(hasEnded, lock, &deadline) != ETIMEDOUT {}
        return isDone
    }
}

import Basics
import Glibc

/// Receives Control-C, a closed terminal and `kill` in a thread of its own, which may do what a signal handler must
/// not.
enum SignalThread {
    /// Starts the thread. Called once, before other threads are started: they inherit the blocked signals.
    ///
    /// - Parameter stop: ends what the program waits for. It is called repeatedly until the program has ended. A second
    ///   signal ends the program at once, and so does a service that prevents it from ending.
    static func start(_ stop: @escaping @Sendable () -> Void) {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, number) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        // Without the thread, signals have their default effect.
        if !OwnThread.start({ [signals] in listen(signals, stop) }) { pthread_sigmask(SIG_UNBLOCK, &signals, nil) }
    }

    private static func listen(_ signals: sigset_t, _ stop: () -> Void) {
        var signals = signals
        var number: Int32 = 0
        while sigwait(&signals, &number) != 0 {}
        var pause = timespec(tv_sec: 0, tv_nsec: 50_000_000)
        // Three seconds: a smart card service that hangs does not release a caller that waits for its answer.
        for _ in 0..<60 {
            stop()
            let second = sigtimedwait(&signals, nil, &pause)
            if second > 0 { _exit(128 + second) }
        }
        _exit(128 + number)
    }
}

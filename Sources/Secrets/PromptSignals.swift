import Glibc

/// Catches what would end or stop the program while the terminal shows no echo, so that the terminal is restored first.
/// The signal is raised again afterwards, as readpassphrase(3) does.
///
/// A handler may run in any thread: it writes to a pipe, and the prompt waits for that as well.
final class PromptSignals {
    /// All signals that end a program by default and can be caught, and Control-Z.
    private static let numbers = [
        SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF, SIGTSTP,
    ]

    // Set while no handler is installed.
    private nonisolated(unsafe) static var pipeEnd: Int32 = -1

    private var ends: [Int32] = [-1, -1]
    private var before: [(number: Int32, action: sigaction)] = []
    /// The first signal that arrived.
    private(set) var caught: Int32?

    /// Readable once a signal has come.
    var descriptor: Int32 { ends[0] }

    /// Starts to catch. There is one at a time.
    init() {
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        Self.pipeEnd = ends[1]
        for number in Self.numbers {
            var old = sigaction()
            sigaction(number, nil, &old)
            // What is ignored stays ignored, for example by nohup.
            if old.isIgnored { continue }
            var new = sigaction()
            new.__sigaction_handler.sa_handler = { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(PromptSignals.pipeEnd, &byte, 1)
                errno = saved
            }
            sigemptyset(&new.sa_mask)
            sigaction(number, &new, nil)
            before.append((number, old))
        }
    }

    /// Stops catching: signals have their previous effect again.
    func end() {
        for (number, action) in before {
            var action = action
            sigaction(number, &action, nil)
        }
        before = []
        var byte: UInt8 = 0
        var waiting = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
        if ends[0] >= 0, poll(&waiting, 1, 0) > 0, read(ends[0], &byte, 1) == 1 { caught = Int32(byte) }
        for end in ends where end >= 0 { close(end) }
        ends = [-1, -1]
    }

    deinit { end() }
}

extension sigaction {
    fileprivate var isIgnored: Bool {
        unsafeBitCast(__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}

import Basics
import Glibc

/// Catches what would end or stop the program while the terminal shows no echo, so that the terminal is restored first.
/// The signal is raised again afterwards, as readpassphrase(3) does.
///
/// A handler may run in any thread: it writes to a pipe, and the prompt waits for that as well. After a fault there is
/// nobody to wait: the handler itself restores the terminal.
final class PromptSignals {
    /// Those that stop a program, which `fg` continues.
    static let stopping: Set<Int32> = [SIGTSTP, SIGTTIN, SIGTTOU]

    /// All other signals that end a program by default and can be caught (signal(7)), but for faults.
    private static let ending =
        [
            SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGPIPE,
            SIGPOLL, SIGPWR, SIGSTKFLT,
        ] + Array(__libc_current_sigrtmin()...__libc_current_sigrtmax())

    // Set while no handler is installed.
    private nonisolated(unsafe) static var pipeEnd: Int32 = -1
    private nonisolated(unsafe) static var terminal: Int32 = -1
    private nonisolated(unsafe) static var mode = termios()
    private nonisolated(unsafe) static var faultsBefore = Array(repeating: Action(), count: 65)

    private typealias Action = sigaction
    private var ends: [Int32] = [-1, -1]
    private var before: [(number: Int32, action: sigaction)] = []
    /// The first signal that arrived.
    private(set) var caught: Int32?

    /// Readable once a signal has come.
    var descriptor: Int32 { ends[0] }

    /// Starts to catch. There is one at a time.
    ///
    /// - Parameters:
    ///   - terminal: an open terminal.
    ///   - mode: what it is restored to after a fault.
    init(_ terminal: Int32, _ mode: termios) {
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        Self.pipeEnd = ends[1]
        (Self.terminal, Self.mode) = (terminal, mode)
        for number in Self.ending + Self.stopping {
            catching(number) { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(PromptSignals.pipeEnd, &byte, 1)
                errno = saved
            }
        }
        for number in Faults.signals {
            sigaction(number, nil, &Self.faultsBefore[Int(number)])
            catching(number) { number in
                _ = tcsetattr(PromptSignals.terminal, TCSANOW, &PromptSignals.mode)
                // Whoever wanted to know of it before has the last words.
                sigaction(number, &PromptSignals.faultsBefore[Int(number)], nil)
                raise(number)
            }
        }
    }

    private func catching(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var old = sigaction()
        sigaction(number, nil, &old)
        // What is ignored stays ignored, for example by nohup.
        if old.isIgnored { return }
        var new = sigaction()
        new.__sigaction_handler.sa_handler = handler
        sigemptyset(&new.sa_mask)
        sigaction(number, &new, nil)
        before.append((number, old))
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

import CLinux
import Dispatch
import Glibc
import Synchronization

/// A server program that runs as a child of the lab, and dies with it even when the lab is killed outright.
final class ChildProcess: Sendable {
    let pid: pid_t
    private let name: String
    private let state = Mutex<State>(State())
    private let ended = DispatchSemaphore(value: 0)

    private struct State {
        var hasEnded = false
        var isWanted = true
    }

    /// The kernel sends the death signal when the *thread* that started the child ends, so one thread that never ends
    /// starts all of them.
    private static let starter = Worker()

    /// Starts a program by its path.
    ///
    /// - Parameters:
    ///   - arguments: without the program's own name.
    ///   - log: the file that its output is appended to.
    ///   - deathSignal: what the kernel sends when the lab dies: `TERM` for a program that has children of its own to end,
    ///     `KILL` for one that would first wait for its clients.
    ///   - withoutCapabilities: as root, give up what root may do beyond its own files, so that file modes count.
    init(_ program: String, _ arguments: [String], log: String, deathSignal: String, withoutCapabilities: Bool = false)
        throws(LabError)
    {
        name = Files.name(of: program)
        var command = [try Programs.path("setpriv"), "--pdeathsig", deathSignal]
        if withoutCapabilities, geteuid() == 0 { command += ["--bounding-set=-all", "--inh-caps=-all"] }
        command += ["--", program] + arguments
        let started = Self.starter.run { [command] in Self.spawn(command, log: log) }
        guard let pid = started else {
            throw LabError(.startFailed, "cannot start \(program)")
        }
        self.pid = pid
        Threads.start { [self] in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let unexpected = state.withLock { state in
                state.hasEnded = true
                return state.isWanted
            }
            if unexpected { Log.note("\(name) (\(pid)) ended by itself, status \(status)") }
            ended.signal()
        }
    }

    var isRunning: Bool { state.withLock { !$0.hasEnded } }

    func signal(_ number: Int32) {
        state.withLock { if !$0.hasEnded { kill(pid, number) } }
    }

    /// Ends the program: politely, and after `patience` seconds by force. Returns when it is gone.
    func stop(patience: Double = 3) {
        state.withLock { $0.isWanted = false }
        signal(SIGTERM)
        if ended.wait(timeout: .now() + patience) == .timedOut {
            signal(SIGKILL)
            ended.wait()
        }
        ended.signal()
    }

    private static func spawn(_ command: [String], log: String) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        etb_spawn_close_from(&actions, 3)

        // The lab blocks and ignores signals that its children must heed.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [
            strdup("PATH=/usr/sbin:/usr/bin:/sbin:/bin"), strdup("LC_ALL=C"),
        ]
        environment.append(nil)
        defer { for item in environment { free(item) } }
        var pid = pid_t()
        return posix_spawn(&pid, command[0], &actions, &attributes, arguments, environment) == 0 ? pid : nil
    }
}

/// The programs that the lab is made of.
enum Programs {
    private static let packages = [
        "nginx": "nginx-light", "atftpd": "atftpd", "setpriv": "util-linux",
    ]

    static let streamModule = "/usr/lib/nginx/modules/ngx_stream_module.so"

    static func path(_ name: String) throws(LabError) -> String {
        for folder in ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"]
        where access("\(folder)/\(name)", X_OK) == 0 {
            return "\(folder)/\(name)"
        }
        throw LabError(
            .missingProgram, "\(name) is not installed; install the package \(packages[name] ?? name)")
    }

    static func check() throws(LabError) {
        for name in packages.keys.sorted() { _ = try path(name) }
        guard Files.exists(streamModule) else {
            throw LabError(
                .missingProgram, "\(streamModule) is not there; install the package libnginx-mod-stream")
        }
    }
}

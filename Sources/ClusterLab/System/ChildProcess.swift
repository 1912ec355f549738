import Basics
import Dispatch
import Glibc
import Synchronization

/// A server program that runs as a child of the lab, and dies with it even if the lab is killed outright.
final class ChildProcess: Sendable {
    private let process: Subprocess
    var pid: pid_t { process.id }
    private let name: String
    private let state = Mutex<State>(State())
    private let ended = DispatchSemaphore(value: 0)

    private struct State {
        var hasEnded = false
        var isWanted = true
    }

    /// The kernel sends the death signal when the *thread* that started the child ends, so a single thread that never
    /// ends starts all of them.
    private static let starter = Worker()

    /// Starts a program by its path.
    ///
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - log: the file that its output is appended to.
    ///   - deathSignal: what the kernel sends when the lab dies: `TERM` for a program that has to end children of its
    ///     own, `KILL` for one that would first wait for its clients.
    ///   - withoutCapabilities: as root, give up what root may do beyond its own files, so that file modes count.
    init(_ program: String, _ arguments: [String], log: String, deathSignal: String, withoutCapabilities: Bool = false)
        throws(LabError)
    {
        name = String(program.split(separator: "/").last ?? "")
        var command = [try Programs.path("setpriv"), "--pdeathsig", deathSignal]
        if withoutCapabilities, geteuid() == 0 { command += ["--bounding-set=-all", "--inh-caps=-all"] }
        command += ["--", program] + arguments
        let started = Self.starter.run { [command] in Self.spawn(command, log: log) }
        guard let process = started else {
            throw LabError(.startFailed, "cannot start \(program)")
        }
        self.process = process
        OwnThread.start { [self] in
            let ending = process.wait()
            let unexpected = state.withLock { state in
                state.hasEnded = true
                return state.isWanted
            }
            if unexpected { Log.note("\(name) (\(process.id)) ended by itself, status \(ending.status)") }
            ended.signal()
        }
    }

    var isRunning: Bool { state.withLock { !$0.hasEnded } }

    func signal(_ number: Int32) {
        state.withLock { if !$0.hasEnded { kill(process.id, number) } }
    }

    /// Ends the program: with SIGTERM, and after `patience` seconds by force. Returns when it is gone.
    func stop(patience: Double = 3) {
        state.withLock { $0.isWanted = false }
        signal(SIGTERM)
        if ended.wait(timeout: .now() + patience) == .timedOut {
            signal(SIGKILL)
            ended.wait()
        }
        ended.signal()
    }

    private static func spawn(_ command: [String], log: String) -> Subprocess? {
        try? Subprocess(
            command, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"], input: .null,
            output: .file(log), errors: nil)
    }
}

/// The programs that the lab consists of.
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

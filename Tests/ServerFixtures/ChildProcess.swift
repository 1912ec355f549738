import Glibc
import Synchronization

/// A program that runs as long as its owner lives.
public final class ChildProcess: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public let id: pid_t
    private let isReaped = Atomic(false)

    /// Starts a program; what it prints goes to `output`.
    public init(_ arguments: [String], output: String = "/dev/null", environment: [String] = []) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Swift's worker threads block signals; a child that inherits that would not hear SIGTERM.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        let inherited = ["PATH", "HOME"].compactMap { (name: String) -> String? in
            getenv(name).map { value in "\(name)=" + String(cString: value) }
        }
        let env: [UnsafeMutablePointer<CChar>?] = (inherited + environment).map { strdup($0) } + [nil]
        defer { for pointer in argv + env { free(pointer) } }
        var id: pid_t = 0
        let result = posix_spawnp(&id, arguments[0], &actions, &attributes, argv, env)
        guard result == 0 else { throw Failure(description: "\(arguments[0]): \(String(cString: strerror(result)))") }
        self.id = id
    }

    /// Whether it has not ended by itself.
    public var isRunning: Bool {
        var information = siginfo_t()
        // WNOWAIT: the end is still there for deinit to collect.
        return waitid(P_PID, id_t(id), &information, WEXITED | WNOHANG | WNOWAIT) == 0 && information.si_signo == 0
    }

    deinit {
        // The number may belong to another process by now.
        guard !isReaped.load(ordering: .acquiring) else { return }
        kill(id, SIGTERM)
        for _ in 0..<200 {
            if waitpid(id, nil, WNOHANG) == id { return }
            usleep(10_000)
        }
        kill(id, SIGKILL)
        waitpid(id, nil, 0)
    }

    /// Runs a program to its end and returns what it printed; throws unless it ends with status 0.
    @discardableResult
    public static func run(_ arguments: [String], environment: [String] = []) throws -> String {
        var template = Array("/tmp/etb-output.XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        let output = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        defer {
            _ = close(descriptor)
            _ = unlink(output)
        }
        let process = try ChildProcess(arguments, output: output, environment: environment)
        var status: Int32 = 0
        while waitpid(process.id, &status, 0) != process.id {}
        process.isReaped.store(true, ordering: .releasing)
        let text = String(decoding: TemporaryFolder.read(output) ?? [], as: UTF8.self)
        guard status == 0 else { throw Failure(description: "\(arguments): status \(status >> 8)\n\(text)") }
        return text
    }
}

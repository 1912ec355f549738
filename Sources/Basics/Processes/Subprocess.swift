import CLinux
import Glibc

/// A program that this one started. Someone has to wait for its end.
package struct Subprocess: Sendable {
    /// Where a program reads from or writes to.
    package enum Stream: Sendable {
        /// The same place as this program.
        case inherited
        case null
        /// Created if missing, and appended to.
        case file(String)
        case descriptor(Int32)
    }

    /// How a program ended.
    package enum Ending: Equatable, Sendable {
        case status(Int32)
        case signal(Int32)

        /// As in shells: the exit status, or 128 and the number of the signal.
        package var status: Int32 {
            switch self {
            case .status(let status): status
            case .signal(let number): 128 + number
            }
        }

        /// - Parameter raw: as returned by `waitpid`.
        package init(raw: Int32) { self = raw & 0x7f == 0 ? .status(raw >> 8 & 0xff) : .signal(raw & 0x7f) }
    }

    package let id: pid_t

    /// Starts a program. It gets no open file except its three, and all signals have their default effect on it.
    ///
    /// - Parameters:
    ///   - command: the program, which is searched for in `PATH` unless it contains a slash, and its arguments.
    ///   - environment: nil for that of this program.
    ///   - errors: nil for the same place as `output`.
    ///   - third: what it gets as descriptor 3.
    ///   - isDetached: whether it leads its own session, which the end of a terminal does not affect.
    /// - Throws: `ENOENT` if there is no such program.
    package init(
        _ command: [String], environment: [String: String]? = nil, input: Stream = .inherited,
        output: Stream = .inherited, errors: Stream? = .inherited, third: Int32? = nil, isDetached: Bool = false
    ) throws(SystemError) {
        guard let program = command.first else { throw SystemError(ENOENT) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        Self.add(input, STDIN_FILENO, O_RDONLY, &actions)
        Self.add(output, STDOUT_FILENO, O_WRONLY | O_CREAT | O_APPEND, &actions)
        if let errors {
            Self.add(errors, STDERR_FILENO, O_WRONLY | O_CREAT | O_APPEND, &actions)
        } else {
            posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        }
        if let third { posix_spawn_file_actions_adddup2(&actions, third, 3) }
        etb_spawn_close_from(&actions, third == nil ? 3 : 4)

        // Threads block signals, and a program may be started with some ignored: a child that inherits that would not
        // receive them.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | (isDetached ? etb_spawn_new_session() : 0))

        var id: pid_t = 0
        let status = Self.withStrings(command) { arguments in
            guard let environment else {
                return posix_spawnp(&id, program, &actions, &attributes, arguments, environ)
            }
            return Self.withStrings(environment.map { "\($0)=\($1)" }) {
                posix_spawnp(&id, program, &actions, &attributes, arguments, $0)
            }
        }
        guard status == 0 else { throw SystemError(status) }
        self.id = id
    }

    /// Waits for its end. To be called once.
    @discardableResult
    package func wait() -> Ending {
        var status: Int32 = 0
        while waitpid(id, &status, 0) == -1, errno == EINTR {}
        return Ending(raw: status)
    }

    private static func add(
        _ stream: Stream, _ number: Int32, _ flags: Int32, _ actions: inout posix_spawn_file_actions_t
    ) {
        switch stream {
        case .inherited: break
        case .null: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
        case .file(let path): posix_spawn_file_actions_addopen(&actions, number, path, flags, 0o600)
        case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, number)
        }
    }

    private static func withStrings(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Int32
    ) -> Int32 {
        let pointers = strings.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }
}

import Glibc
import Messages
import Secrets

/// Runs a program that knows a password, for example a password manager.
public enum CredentialCommand {
    /// Runs the program and takes the first line that it prints.
    ///
    /// Its standard input, error and terminal are ours, so that it may ask for a passphrase of its own.
    ///
    /// - Parameter command: the program, found by `PATH`, and its arguments. There is no shell.
    /// - Throws: `configuration` when it cannot be started, fails, or prints nothing.
    public static func password(_ command: [String], user: String) throws(ClusterError) -> Secret {
        let program = command.first ?? ""
        func failure(_ message: LocalizableText, cause: (any Error)? = nil) -> ClusterError {
            ClusterError(
                .configuration, operation: localized("get the password of \(user)"),
                message: localized("the password_command \(program) \(message)"), cause: cause)
        }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw failure(localized("cannot be run: \(String(cString: strerror(errno)))")) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addclose(&actions, ends[0])
        posix_spawn_file_actions_addclose(&actions, ends[1])
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        arguments.append(nil)
        var id: pid_t = 0
        let started = posix_spawnp(&id, program, &actions, nil, arguments, environ)
        posix_spawn_file_actions_destroy(&actions)
        for argument in arguments { free(argument) }
        _ = close(ends[1])
        guard started == 0 else {
            _ = close(ends[0])
            throw failure(localized("cannot be run: \(String(cString: strerror(started)))"))
        }
        let secret = Result { () throws(SecretError) in try Secret.read(descriptor: ends[0]) }
        _ = close(ends[0])
        var status: Int32 = 0
        while waitpid(id, &status, 0) == -1, errno == EINTR {}
        // A program that is still printing when we have our line dies of it; that is no failure.
        let isDone = status & 0x7F == 0 && status >> 8 & 0xFF == 0 || status & 0x7F == SIGPIPE
        guard isDone else { throw failure(localized("failed with status \(status >> 8 & 0xFF)")) }
        do throws(SecretError) {
            return try secret.get()
        } catch {
            throw failure(localized("gives no password: \(error.reason)"), cause: error)
        }
    }
}

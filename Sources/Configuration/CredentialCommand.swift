import Basics
import Glibc
import Messages
import Secrets

/// Runs a program that supplies a password, for example a password manager.
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
        let process: Subprocess
        do throws(SystemError) {
            defer { _ = close(ends[1]) }
            process = try Subprocess(command, output: .descriptor(ends[1]))
        } catch {
            _ = close(ends[0])
            throw failure(localized("cannot be run: \(error.description)"))
        }
        let secret = Result { () throws(SecretError) in try Secret.read(descriptor: ends[0]) }
        _ = close(ends[0])
        let ending = process.wait()
        // A program that is still printing when we have our line is killed by SIGPIPE; that is not a failure.
        guard ending == .status(0) || ending == .signal(SIGPIPE) else {
            throw failure(localized("failed with status \(ending.status)"))
        }
        do throws(SecretError) {
            return try secret.get()
        } catch {
            throw failure(localized("returned no password: \(error.reason)"), cause: error)
        }
    }
}

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
        let pipe: PipeEnds
        let process: Subprocess
        do throws(SystemError) { pipe = try PipeEnds() } catch {
            throw failure(localized("cannot be run: \(error.description)"))
        }
        do throws(SystemError) {
            defer { _ = close(pipe.writing) }
            process = try Subprocess(command, output: .descriptor(pipe.writing))
        } catch {
            _ = close(pipe.reading)
            throw failure(localized("cannot be run: \(error.description)"))
        }
        let secret = Result { () throws(SecretError) in try Secret.read(descriptor: pipe.reading) }
        _ = close(pipe.reading)
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

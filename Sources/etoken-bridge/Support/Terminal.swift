import Glibc

/// What goes to the user's terminal: results on stdout, everything else on stderr.
enum Terminal {
    /// Set from `--verbose` by the command that runs.
    nonisolated(unsafe) static var isVerbose = false

    static func out(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    static func report(_ failure: Failure) {
        note("etoken-bridge: " + failure.what)
        if let next = failure.next { note("Next: " + next) }
        if isVerbose { for cause in failure.causes { note("Cause: " + cause) } }
    }

    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// A question on the terminal; anything but yes is no.
    static func confirm(_ question: String) -> Bool {
        write("\(question) [y/N] ", to: STDERR_FILENO)
        let answer = readLine()?.lowercased() ?? ""
        return answer == "y" || answer == "yes"
    }

    /// Writes everything, or ends the program: a reader that went away (`| head`) is no error of ours.
    static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                exitProcess(Status.failed)
            }
            rest = rest.dropFirst(count)
        }
    }
}

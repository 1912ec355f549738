import Basics
import Glibc
import Messages

/// What goes to the user's terminal: results on stdout, everything else on stderr.
enum Terminal {
    /// Set from `--verbose` by the command that runs.
    nonisolated(unsafe) static var isVerbose = false
    /// Set from `--json` by the command that runs.
    nonisolated(unsafe) static var printsJSON = false
    private nonisolated(unsafe) static var hasPrintedJSON = false

    /// Where results go: descriptor 1, or a copy of it while modules run (``keepResults()``).
    private(set) nonisolated(unsafe) static var results = STDOUT_FILENO

    /// From now on only results reach stdout: what a PKCS#11 module prints there goes to stderr. To be called before
    /// modules are loaded.
    static func keepResults() {
        guard results == STDOUT_FILENO else { return }
        fflush(nil)
        let copy = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10)
        guard copy >= 0 else { return }
        guard dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
            close(copy)
            return
        }
        results = copy
    }

    static func out(_ text: LocalizableText) { out(text.localized) }

    static func note(_ text: LocalizableText) { note(text.localized) }

    // MARK: What is going on

    /// Set from `--quiet`: results, warnings and errors only.
    nonisolated(unsafe) static var isQuiet = false
    /// Set from `--progress json-lines`: events of a run as JSON, for programs.
    nonisolated(unsafe) static var writesProgressLines = false
    /// Set from `--color`.
    nonisolated(unsafe) static var color = ColorChoice.auto
    /// Whether the cursor is on a line that is rewritten.
    private nonisolated(unsafe) static var isOnProgressLine = false

    /// Whether escape sequences are supported and wanted there.
    private static func isStyled(_ descriptor: Int32) -> Bool {
        switch color {
        case .always: true
        case .never: false
        case .auto:
            getenv("NO_COLOR").map { $0.pointee == 0 } ?? true && isatty(descriptor) == 1 && !isDumb
        }
    }

    /// Whether a terminal does not support escape sequences, as far as is known.
    private static var isDumb: Bool {
        getenv("TERM").map { ["", "dumb"].contains(String(cString: $0)) } ?? true
    }

    /// What is going on, for those who watch: not with `--quiet`.
    static func status(_ text: LocalizableText, _ style: Output.Style? = nil) { status(text.localized, style) }

    static func status(_ text: String, _ style: Output.Style? = nil) { if !isQuiet { note(text, style) } }

    /// Progress within a step: one line that is rewritten on a terminal.
    ///
    /// - Returns: false if there is no such terminal, and nothing was written.
    static func progress(_ text: String) -> Bool {
        guard isatty(STDERR_FILENO) == 1, !isDumb, let width = width(of: STDERR_FILENO) else { return false }
        if isQuiet { return true }
        Output.rewriteLine(text, width: width, to: STDERR_FILENO)
        isOnProgressLine = true
        return true
    }

    /// Removes the progress line, so that the next text starts where it was.
    static func endProgress() {
        guard isOnProgressLine else { return }
        isOnProgressLine = false
        Output.rewriteLine("", width: 80, to: STDERR_FILENO)
    }

    static func out(_ text: String, _ style: Output.Style? = nil) { show(text, style, results) }

    static func note(_ text: String, _ style: Output.Style? = nil) { show(text, style, STDERR_FILENO) }

    private static func show(_ text: String, _ style: Output.Style?, _ descriptor: Int32) {
        let lines = text.fitting(width(of: descriptor))
        guard let style, isStyled(descriptor) else { return write(lines + "\n", to: descriptor) }
        endProgress()
        check(Output.write(lines, style, to: descriptor), descriptor)
        write("\n", to: descriptor)
    }

    /// Reports what went wrong. A program that asked for JSON always gets a document: this one, if there was no other.
    static func report(_ failure: Failure) {
        note("etoken-bridge: " + failure.what.localized, .red)
        if let next = failure.next { note(localized("Next: \(next)")) }
        if isVerbose { for cause in failure.causes { note(localized("Cause: \(cause)")) } }
        if printsJSON, !hasPrintedJSON { try? json(FailureDocument(failure)) }
    }

    /// A result for programs: one versioned document on stdout.
    static func json(_ body: some Encodable) throws { try json(JSON.document(Document(body: body))) }

    /// One of a stream of documents, each on its own line.
    static func jsonLine(_ body: some Encodable) throws { try json(JSON.line(Document(body: body))) }

    private static func json(_ bytes: [UInt8]) {
        hasPrintedJSON = true
        write(bytes: bytes, to: results)
    }

    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal that results go to; nil if they go to a file or a program.
    static var width: Int? { width(of: results) }

    /// Columns of the terminal that all other output goes to.
    static var noteWidth: Int? { width(of: STDERR_FILENO) }

    private static func width(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return nil }
        // A serial console does not know how wide it is.
        return size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    /// Writes everything. A reader of results that has gone away (`| head`) ends the program; notes that nobody reads
    /// any more, as on a closed terminal, do not: a change continues, or is rolled back, without them.
    static func write(_ text: String, to descriptor: Int32) {
        endProgress()
        check(Output.write(text, to: descriptor), descriptor)
    }

    /// Writes bytes as they are: a file that was asked for on stdout.
    static func write(bytes: [UInt8], to descriptor: Int32) {
        endProgress()
        check(Output.write(bytes: bytes, to: descriptor), descriptor)
    }

    private static func check(_ isWritten: Bool, _ descriptor: Int32) {
        if !isWritten, descriptor != STDERR_FILENO { exitProcess(Status.failed) }
    }
}

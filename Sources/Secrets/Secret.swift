import Basics
import Glibc
import Messages
import Synchronization

/// A PIN or a password. It cannot be printed, stays out of swap where the system allows that, and its memory is
/// overwritten when its last owner releases it.
public final class Secret: Sendable, CustomStringConvertible, CustomReflectable {
    // Written only in init and deinit.
    private nonisolated(unsafe) let storage: UnsafeMutableBufferPointer<UInt8>

    /// Takes ownership of the bytes, and overwrites the array passed in.
    public init(consuming bytes: inout [UInt8]) {
        if Self.sealsProcess.load(ordering: .relaxed) { Self.sealed }
        storage = OwnPages.allocate(bytes.count)
        _ = storage.update(from: bytes)
        count = bytes.count
        Secret.wipe(&bytes)
    }

    deinit { OwnPages.free(storage) }

    private static let sealsProcess = Atomic(false)
    private static let sealed: Void = OwnProcess.seal()

    /// From the first secret on, for the rest of the process's life, other processes of the same user can neither trace
    /// this one nor read its memory, and it leaves no core file. For programs: a library does not decide that.
    public static func sealProcessWithFirst() { sealsProcess.store(true, ordering: .relaxed) }

    /// The length in bytes.
    public let count: Int

    public var description: String { "(secret)" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Lends the bytes, without a trailing NUL. They must not be kept.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeBufferPointer(rebasing: storage[..<count]))
    }

    /// Lends the secret as a C string, in a copy that is overwritten afterwards.
    public func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { text in
            for index in 0..<count { text[index] = CChar(bitPattern: storage[index]) }
            text[count] = 0
            defer { explicit_bzero(text.baseAddress!, text.count) }
            return body(text.baseAddress!)
        }
    }

    /// Overwrites an array with zeros, and empties it.
    public static func wipe(_ bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBytes { buffer in
            if let address = buffer.baseAddress { explicit_bzero(address, buffer.count) }
        }
        bytes = []
    }
}

/// A secret could not be read from its source.
public struct SecretError: UserError, Equatable {
    public enum Code: String, Sendable { case unreadable = "secret-unreadable" }

    /// Its source: a path, "file descriptor 3", "the terminal".
    public let source: LocalizableText
    /// What was wrong; never contains the secret.
    public let reason: LocalizableText
    /// Whether the only problem is that other users can read it.
    public var isOpenToOthers = false
    /// Whether the source is a program that asks the user (``Pinentry``).
    var isAsked = false

    public var code: Code { .unreadable }

    public var text: LocalizableText { localized("The PIN could not be read from \(source): \(reason).") }

    public var next: LocalizableText? {
        if isAsked {
            return localized(
                "Run the command again; nothing that was entered has been used. Without pinentry in the configuration the terminal asks."
            )
        }
        return source == Self.terminal
            ? localized("Run the command again. Nothing that was typed has been used.")
            : isOpenToOthers
                ? localized("Restrict it: chmod 600 \(source)")
                : localized("Specify a file whose first line is the PIN and that only you can read (chmod 600).")
    }

    public var clause: LocalizableText {
        isOpenToOthers
            ? localized("other users can read \(source); restrict it: chmod 600 \(source)")
            : localized("no secret could be read from \(source): \(reason)")
    }

    static func empty(_ source: LocalizableText) -> SecretError {
        SecretError(
            source: source,
            reason: source == Self.terminal ? localized("the input was empty") : localized("its first line is empty"))
    }

    /// Whether someone typed something else than a secret, or nothing, and not a file that is not as expected.
    public var isOfTerminal: Bool { source == Self.terminal }

    /// The name of the source when someone types.
    static let terminal: LocalizableText = localized("the terminal")
    static let interrupted = SecretError(source: terminal, reason: localized("it was cancelled"))
}

extension Secret {
    /// The first line of a file, without its line end. A regular file must be readable by its owner only.
    public static func read(file path: String) throws(SecretError) -> Secret {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw SecretError(source: .verbatim(path), reason: .verbatim(String(cString: strerror(errno))))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw SecretError(source: .verbatim(path), reason: .verbatim(String(cString: strerror(errno))))
        }
        guard status.st_mode & S_IFMT != S_IFREG || status.st_mode & 0o077 == 0 else {
            throw SecretError(
                source: .verbatim(path), reason: localized("other users can read it"), isOpenToOthers: true)
        }
        return try readLine(descriptor, source: .verbatim(path))
    }

    /// The first line from an open file descriptor.
    public static func read(descriptor: Int32) throws(SecretError) -> Secret {
        try readLine(descriptor, source: localized("file descriptor \(descriptor)"))
    }

    /// Asks on the terminal, without echo. The terminal's mode is always restored; after that, Control-C ends the
    /// program as usual.
    ///
    /// - Parameter prompt: what is printed before the cursor.
    /// - Throws: ``SecretError``; also for empty input.
    public static func ask(_ prompt: LocalizableText) throws(SecretError) -> Secret {
        guard let secret = try askIfGiven(prompt) else { throw .empty(SecretError.terminal) }
        return secret
    }

    /// As ``ask(_:)``, but nil for empty input.
    ///
    /// Whatever signal ends or stops the program meanwhile, the terminal is restored first. After Control-Z and `fg` the
    /// prompt is repeated; the end of the input cancels it, and what was typed before is not used.
    public static func askIfGiven(_ prompt: LocalizableText) throws(SecretError) -> Secret? {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else {
            throw SecretError(source: SecretError.terminal, reason: localized("it is not available"))
        }
        defer { close(terminal) }
        // Read once: after `fg` a shell may still have the terminal in a mode of its own.
        var mode = termios()
        guard tcgetattr(terminal, &mode) == 0 else {
            throw SecretError(source: SecretError.terminal, reason: .verbatim(String(cString: strerror(errno))))
        }
        while true {
            let signals = PromptSignals(terminal, mode)
            let result = Result { () throws(SecretError) in try askWithoutEcho(prompt, terminal, mode, signals) }
            signals.end()
            guard let caught = signals.caught else { return try result.get() }
            // Swift's runtime prints a backtrace for this one, which nobody asked for.
            if caught == SIGQUIT { signal(SIGQUIT, SIG_DFL) }
            raise(caught)
            // Here again: it was stopped and continued, or something else in the program deals with it.
            if !PromptSignals.stopping.contains(caught) { throw .interrupted }
        }
    }

    private static func askWithoutEcho(
        _ prompt: LocalizableText, _ terminal: Int32, _ before: termios, _ signals: PromptSignals
    ) throws(SecretError) -> Secret? {
        var mode = before
        mode.c_lflag &= ~tcflag_t(ECHO)
        mode.c_lflag |= tcflag_t(ICANON | ISIG)
        // Before the prompt: input that comes at once is neither shown nor lost.
        tcsetattr(terminal, TCSAFLUSH, &mode)
        Output.write(prompt.localized, to: terminal)
        defer {
            var restored = before
            tcsetattr(terminal, TCSAFLUSH, &restored)
            Output.write("\n", to: terminal)
        }
        return try readTyped(terminal, signals)
    }

    /// A line that someone types; nil for an empty one.
    private static func readTyped(_ terminal: Int32, _ signals: PromptSignals) throws(SecretError) -> Secret? {
        var line = [UInt8](repeating: 0, count: longest)
        var count = 0
        defer { wipe(&line) }
        while true {
            var sources = [
                pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: terminal, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&sources, 2, -1) < 0, errno == EINTR { continue }
            if sources[0].revents != 0 { throw .interrupted }
            let got = line.withUnsafeMutableBytes { Glibc.read(terminal, $0.baseAddress! + count, 1) }
            if got < 0 {
                if errno == EINTR { continue }
                throw SecretError(source: SecretError.terminal, reason: .verbatim(String(cString: strerror(errno))))
            }
            // Control-D: what was typed before it does not count.
            if got == 0 { throw .interrupted }
            if line[count] == UInt8(ascii: "\n") { break }
            count += 1
            guard count < longest else {
                throw SecretError(source: SecretError.terminal, reason: localized("its first line is too long"))
            }
        }
        guard count > 0 else { return nil }
        // Arrow keys, and the marks of pasted text: nobody intends them, and they would be tried as part of the PIN.
        guard !line[..<count].contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
            throw SecretError(
                source: SecretError.terminal,
                reason: localized("it contains a control character, for example that of an arrow key"))
        }
        var secret = Array(line[..<count])
        return Secret(consuming: &secret)
    }

    private static let longest = 4096

    private static func readLine(_ descriptor: Int32, source: LocalizableText) throws(SecretError) -> Secret {
        guard let secret = try readLineIfGiven(descriptor, source: source) else { throw .empty(source) }
        return secret
    }

    /// Nil for an empty line.
    private static func readLineIfGiven(
        _ descriptor: Int32, source: LocalizableText
    ) throws(SecretError) -> Secret? {
        var line = [UInt8](repeating: 0, count: longest)
        var count = 0
        defer { wipe(&line) }
        while count < longest {
            // A byte at a time, so that nothing after the line is taken from a pipe.
            let got = line.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + count, 1) }
            if got < 0 {
                if errno == EINTR { continue }
                throw SecretError(source: source, reason: .verbatim(String(cString: strerror(errno))))
            }
            if got == 0 || line[count] == UInt8(ascii: "\n") { break }
            count += 1
        }
        guard count < longest else {
            throw SecretError(source: source, reason: localized("its first line is too long"))
        }
        if count > 0, line[count - 1] == UInt8(ascii: "\r") { count -= 1 }
        guard count > 0 else { return nil }
        guard !line[..<count].contains(0) else {
            throw SecretError(source: source, reason: localized("it contains a NUL byte"))
        }
        var secret = Array(line[..<count])
        return Secret(consuming: &secret)
    }
}

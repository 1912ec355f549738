import CLinux
import Glibc

/// A program of ours that runs in parallel with the test, and what it has printed so far.
public final class Program {
    public let folder = TemporaryFolder()
    private let process: ChildProcess
    /// The write end of a pipe.
    private let keyboard: Int32?

    private static let terminal = """
        import os, pty, sys
        sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
        """

    /// - Parameters:
    ///   - arguments: of etoken-bridge.
    ///   - environment: `NAME=value`, in addition to its own configuration.
    ///   - wrapper: a command that starts it, for example `unshare` and its options.
    ///   - onTerminal: whether it runs on a terminal, where it may prompt; ``type(_:)`` answers.
    public init(
        _ arguments: [String], environment: [String] = [], wrapper: [String] = [], onTerminal: Bool = false
    ) throws {
        let command = wrapper + [Programs.path("etoken-bridge")] + arguments
        let variables = [
            "XDG_CONFIG_HOME=\(folder.file("config"))", "XDG_STATE_HOME=\(folder.file("state"))",
            "XDG_CACHE_HOME=\(folder.file("cache"))",
        ]
        for name in ["output", "errors"] { folder.write(name, "") }
        var pipe: [Int32] = [-1, -1]
        if onTerminal, etb_pipe(&pipe) != 0 { throw ChildProcess.Failure(description: "no pipe") }
        keyboard = onTerminal ? pipe[1] : nil
        defer { if onTerminal { close(pipe[0]) } }
        process = try ChildProcess(
            (onTerminal ? ["python3", "-c", Self.terminal] : []) + command, output: folder.file("output"),
            errors: folder.file("errors"), environment: variables + environment, keyboard: onTerminal ? pipe[0] : nil)
    }

    deinit {
        process.signal(SIGKILL)
        if let keyboard { close(keyboard) }
    }

    public var output: String { folder.text("output") }
    public var errors: String { folder.text("errors") }
    public var lines: [String] { output.split(whereSeparator: \.isNewline).map(String.init) }

    /// Waits until it has printed something that matches; a minute at most.
    public func expect(_ what: String, _ fits: ([String]) -> Bool) throws {
        guard comesTrue(within: 60, { fits(lines) }) else {
            throw ChildProcess.Failure(description: "expected \(what), found: \(output)\(errors)")
        }
    }

    public func type(_ text: String) {
        if let keyboard { _ = write(keyboard, text, text.utf8.count) }
    }

    public func signal(_ number: Int32) { process.signal(number) }

    /// Its exit status, if it has ended by itself; 128 and the signal's number if that ended it.
    public func status() -> Int32 { process.wait() }
}

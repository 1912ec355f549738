import Foundation

/// A program of ours that runs beside the test, and what it has printed so far.
public final class Program {
    public let folder = TemporaryFolder()
    private let process = Process()
    private let keyboard: Pipe?

    // Swift's threads block signals, and a child inherits that: Control-C would not be heard.
    private static let terminal = """
        import os, pty, signal, sys
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
        """

    /// - Parameters:
    ///   - arguments: of etoken-bridge.
    ///   - environment: `NAME=value`, beside PATH and a configuration of its own.
    ///   - wrapper: a command that starts it, for example `unshare` and its options.
    ///   - onTerminal: whether it runs on a terminal, where it may ask; ``type(_:)`` answers.
    public init(
        _ arguments: [String], environment: [String] = [], wrapper: [String] = [], onTerminal: Bool = false
    ) throws {
        keyboard = onTerminal ? Pipe() : nil
        let command = wrapper + [Programs.path("etoken-bridge")] + arguments
        let all = (onTerminal ? ["python3", "-c", Self.terminal] : []) + command
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = all
        var variables = ["XDG_CONFIG_HOME": folder.file("config"), "XDG_STATE_HOME": folder.file("state")]
        variables["PATH"] = ProcessInfo.processInfo.environment["PATH"]
        for pair in environment {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            variables[parts[0]] = parts[1]
        }
        process.environment = variables
        for name in ["output", "errors"] { folder.write(name, "") }
        if let keyboard { process.standardInput = keyboard } else { process.standardInput = FileHandle.nullDevice }
        process.standardOutput = FileHandle(forWritingAtPath: folder.file("output"))
        process.standardError = FileHandle(forWritingAtPath: folder.file("errors"))
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    public var output: String { folder.text("output") }
    public var errors: String { folder.text("errors") }
    public var lines: [String] { output.split(whereSeparator: \.isNewline).map(String.init) }

    /// Waits until it has printed something that fits; half a minute at most.
    public func expect(_ what: String, _ fits: ([String]) -> Bool) throws {
        for _ in 0..<600 {
            if fits(lines) { return }
            usleep(50_000)
        }
        throw ChildProcess.Failure(description: "expected \(what), found: \(output)\(errors)")
    }

    public func type(_ text: String) { keyboard?.fileHandleForWriting.write(Data(text.utf8)) }

    public func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Its exit status, when it has ended by itself.
    public func status() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }
}

/// The two tokens of tools/mock-tokens, in SoftHSM.
public struct MockTokens {
    public let folder = TemporaryFolder()
    public let environment: [String]
    public let module: String

    public init() throws {
        let text = try ChildProcess.run([Programs.script("mock-tokens"), folder.file("tokens")])
        let lines = text.split(separator: "\n").map { String($0.dropFirst("export ".count)) }
        environment = lines.filter { $0.hasPrefix("SOFTHSM2_CONF=") }
        let module = lines.first { $0.hasPrefix("ETOKEN_BRIDGE_MODULE=") }
        self.module = String(module?.split(separator: "=")[1] ?? "")
    }
}

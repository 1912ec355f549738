import Foundation
import ServerFixtures
import Testing

/// A program of ours that runs beside the test, and what it has printed so far.
final class Program {
    let folder = TemporaryFolder()
    private let process = Process()
    private let keyboard: Pipe?

    // Swift's threads block signals, and a child inherits that: Control-C would not be heard.
    private static let terminal = """
        import os, pty, signal, sys
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
        """

    /// - Parameters:
    ///   - environment: `NAME=value`, beside PATH and a configuration of its own.
    ///   - onTerminal: whether it runs on a terminal, where it may ask; ``type(_:)`` answers.
    init(_ arguments: [String], environment: [String] = [], onTerminal: Bool = false) throws {
        keyboard = onTerminal ? Pipe() : nil
        let command = [Programs.path("etoken-bridge")] + arguments
        let terminal = ["/usr/bin/python3", "-c", Self.terminal]
        let all = onTerminal ? terminal + command : command
        process.executableURL = URL(fileURLWithPath: all[0])
        process.arguments = Array(all.dropFirst())
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

    var output: String { folder.text("output") }
    var errors: String { folder.text("errors") }
    var lines: [String] { output.split(whereSeparator: \.isNewline).map(String.init) }
    var id: pid_t { process.processIdentifier }

    /// Waits until it has printed something that fits; half a minute at most.
    func expect(
        _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ fits: ([String]) -> Bool
    ) throws {
        for _ in 0..<600 {
            if fits(lines) { return }
            usleep(50_000)
        }
        try #require(fits(lines), "\(what): \(output)\(errors)", sourceLocation: sourceLocation)
    }

    func type(_ text: String) { keyboard?.fileHandleForWriting.write(Data(text.utf8)) }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Its exit status, when it has ended by itself.
    func status() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }
}

/// The environment of mock tokens in SoftHSM, and the module.
struct MockTokens {
    let folder = TemporaryFolder()
    let environment: [String]
    let module: String

    init() throws {
        let text = try ChildProcess.run([Programs.script("mock-tokens"), folder.file("tokens")])
        let lines = text.split(separator: "\n").map { String($0.dropFirst("export ".count)) }
        environment = lines.filter { $0.hasPrefix("SOFTHSM2_CONF=") }
        module = String(try #require(lines.first { $0.hasPrefix("ETOKEN_BRIDGE_MODULE=") }).split(separator: "=")[1])
    }
}

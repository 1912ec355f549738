import Basics
import CLinux
import Foundation
import Glibc
import Synchronization
import Testing

/// A program that runs as long as its owner lives.
///
/// Foundation's `Process` cannot be used in tests: it reads beyond a buffer, and crashes, if more than about 1,350
/// files are open.
public final class ChildProcess: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String

        public init(description: String) { self.description = description }
    }

    /// The result of a program that has ended.
    public struct Result: Sendable, CustomStringConvertible {
        /// Its exit status, or 128 and the number of the signal that ended it.
        public let status: Int32
        public let output: String
        public let errors: String

        public var description: String { "status \(status)\n\(output)\(errors)" }

        /// The JSON object that it printed. If it printed none, the error contains its output.
        public func json() throws -> [String: Any] {
            let value = try? JSONSerialization.jsonObject(with: Data(output.utf8))
            guard let object = value as? [String: Any] else {
                throw Failure(description: "no JSON object from a program with \(self)")
            }
            return object
        }
    }

    public let id: pid_t
    private let name: String
    /// The raw status from the system, once the end has been waited for.
    private let ended = Mutex<Int32?>(nil)

    /// Starts a program. It gets ``environment(_:)``, no open file of this process, and receives all signals.
    ///
    /// - Parameters:
    ///   - arguments: the program, which is looked for in `PATH`, and its arguments.
    ///   - input: the file that it reads.
    ///   - output: the file to which it prints.
    ///   - errors: the file for its error output; the same as `output` if nil.
    ///   - environment: `NAME=value`, in addition to that of every program of tests; later ones replace earlier ones.
    ///   - keyboard: an open file to read from instead of `input`.
    public init(
        _ arguments: [String], input: String = "/dev/null", output: String = "/dev/null", errors: String? = nil,
        environment: [String] = [], keyboard: Int32? = nil
    ) throws {
        let variables = Self.environment(environment).map {
            $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        }
        do {
            let process = try Subprocess(
                arguments, environment: Dictionary(variables.map { ($0[0], $0[1]) }) { $1 },
                input: keyboard.map { .descriptor($0) } ?? .file(input), output: .file(output),
                errors: errors.map { .file($0) })
            id = process.id
        } catch {
            throw Failure(description: "\(arguments[0]): \(error)")
        }
        name = arguments.joined(separator: " ")
    }

    /// The environment of every program that tests start: small, and the same for every user. A proxy, a CA bundle, a
    /// locale or a Python of theirs stays outside.
    ///
    /// - Parameter more: `NAME=value`. Later ones replace earlier ones, so that no name appears twice.
    public static func environment(_ more: [String] = []) -> [String] {
        // Where the programs are that measure themselves, or are not built along with the tests.
        let passedOn = ["ETOKEN_BRIDGE_BIN", "LLVM_PROFILE_FILE", "ASAN_OPTIONS", "TSAN_OPTIONS"]
            .compactMap { (name: String) in getenv(name).map { "\(name)=" + String(cString: $0) } }
        let fixed = [
            "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", "HOME=/nonexistent", "LANG=C.UTF-8",
            // Tests use tokens of the same serial number at the same time.
            "ETOKEN_BRIDGE_SHARED=/nonexistent",
        ]
        var result: [String] = []
        for variable in fixed + passedOn + more {
            let name = variable.prefix { $0 != "=" } + "="
            result.removeAll { $0.hasPrefix(name) }
            result.append(variable)
        }
        return result
    }

    /// Whether it has not ended by itself.
    public var isRunning: Bool {
        ended.withLock { ended in
            guard ended == nil else { return false }
            var information = siginfo_t()
            // WNOWAIT: the status stays available for collection.
            return waitid(P_PID, id_t(id), &information, WEXITED | WNOHANG | WNOWAIT) == 0 && information.si_signo == 0
        }
    }

    /// Sends a signal, unless its number may belong to another process by now.
    public func signal(_ number: Int32) {
        ended.withLock { if $0 == nil { kill(id, number) } }
    }

    /// How long a program that a test waits for may take, in seconds.
    public static let patience = 300.0

    /// Waits for its end; returns the exit status, or 128 and the number of the signal that ended it. A program that
    /// takes longer than ``patience`` is killed, which is recorded as an issue.
    public func wait() -> Int32 {
        if !hasEnded(within: Self.patience) {
            Issue.record("\(name) did not end within \(Int(Self.patience)) s, and was killed")
            signal(SIGKILL)
        }
        // Not under the lock: a signal may have to end it.
        var information = siginfo_t()
        while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let status = ended.withLock { ended in
            if let ended { return ended }
            var status: Int32 = 0
            while waitpid(id, &status, 0) < 0, errno == EINTR {}
            ended = status
            return status
        }
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    private func hasEnded(within seconds: Double) -> Bool {
        guard ended.withLock({ $0 }) == nil else { return true }
        let descriptor = etb_open_process(id)
        guard descriptor >= 0 else { return !isRunning }
        defer { close(descriptor) }
        let deadline = ContinuousClock.now + .seconds(seconds)
        var process = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let left = deadline - .now
            guard left > .zero else { return false }
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
            if poll(&process, 1, Int32(clamping: milliseconds)) > 0 { return true }
        }
    }

    deinit {
        guard ended.withLock({ $0 }) == nil else { return }
        kill(id, SIGTERM)
        for _ in 0..<200 {
            if waitpid(id, nil, WNOHANG) == id { return }
            usleep(10_000)
        }
        kill(id, SIGKILL)
        waitpid(id, nil, 0)
    }

    /// Runs a program to its end.
    ///
    /// Its output goes to files, not pipes: a process that it leaves in the background could keep a pipe open.
    public static func end(of arguments: [String], input: String? = nil, environment: [String] = []) throws -> Result {
        let folder = TemporaryFolder()
        let process = try ChildProcess(
            arguments, input: input.map { folder.write("in", $0) } ?? "/dev/null", output: folder.file("out"),
            errors: folder.file("err"), environment: environment)
        let status = process.wait()
        return Result(status: status, output: folder.text("out"), errors: folder.text("err"))
    }

    /// Runs a program to its end and returns what it printed; throws unless it ends with status 0.
    @discardableResult
    public static func run(_ arguments: [String], environment: [String] = []) throws -> String {
        let result = try end(of: arguments, environment: environment)
        guard result.status == 0 else { throw Failure(description: "\(arguments): \(result)") }
        return result.output
    }
}

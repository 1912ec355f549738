import Glibc
import Synchronization

/// A log that a part of the lab writes like the real one: lines appended to a file.
final class TraceFile: Sendable {
    private struct State {
        var descriptor: Int32
        var number = 0
    }

    private let state: Mutex<State>

    /// If the file cannot be written, the log stays empty.
    init(_ path: String) {
        state = Mutex(State(descriptor: open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)))
    }

    deinit { state.withLock { if $0.descriptor >= 0 { close($0.descriptor) } } }

    /// Writes lines, in one piece.
    ///
    /// - Parameter form: formats a line from its number, counted from 1, its time with microseconds, and a text.
    func write(_ texts: [String], as form: (_ number: Int, _ time: String, _ text: String) -> String) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let fraction = String(now.tv_nsec / 1000)
        let time =
            Clock.format(Int64(now.tv_sec), "%H:%M:%S") + "." + String(repeating: "0", count: 6 - fraction.count)
            + fraction
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            var lines = ""
            for text in texts {
                state.number += 1
                // The text may contain what a peer sent: that must not start a new line.
                let safe = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? "?" : String($0) }.joined()
                lines += form(state.number, time, safe) + "\n"
            }
            let bytes = Array(lines.utf8)
            _ = bytes.withUnsafeBytes { Glibc.write(state.descriptor, $0.baseAddress, $0.count) }
        }
    }
}

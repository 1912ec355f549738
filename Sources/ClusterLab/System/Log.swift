import Basics
import Glibc

/// The lab's log: one line per event, to standard error, which `up` has redirected to `lab.log`.
enum Log {
    static func note(_ text: String) {
        // The text may contain what a peer sent: that must not start a new line.
        // A single call, so that lines of different threads do not mix.
        Output.write("\(Timestamp.now) \(text.visible)\n", to: STDERR_FILENO)
    }
}

/// Times as the lab shows them.
enum Clock {
    /// Seconds since 1970.
    static var now: Int64 { Int64(time(nil)) }

    /// As CUCM prints a file's time: `Fri Mar 06 19:45:13 CET 2015`.
    static func cucm(_ seconds: Int64) -> String { format(seconds, "%a %b %d %H:%M:%S UTC %Y") }

    static func format(_ seconds: Int64, _ format: String) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        var buffer = [CChar](repeating: 0, count: 64)
        let length = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// Waits until a condition holds, checking every few milliseconds.
///
/// - Returns: whether it did within `seconds`.
func wait(seconds: Double, until condition: () -> Bool) -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !condition() {
        guard ContinuousClock.now < deadline else { return false }
        interruptibleSleep(0.005)
    }
    return true
}

import Basics
import Glibc

extension Timestamp {
    /// Local time of day: `02:14:07`.
    var clock: String { local("%H:%M:%S") }

    /// Local time with its zone: `2026-11-29 02:14:07 CET`.
    var local: String { local("%Y-%m-%d %H:%M:%S %Z") }

    private func local(_ format: String) -> String {
        var seconds = time_t(seconds)
        var parts = tm()
        localtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 64)
        let length = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

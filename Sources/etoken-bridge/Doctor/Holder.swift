import Basics
import Glibc

/// The programs that use the smart card service: those that have its library loaded, as far as this user can see.
enum Holder {
    /// For example `firefox (4711)`.
    static func programs() -> [String] {
        var found: [(id: pid_t, name: String)] = []
        for name in Files.names(in: "/proc") {
            guard let id = pid_t(name), id != getpid(), let maps = try? Files.read("/proc/\(id)/maps", limit: 4 << 20),
                String(decoding: maps, as: UTF8.self).contains("/libpcsclite.so")
            else { continue }
            let command = (try? Files.read("/proc/\(id)/comm", limit: 64)) ?? []
            found.append((id, String(decoding: command.prefix { $0 != 10 }, as: UTF8.self)))
        }
        return found.sorted { $0.id < $1.id }.map { "\($0.name) (\($0.id))" }
    }
}

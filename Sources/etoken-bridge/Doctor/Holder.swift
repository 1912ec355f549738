import Basics
import Glibc

/// The programs that use the smart card service: those that have its library loaded, as far as this user can see.
enum Holder {
    /// For example `firefox (4711)`.
    static func programs() -> [String] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var found: [(id: pid_t, name: String)] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let id = pid_t(name), id != getpid(), let maps = try? Files.read("/proc/\(id)/maps", limit: 4 << 20),
                String(decoding: maps, as: UTF8.self).contains("/libpcsclite.so")
            else { continue }
            let command = (try? Files.read("/proc/\(id)/comm", limit: 64)) ?? []
            found.append((id, String(decoding: command.prefix { $0 != 10 }, as: UTF8.self)))
        }
        return found.sorted { $0.id < $1.id }.map { "\($0.name) (\($0.id))" }
    }
}

import Basics
import Glibc

/// p11-kit's registry of PKCS#11 modules, read as p11-kit itself reads it: pkcs11.conf(5) and, where that is silent, what
/// p11-kit 0.24.1 does (a test compares with it). Files of the same name are one entry: what the more specific one sets
/// counts, and the others supply the rest.
struct ModuleRegistry {
    /// The program's name for `enable-in` and `disable-in`.
    private static let program = "etoken-bridge"
    static let suffix = ".module"

    struct Entry {
        /// The file's name without `.module`.
        let name: String
        /// The most specific file.
        let path: String
        fileprivate var settings: [String: String]

        /// The library, also without a path. Nil where another program is to be asked instead, even if there is one.
        var module: String? { isRemote ? nil : settings["module"].flatMap { $0.isEmpty ? nil : $0 } }

        /// Whether the module belongs to another program or machine, which only p11-kit can ask.
        var isRemote: Bool { settings["remote"] != nil }

        var priority: Int { settings["priority"].flatMap { Int($0) } ?? 0 }

        /// Whether the entry is meant for this program. p11-kit's own trust module contains no tokens; any other one may, also
        /// if someone registered it with `trust-policy: yes`.
        var isEnabled: Bool {
            if module?.split(separator: "/").last?.hasPrefix("p11-kit-trust.") == true { return false }
            func names(_ setting: String) -> [Substring]? {
                settings[setting]?.split { $0 == "," || $0.isWhitespace }
            }
            // With both, only the first counts.
            if let programs = names("enable-in") { return programs.contains { $0 == ModuleRegistry.program } }
            return names("disable-in")?.contains { $0 == ModuleRegistry.program } != true
        }

        /// Whether p11-kit warns that it will ignore the file one day.
        var hasOddName: Bool { !path.hasSuffix(ModuleRegistry.suffix) }
    }

    /// In the order in which they are queried: those of higher priority first, others by name.
    let entries: [Entry]

    init(_ places: ModuleSearch.Places) {
        var folders: [String] = []
        let use = Self.useOfUsers(places)
        if let user = places.user, use != .none { folders.append("\(user)/modules") }
        if use != .only { folders += ["\(places.system)/modules", places.package] }
        var entries: [String: Entry] = [:]
        for folder in folders {
            for file in Files.names(in: folder) where !Files.isFolder("\(folder)/\(file)") {
                let name = file.hasSuffix(Self.suffix) ? String(file.dropLast(Self.suffix.count)) : file
                let settings = Self.settings(in: "\(folder)/\(file)")
                entries[name, default: Entry(name: name, path: "\(folder)/\(file)", settings: [:])]
                    .settings.merge(settings) { specific, _ in specific }
            }
        }
        self.entries = entries.values.sorted { ($1.priority, $0.name) < ($0.priority, $1.name) }
    }

    /// What `user-config` says of the user's own registry.
    private enum UseOfUsers {
        case none, merge, only
    }

    /// By the administrator's file; the user's may say otherwise, unless the former forbids to read it.
    private static func useOfUsers(_ places: ModuleSearch.Places) -> UseOfUsers {
        func use(_ folder: String, _ usual: UseOfUsers) -> UseOfUsers {
            switch settings(in: "\(folder)/pkcs11.conf")["user-config"] {
            case "none"?: .none
            case "merge"?: .merge
            case "only"?, "override"?: .only
            default: usual
            }
        }
        let system = use(places.system, .merge)
        guard let user = places.user, system != .none else { return .none }
        return use(user, system)
    }

    /// The lines `NAME: VALUE` of a file; none if it cannot be read. Of two with one name the last counts.
    private static func settings(in path: String) -> [String: String] {
        guard let bytes = try? Files.read(path, limit: 1 << 16) else { return [:] }
        var settings: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(\.trimmed)
            guard parts.count == 2, !parts[0].isEmpty, !parts[0].hasPrefix("#") else { continue }
            settings[parts[0]] = parts[1]
        }
        return settings
    }
}

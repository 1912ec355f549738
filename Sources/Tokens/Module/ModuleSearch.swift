import Basics
import Glibc
import SmartCards

/// Finds this machine's PKCS#11 modules: p11-kit's registry (pkcs11.conf(5)), then well-known places.
public enum ModuleSearch {
    /// The folders to search.
    public struct Places: Sendable {
        /// The user's own registry, or nil if there is none or p11-kit would skip it.
        public var user: String?
        /// The registries of the administrator and of packages; a file in the first hides one of the same name in the
        /// second.
        public var system: [String]
        /// Folders for modules without a path.
        public var modules: [String]
        /// Modules that are used although they are not registered: those of the vendors, then OpenSC's.
        public var wellKnown: [String]

        /// Those of this machine and user.
        public static var standard: Places {
            let folders = [
                "/usr/lib/", "/usr/lib64/", "/lib/", "/usr/lib/\(architecture)/", "/usr/local/lib/", "/usr/lib/pkcs11/",
            ]
            return Places(
                user: userRegistry, system: ["/etc/pkcs11/modules", "/usr/share/p11-kit/modules"],
                modules: ["/usr/lib/\(architecture)/pkcs11", "/usr/lib/pkcs11"],
                wellKnown: (MakerSoftware.all.flatMap(\.modules) + ["opensc-pkcs11.so"]).flatMap { name in
                    folders.map { $0 + name }
                })
        }

        /// As in p11-kit: root has none.
        private static var userRegistry: String? {
            guard getuid() != 0, geteuid() == getuid() else { return nil }
            if let base = getenv("XDG_CONFIG_HOME").map({ String(cString: $0) }), base.hasPrefix("/") {
                return base + "/pkcs11/modules"
            }
            return getenv("HOME").map { String(cString: $0) + "/.config/pkcs11/modules" }
        }

        public init(user: String?, system: [String], modules: [String], wellKnown: [String]) {
            self.user = user
            self.system = system
            self.modules = modules
            self.wellKnown = wellKnown
        }
    }

    /// Debian's name for this processor: a module for another one cannot be loaded.
    static var architecture: String {
        #if arch(arm64)
            "aarch64-linux-gnu"
        #else
            "x86_64-linux-gnu"
        #endif
    }

    /// Paths of modules in the order in which they are queried, each library once.
    public static func candidates(in places: Places = .standard) -> [String] {
        // *Unconfirmed*, for want of a token: that the vendor's own module reads its tokens better than OpenSC's, so that it
        // comes first if both see one (docs/tokens-on-linux.md).
        let known = places.wellKnown.filter { access($0, R_OK) == 0 }
        let makers = known.filter { !$0.hasSuffix("/opensc-pkcs11.so") }
        let registered = registrations(in: places).map { path(of: $0.module, in: places) }
        var seen: Set<String> = []
        return (makers + registered + known).filter { seen.insert(resolved($0)).inserted }
    }

    /// An entry of the registry.
    private struct Registration {
        var module = ""
        var priority = 0
        var isEnabled = true
        var isRemote = false
    }

    private static func registrations(in places: Places) -> [Registration] {
        var entries: [String: Registration] = [:]
        // The more specific folder wins: a file of the same name replaces the other.
        for folder in places.system.reversed() + [places.user].compactMap(\.self) {
            for name in Files.names(in: folder, hidden: false) where name.hasSuffix(".module") {
                entries[name] = registration(in: "\(folder)/\(name)")
            }
        }
        return entries.filter { $0.value.isEnabled && !$0.value.module.isEmpty }
            .sorted { ($1.value.priority, $0.key) < ($0.value.priority, $1.key) }.map(\.value)
    }

    /// The lines of a registry file that matter here (pkcs11.conf(5)). p11-kit's own trust module contains no tokens; any other
    /// one may, also if someone registered it with `trust-policy: yes`.
    private static func registration(in path: String) -> Registration {
        var entry = Registration()
        guard let file = fopen(path, "re") else { return entry }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            let parts = text.split(separator: ":", maxSplits: 1).map(\.trimmed)
            guard parts.count == 2, !parts[1].isEmpty else { continue }
            let programs = parts[1].split { $0 == "," || $0 == " " }
            switch parts[0] {
            case "module": entry.module = parts[1]
            case "priority": entry.priority = Int(parts[1]) ?? 0
            case "remote": entry.isRemote = true
            case "enable-in" where !programs.contains("etoken-bridge"): entry.isEnabled = false
            case "disable-in" where programs.contains("etoken-bridge"): entry.isEnabled = false
            default: break
            }
        }
        if entry.module.split(separator: "/").last?.hasPrefix("p11-kit-trust.") == true { entry.isEnabled = false }
        return entry
    }

    /// A file of the registry that names no module that could be loaded here.
    public struct Unused: Hashable, Sendable {
        public enum Reason: Hashable, Sendable {
            /// Its name does not end in `.module`; p11-kit skips it, too.
            case name
            /// It names another program or socket (`remote:`) that only p11-kit can use.
            case remote
        }

        public let path: String
        public let reason: Reason
    }

    /// The registry's files with a module that ``candidates(in:)`` leaves out.
    public static func unused(in places: Places = .standard) -> [Unused] {
        (places.system + [places.user].compactMap(\.self)).flatMap { folder in
            Files.names(in: folder, hidden: false).compactMap { name in
                let path = "\(folder)/\(name)"
                let entry = registration(in: path)
                guard entry.isEnabled, entry.isRemote || !entry.module.isEmpty else { return nil }
                if entry.isRemote, entry.module.isEmpty { return Unused(path: path, reason: .remote) }
                return name.hasSuffix(".module") ? nil : Unused(path: path, reason: .name)
            }
        }
    }

    private static func path(of module: String, in places: Places) -> String {
        guard !module.hasPrefix("/") else { return module }
        return places.modules.map { "\($0)/\(module)" }.first { access($0, R_OK) == 0 } ?? module
    }

    /// A path without links, or unchanged if it does not exist.
    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}

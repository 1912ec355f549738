import Basics
import Glibc
import SmartCards

/// Finds this machine's PKCS#11 modules: p11-kit's registry (pkcs11.conf(5)), then well-known places.
public enum ModuleSearch {
    /// The folders to search.
    public struct Places: Sendable {
        /// The user's own p11-kit folder, with `pkcs11.conf` and `modules`; nil if there is none or p11-kit would skip it.
        public var user: String?
        /// The administrator's folder of the same kind.
        public var system: String
        /// The registry of packages.
        public var package: String
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
                user: userFolder, system: "/etc/pkcs11", package: "/usr/share/p11-kit/modules",
                modules: ["/usr/lib/\(architecture)/pkcs11", "/usr/lib/pkcs11"],
                wellKnown: (MakerSoftware.all.flatMap(\.modules) + ["opensc-pkcs11.so"]).flatMap { name in
                    folders.map { $0 + name }
                })
        }

        /// As in p11-kit: root has none.
        private static var userFolder: String? {
            guard getuid() != 0, geteuid() == getuid(), getenv("P11_KIT_NO_USER_CONFIG") == nil else { return nil }
            if let base = getenv("XDG_CONFIG_HOME").map({ String(cString: $0) }), base.hasPrefix("/") {
                return base + "/pkcs11"
            }
            return (try? HomeFolder.path()).map { $0 + "/.config/pkcs11" }
        }

        public init(user: String?, system: String, package: String, modules: [String], wellKnown: [String]) {
            self.user = user
            self.system = system
            self.package = package
            self.modules = modules
            self.wellKnown = wellKnown
        }
    }

    /// Debian's name for this processor: a module for another one cannot be loaded.
    public static var architecture: String {
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
        let registered = ModuleRegistry(places).entries.filter(\.isEnabled).compactMap(\.module).map {
            path(of: $0, in: places)
        }
        var seen: Set<String> = []
        return (makers + registered + known).filter { seen.insert(resolved($0)).inserted }
    }

    /// A file of the registry about which the user should know something.
    public struct Remark: Hashable, Sendable {
        public enum Reason: Hashable, Sendable {
            /// Its name does not end in `.module`: p11-kit will ignore it one day.
            case name
            /// It names another program or socket (`remote:`) that only p11-kit can use.
            case remote
        }

        public let path: String
        public let reason: Reason
    }

    /// What to know about the registry's entries for this program.
    public static func remarks(in places: Places = .standard) -> [Remark] {
        ModuleRegistry(places).entries.filter(\.isEnabled).compactMap { entry in
            if entry.isRemote { return Remark(path: entry.path, reason: .remote) }
            return entry.module != nil && entry.hasOddName ? Remark(path: entry.path, reason: .name) : nil
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

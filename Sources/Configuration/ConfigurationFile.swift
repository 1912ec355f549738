import Basics
import Glibc
import Messages

/// The configuration file: all clusters that the user has added. It never contains a password.
public struct ConfigurationFile: Sendable, Hashable {
    /// By name, in the order of the names.
    public var clusters: [ClusterConfiguration]
    public var tokens: TokenConfiguration
    /// The cluster that commands work on if they name none; nil if the user has chosen none.
    public var defaultCluster: String?

    public init(
        clusters: [ClusterConfiguration] = [], tokens: TokenConfiguration = TokenConfiguration(),
        defaultCluster: String? = nil
    ) {
        self.clusters = clusters
        self.tokens = tokens
        self.defaultCluster = defaultCluster
    }

    /// `~/.config/etoken-bridge/config.toml`, or below `XDG_CONFIG_HOME`.
    public static var defaultPath: String {
        if let base = variable("XDG_CONFIG_HOME"), base.hasPrefix("/") { return "\(base)/etoken-bridge/config.toml" }
        let home = (try? HomeFolder.path()) ?? variable("HOME") ?? ""
        return "\(home)/.config/etoken-bridge/config.toml"
    }

    /// A file next to the configuration: `phone-models.csv`.
    public static func path(beside name: String) -> String {
        (defaultPath.lastIndex(of: "/").map { defaultPath[...$0] } ?? "") + name
    }

    /// Reads the file. A missing file is an empty configuration.
    ///
    /// - Throws: `configuration` naming the file and the key for a wrong type, an unknown key or an invalid value;
    ///   `file` when it cannot be read.
    public static func load(from path: String = defaultPath) throws(ClusterError) -> ConfigurationFile {
        let bytes: [UInt8]
        do throws(FileError) {
            try checkDefault(path)
            bytes = try Files.read(path, limit: 1 << 20)
        } catch {
            if error.code == .notFound { return ConfigurationFile() }
            throw ClusterError(error, operation: localized("read the configuration"))
        }
        return try ConfigurationReader(file: path).read(String(decoding: bytes, as: UTF8.self))
    }

    /// Writes the file: to a temporary file first, synced, then renamed; readable by the owner only. Comments of the
    /// old file are lost.
    public func save(to path: String = defaultPath) throws(ClusterError) {
        let text = ConfigurationWriter.text(self)
        // What is written must read back the same.
        var sorted = self
        sorted.clusters.sort { $0.name < $1.name }
        guard try ConfigurationReader(file: path).read(text) == sorted else {
            throw ClusterError(
                .configuration, operation: localized("write the configuration"),
                message: localized("it would not read back unchanged"))
        }
        do throws(FileError) {
            try Self.checkDefault(path)
            if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
                try Files.makeFolder(String(path[..<slash]))
            }
            try Files.write(Array(text.utf8), to: path, permissions: 0o600, replacing: true)
        } catch {
            throw ClusterError(error, operation: localized("write the configuration"))
        }
    }

    public func cluster(_ name: String) -> ClusterConfiguration? { clusters.first { $0.name == name } }

    /// Adds a cluster, replacing one of the same name.
    public mutating func set(_ cluster: ClusterConfiguration) {
        clusters.removeAll { $0.name == cluster.name }
        clusters.append(cluster)
        clusters.sort { $0.name < $1.name }
    }

    /// Removes a cluster, also as the default one.
    public mutating func remove(_ name: String) {
        clusters.removeAll { $0.name == name }
        if defaultCluster == name { defaultCluster = nil }
    }

    /// A relative HOME is refused: the next command would use another file.
    private static func checkDefault(_ path: String) throws(FileError) {
        if !path.hasPrefix("/"), path == defaultPath { _ = try HomeFolder.path() }
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// How tokens are found and PINs asked for.
public struct TokenConfiguration: Sendable, Hashable {
    /// Paths of PKCS#11 modules; empty to search for them.
    public var modules: [String]
    /// The pinentry program that asks for PINs, or nil to ask on the terminal.
    public var pinentry: String?
    /// How many wrong PINs in a row lock the tokens, or nil if the user does not say.
    public var pinTries: Int?
    /// The same for single tokens, by serial number.
    public var pinTriesOf: [String: Int]

    public init(
        modules: [String] = [], pinentry: String? = nil, pinTries: Int? = nil, pinTriesOf: [String: Int] = [:]
    ) {
        self.modules = modules
        self.pinentry = pinentry
        self.pinTries = pinTries
        self.pinTriesOf = pinTriesOf
    }
}

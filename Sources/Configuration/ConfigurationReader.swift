import Messages
import TOML

/// Reads the configuration's TOML strictly: an unknown key is more likely misspelled than intended.
struct ConfigurationReader {
    let file: String

    private static let pinTries = 2...100

    func read(_ text: String) throws(ClusterError) -> ConfigurationFile {
        guard !text.utf8.contains(0) else { throw failure(localized("it contains a NUL byte")) }
        let root: TOMLValue
        do throws(TOMLError) {
            root = try TOMLValue(parsing: text)
        } catch {
            throw failure(error.clause)
        }
        var keys = Keys(root.table ?? [:], path: "", reader: self)
        var configuration = ConfigurationFile()
        configuration.defaultCluster = try keys.string("default_cluster")
        if var tokens = try keys.table("tokens") {
            configuration.tokens = TokenConfiguration(
                modules: try tokens.strings("modules"), pinentry: try tokens.string("pinentry"),
                pinTries: try tokens.number("pin_tries", in: Self.pinTries))
            if var serials = try tokens.table("pin_tries_of") {
                for serial in serials.names {
                    configuration.tokens.pinTriesOf[serial] = try serials.number(serial, in: Self.pinTries)
                }
                try serials.finish()
            }
            try tokens.finish()
        }
        if let clusters = try keys.table("clusters") {
            for name in clusters.names.sorted() {
                var keys = clusters
                guard let table = try keys.table(name) else { continue }
                configuration.clusters.append(try cluster(name, table))
            }
        }
        try keys.finish()
        return configuration
    }

    private func cluster(_ name: String, _ table: Keys) throws(ClusterError) -> ClusterConfiguration {
        var keys = table
        guard ClusterConfiguration.isName(name) else {
            throw failure(localized("\(table.path): a cluster name may contain only letters, digits, '-', '_' and '.'"))
        }
        var cluster = ClusterConfiguration(name: name)
        if let text = try keys.string("version") {
            guard let version = ClusterVersion(text) else {
                throw failure(localized("\(keys.path).version: '\(text)' is not a version such as 10.5.1.10000-7"))
            }
            cluster.version = version
        }
        cluster.phoneWebPort = try keys.port("phone_web_port") ?? cluster.phoneWebPort
        cluster.platform = try account(try keys.table("platform"))
        cluster.application = try account(try keys.table("application"))
        cluster.phones = try account(try keys.table("phones"))
        for table in try keys.tables("nodes") { cluster.nodes.append(try node(table)) }
        try keys.finish()
        guard Set(cluster.nodes.map(\.name)).count == cluster.nodes.count else {
            throw failure(localized("\(keys.path).nodes: two nodes have the same name"))
        }
        guard cluster.nodes.isEmpty || cluster.nodes.filter(\.isPublisher).count == 1 else {
            throw failure(localized("\(keys.path).nodes: exactly one node must be the publisher"))
        }
        guard cluster.nodes.isEmpty || cluster.nodes.contains(where: \.servesTFTP) else {
            throw failure(ClusterConfiguration.nobodyServesTFTP(name))
        }
        // Nodes behind port forwarding share an address, but no port.
        let places = cluster.nodes.flatMap { node in
            Set([node.httpsPort, node.sshPort]).map { "\(node.address):\($0)" }
        }
        guard Set(places).count == places.count else {
            throw failure(localized("\(keys.path).nodes: two nodes have the same address and port"))
        }
        return cluster
    }

    private func account(_ table: Keys?) throws(ClusterError) -> AccountConfiguration? {
        guard var keys = table else { return nil }
        guard let user = try keys.string("user"), !user.isEmpty else {
            throw failure(localized("\(keys.path).user is missing"))
        }
        let account = AccountConfiguration(
            user: user, passwordFile: try keys.string("password_file"),
            passwordCommand: try keys.command("password_command"))
        guard try keys.string("password") == nil else {
            throw failure(
                localized(
                    "\(keys.path).password: passwords do not belong here; use password_file to name a file that contains one"
                ))
        }
        guard account.passwordFile == nil || account.passwordCommand == nil else {
            throw failure(localized("\(keys.path): password_file and password_command are mutually exclusive"))
        }
        try keys.finish()
        return account
    }

    private func node(_ table: Keys) throws(ClusterError) -> NodeConfiguration {
        var keys = table
        guard let name = try keys.string("name"), !name.isEmpty else {
            throw failure(localized("\(keys.path).name is missing"))
        }
        guard let address = try keys.string("address"), !address.isEmpty else {
            throw failure(localized("\(keys.path).address is missing"))
        }
        guard NodeConfiguration.isHostName(name) || NodeConfiguration.isAddress(name) else {
            throw failure(
                localized("\(keys.path).name: a host name may contain only letters, digits, '-', '_' and '.'"))
        }
        guard NodeConfiguration.isAddress(address) else {
            throw failure(localized("\(keys.path).address: '\(address)' is neither an IP address nor a host name"))
        }
        var node = NodeConfiguration(name: name, address: address)
        node.isPublisher = try keys.bool("publisher") ?? false
        node.servesTFTP = try keys.bool("tftp") ?? true
        node.tftpPort = try keys.port("tftp_port") ?? node.tftpPort
        node.httpPort = try keys.port("http_port") ?? node.httpPort
        node.httpsPort = try keys.port("https_port") ?? node.httpsPort
        node.sshPort = try keys.port("ssh_port") ?? node.sshPort
        let runsTVS = try keys.bool("tvs") ?? true
        node.tvsPort = runsTVS ? try keys.port("tvs_port") ?? node.tvsPort : nil
        node.tlsPin = try keys.pin("tls_pin", prefix: "sha256//", length: 44)
        node.sshHostKey = try keys.pin("ssh_host_key", prefix: "SHA256:", length: 43)
        node.tvsPin = try keys.pin("tvs_pin", prefix: "sha256//", length: 44)
        node.legacyTLS = try keys.bool("legacy_tls") ?? false
        node.legacySSH = try keys.bool("legacy_ssh") ?? false
        try keys.finish()
        return node
    }

    func failure(_ message: LocalizableText) -> ClusterError {
        ClusterError(.configuration, operation: localized("read the configuration \(file)"), message: message)
    }
}

/// The keys of one table; tracks which of them were never read.
private struct Keys {
    let path: String
    let names: [String]
    private let table: [String: TOMLValue]
    private let reader: ConfigurationReader
    private var unread: Set<String>

    init(_ table: [String: TOMLValue], path: String, reader: ConfigurationReader) {
        self.table = table
        self.path = path
        self.reader = reader
        names = table.keys.sorted()
        unread = Set(names)
    }

    mutating func string(_ key: String) throws(ClusterError) -> String? {
        try take(key, localized("a string")) { $0.string }
    }

    mutating func strings(_ key: String) throws(ClusterError) -> [String] {
        let found = try take(key, localized("an array of strings")) { value -> [String]? in
            guard let array = value.array else { return nil }
            let texts = array.compactMap(\.string)
            return texts.count == array.count ? texts : nil
        }
        return found ?? []
    }

    /// A program and its arguments.
    mutating func command(_ key: String) throws(ClusterError) -> [String]? {
        try take(key, localized("an array of strings, for example [\"pass\", \"show\", \"office\"]")) { value in
            guard let values = value.array, !values.isEmpty else { return nil }
            let texts = values.compactMap(\.string)
            return texts.count == values.count && !texts[0].isEmpty ? texts : nil
        }
    }

    mutating func bool(_ key: String) throws(ClusterError) -> Bool? {
        try take(key, localized("true or false")) { $0.boolean }
    }

    mutating func number(_ key: String, in range: ClosedRange<Int>) throws(ClusterError) -> Int? {
        try take(key, localized("a number from \(range.lowerBound) to \(range.upperBound)")) { value in
            value.integer.map { Int($0) }.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func port(_ key: String) throws(ClusterError) -> UInt16? {
        try take(key, localized("a port from 1 to 65535")) { value in
            value.integer.flatMap { (1...65535).contains($0) ? UInt16($0) : nil }
        }
    }

    mutating func pin(_ key: String, prefix: String, length: Int) throws(ClusterError) -> String? {
        try take(key, localized("\(prefix) and \(length) base64 characters")) { value in
            value.string.flatMap { $0.hasPrefix(prefix) && $0.utf8.count == prefix.utf8.count + length ? $0 : nil }
        }
    }

    mutating func table(_ key: String) throws(ClusterError) -> Keys? {
        let found = try take(key, localized("a table")) { $0.table }
        return found.map { Keys($0, path: path.isEmpty ? key : "\(path).\(key)", reader: reader) }
    }

    mutating func tables(_ key: String) throws(ClusterError) -> [Keys] {
        guard let array = try take(key, localized("an array of tables"), { $0.array }) else { return [] }
        var tables: [Keys] = []
        for (index, value) in array.enumerated() {
            let place = "\(path).\(key)[\(index)]"
            guard let table = value.table else { throw reader.failure(localized("\(place) must be a table")) }
            tables.append(Keys(table, path: place, reader: reader))
        }
        return tables
    }

    func finish() throws(ClusterError) {
        guard let key = unread.sorted().first else { return }
        throw reader.failure(localized("\(path.isEmpty ? key : "\(path).\(key)") is not a known key here"))
    }

    private mutating func take<T>(
        _ key: String, _ kind: LocalizableText, _ read: (TOMLValue) -> T?
    ) throws(ClusterError) -> T? {
        unread.remove(key)
        guard let value = table[key] else { return nil }
        guard let result = read(value) else {
            throw reader.failure(localized("\(path.isEmpty ? key : "\(path).\(key)") must be \(kind)"))
        }
        return result
    }
}

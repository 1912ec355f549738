/// Writes the configuration as TOML, in an order that reads well.
enum ConfigurationWriter {
    static func text(_ configuration: ConfigurationFile) -> String {
        var lines = ["# etoken-bridge: clusters and the keys that their nodes must show. No passwords here."]
        if let name = configuration.defaultCluster { lines += ["", "default_cluster = \(quoted(name))"] }
        let tokens = configuration.tokens
        if tokens != TokenConfiguration() { lines += ["", "[tokens]"] }
        if !tokens.modules.isEmpty {
            lines.append("modules = [\(tokens.modules.map(quoted).joined(separator: ", "))]")
        }
        if let pinentry = tokens.pinentry { lines.append("pinentry = \(quoted(pinentry))") }
        if let tries = tokens.pinTries { lines.append("pin_tries = \(tries)") }
        if !tokens.pinTriesOf.isEmpty {
            lines += ["", "[tokens.pin_tries_of]"]
            lines += tokens.pinTriesOf.sorted { $0.key < $1.key }.map { "\(quoted($0)) = \($1)" }
        }
        for cluster in configuration.clusters.sorted(by: { $0.name < $1.name }) {
            lines += Self.lines(of: cluster)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func lines(of cluster: ClusterConfiguration) -> [String] {
        // Quoted: a dot in the name would nest.
        let path = "clusters.\(quoted(cluster.name))"
        var lines = ["", "[\(path)]"]
        if let version = cluster.version { lines.append("version = \(quoted(version.description))") }
        lines.append("phone_web_port = \(cluster.phoneWebPort)")
        for (name, account) in [
            ("platform", cluster.platform), ("application", cluster.application), ("phones", cluster.phones),
        ] {
            guard let account else { continue }
            lines += ["", "[\(path).\(name)]", "user = \(quoted(account.user))"]
            if let file = account.passwordFile { lines.append("password_file = \(quoted(file))") }
            if let command = account.passwordCommand {
                lines.append("password_command = [\(command.map(quoted).joined(separator: ", "))]")
            }
        }
        for node in cluster.nodes { lines += ["", "[[\(path).nodes]]"] + keys(of: node) }
        return lines
    }

    private static func keys(of node: NodeConfiguration) -> [String] {
        var lines = ["name = \(quoted(node.name))"]
        if node.isPublisher { lines.append("publisher = true") }
        if !node.servesTFTP { lines.append("tftp = false") }
        lines += [
            "address = \(quoted(node.address))", "tftp_port = \(node.tftpPort)", "http_port = \(node.httpPort)",
            "https_port = \(node.httpsPort)", "ssh_port = \(node.sshPort)",
        ]
        lines.append(node.tvsPort.map { "tvs_port = \($0)" } ?? "tvs = false")
        if let pin = node.tlsPin { lines.append("tls_pin = \(quoted(pin))") }
        if let key = node.sshHostKey { lines.append("ssh_host_key = \(quoted(key))") }
        if let pin = node.tvsPin { lines.append("tvs_pin = \(quoted(pin))") }
        if node.legacyTLS { lines.append("legacy_tls = true") }
        if node.legacySSH { lines.append("legacy_ssh = true") }
        return lines
    }

    /// A basic string of TOML 1.0.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}":
                let hex = String(scalar.value, radix: 16, uppercase: true)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

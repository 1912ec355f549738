import Messages
import X509
/// `cluster.toml`: the cluster in the format of etoken-bridge's configuration, for clients of the lab: addresses,
/// accounts, and the keys to expect.
///
/// Source: docs/operator-guide.md, "Configuration"; written from there, without code of the product.
enum ClusterFile {
    /// The cluster's name in it.
    static let name = "lab"

    /// - Parameter path: the lab's absolute path.
    static func text(_ cluster: LabCluster, path: String) throws -> String {
        let folder = LabFolder(path)
        let plan = cluster.plan
        var lines = [
            "# A cluster of cluster-lab, release \(plan.release.rawValue). etoken-bridge cluster add --lab takes it over.",
            "", "[clusters.\(name)]", "version = \(quoted(plan.fullVersion))", "phone_web_port = \(plan.phoneWebPort)",
        ]
        for (account, user) in [
            ("platform", Accounts.platformUser), ("application", Accounts.applicationUser),
            ("phones", Accounts.phonesUser),
        ] {
            lines += [
                "", "[clusters.\(name).\(account)]", "user = \(quoted(user))",
                "password_file = \(quoted(folder.password(account)))",
            ]
        }
        for (node, own) in zip(plan.nodes, cluster.identity.nodes) {
            lines += ["", "[[clusters.\(name).nodes]]", "name = \(quoted(plan.databaseName(node)))"]
            if node.isPublisher { lines.append("publisher = true") }
            // If it serves no files to phones, nothing listens on the two ports.
            if !node.servesTFTP { lines.append("tftp = false") }
            lines += [
                "address = \(quoted(node.address))", "tftp_port = \(node.tftpPort)", "http_port = \(node.httpPort)",
                "https_port = \(node.httpsPort)", "ssh_port = \(node.sshPort)",
                "tls_pin = \(quoted(own.tomcat.certificate.publicKey.pin))",
                "ssh_host_key = "
                    + quoted(try SSHHostKey.fingerprint(of: cluster.folder.keys(node.name) + "/ssh_host_key")),
            ]
            if let port = node.tvsPort {
                lines += ["tvs_port = \(port)", "tvs_pin = \(quoted(own.tvs.certificate.publicKey.pin))"]
            } else {
                lines.append("tvs = false")
            }
            if plan.release.hasOldTLS { lines.append("legacy_tls = true") }
            if plan.release.hasOldSSH { lines.append("legacy_ssh = true") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A basic string of TOML 1.0.
    private static func quoted(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "\"") { result, scalar in
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\u{0}"..."\u{1F}", "\u{7F}":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        } + "\""
    }
}

import Certificates

extension CommandLine {
    func show(_ words: [String]) throws {
        switch words {
        case ["ctl"]: try showList(.ctl)
        case ["itl"]: try showList(.itl)
        case ["version", "active"]:
            try terminal.line("Active Master Version: \(cluster.plan.release.fullVersion)")
            try terminal.line("Active Version Installed Software Options:")
            try terminal.line("  No Installed Software Options Found.")
        case ["network", "cluster"]: try showNetworkCluster()
        case ["cert", "list", "own"]: try list(CertificateEntry.own(cluster, node))
        case ["cert", "list", "trust"]: try list(CertificateEntry.trusted(cluster))
        default:
            guard words.count == 3, words[0] == "cert" else { throw Self.unknown }
            switch words[1] {
            case "own": try showCertificate(CertificateEntry.own(cluster, node), words[2])
            case "trust": try showCertificate(CertificateEntry.trusted(cluster), words[2])
            default: throw Self.unknown
            }
        }
    }

    private func showList(_ kind: ShowCTL.Kind) throws {
        let name = kind.rawValue + "File.tlv"
        let text = node.files.read(name).map { bytes in
            (try? ShowCTL.text(of: bytes, modified: node.files.modified(name) ?? 0)) ?? ShowCTL.unreadable(kind)
        }
        let lines = (text ?? ShowCTL.absent(kind)).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        for line in lines { try terminal.line(String(line)) }
    }

    private func showNetworkCluster() throws {
        for node in cluster.plan.nodes {
            let role = node.isPublisher ? "Publisher callmanager DBPub" : "Subscriber callmanager DBSub"
            try terminal.line("\(node.address) \(node.name).lab.example \(node.name) \(role) authenticated")
        }
        try terminal.line()
        try terminal.line("Server Table (processnode) Entries")
        try terminal.line("----------------------------------")
        for node in cluster.plan.nodes { try terminal.line(node.name) }
        try terminal.line()
        try terminal.line("Successful")
    }

    private func list(_ entries: [CertificateEntry]) throws {
        for entry in entries { try terminal.line("\(entry.name): \(entry.origin)") }
    }

    /// A certificate by the name that the list gives it, or by its purpose alone.
    private func showCertificate(_ entries: [CertificateEntry], _ name: String) throws {
        guard
            let entry = entries.first(where: { $0.name == name || ($0.isOwn && ($0.unit == name || $0.file == name)) })
        else { throw Refusal(text: "Certificate \(name) does not exist") }
        try terminal.line(CertificateText.block(entry.certificate))
        for line in entry.certificate.pem.split(separator: "\n") { try terminal.line(String(line)) }
    }
}

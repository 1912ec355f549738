import X509
import TrustList

extension CommandLine {
    func show(_ words: [String]) throws {
        switch words {
        case ["ctl"]: try showList(.ctl)
        case ["itl"]: try showList(.itl)
        case ["version", "active"]:
            try terminal.line("Active Master Version: \(cluster.plan.fullVersion)")
            try terminal.line("Active Version Installed Software Options:")
            try terminal.line("  No Installed Software Options Found.")
        case ["network", "cluster"]: try showNetworkCluster()
        case ["cert", "list", "own"]: try listCertificates(CertificateEntry.own(cluster, node))
        case ["cert", "list", "trust"]: try listCertificates(CertificateEntry.trusted(cluster, node))
        default:
            guard words.count == 3, words[0] == "cert" else { throw Self.unknown }
            switch words[1] {
            case "own": try showCertificate(CertificateEntry.own(cluster, node), words[2])
            case "trust": try showCertificate(CertificateEntry.trusted(cluster, node), words[2])
            default: throw Self.unknown
            }
        }
    }

    private func showList(_ kind: ShowCTL.Kind) throws {
        let name = kind.rawValue + "File.tlv"
        let text = node.files.read(name).flatMap { bytes -> String? in
            guard !bytes.isEmpty else { return nil }
            let modified = node.files.modified(name) ?? 0
            return (try? ShowCTL.text(of: bytes, modified: modified))
                ?? ShowCTL.unreadable(kind, bytes, modified: modified)
        }
        let lines = (text ?? absent(kind)).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        for line in lines { try terminal.line(String(line)) }
    }

    /// The command line that the text refers to was introduced with release 10.
    private func absent(_ kind: ShowCTL.Kind) -> String {
        let text = ShowCTL.absent(kind)
        return cluster.plan.release.hasCTLCommands
            ? text : text.replacing(" or run the CLI - utils ctl.. to generate the CTL file.", with: ".")
    }

    private func showNetworkCluster() throws {
        for runtime in cluster.nodes {
            let node = runtime.plan
            let role = node.isPublisher ? "Publisher callmanager DBPub" : "Subscriber callmanager DBSub"
            let state = runtime.isUp ? "authenticated" : "not authenticated"
            try terminal.line("\(node.address) \(node.name).\(Self.domain) \(node.name) \(role) \(state)")
        }
        try terminal.line()
        try terminal.line("Server Table (processnode) Entries")
        try terminal.line("----------------------------------")
        for node in cluster.plan.nodes { try terminal.line(cluster.plan.databaseName(node)) }
        try terminal.line()
        try terminal.line("Successful")
    }

    private func listCertificates(_ entries: [CertificateEntry]) throws {
        if cluster.plan.has(.dnsWarning) { try terminal.line(Self.dnsWarning) }
        for entry in entries {
            guard cluster.plan.has(.certificateBlocks) else {
                try terminal.line("\(entry.name):\(cluster.plan.has(.certificateBare) ? "" : " " + entry.origin)")
                continue
            }
            try terminal.line("Unit:\t\(entry.unit)")
            try terminal.line("Type:\t\(entry.isOwn ? "own-cert" : "trust-cert")")
            try terminal.line("Name:\t\(entry.file)")
            try terminal.line("Issuer:\t\(CertificateText.name(entry.certificate.issuer))")
            try terminal.line("Expires:\t\(Clock.cucm(entry.certificate.notAfter))")
            try terminal.line()
        }
    }

    /// A certificate by its name in the list, or by its purpose alone.
    private func showCertificate(_ entries: [CertificateEntry], _ name: String) throws {
        guard
            let entry = entries.first(where: { $0.name == name || ($0.isOwn && ($0.unit == name || $0.file == name)) })
        else { throw Refusal(text: "Certificate \(name) does not exist") }
        try terminal.line(
            cluster.plan.has(.certificateOpenSSL)
                ? CertificateText.openSSL(entry.certificate) : CertificateText.block(entry.certificate))
        // A trust certificate is only described.
        guard entry.isOwn || cluster.plan.has(.trustPEM) else { return }
        for line in entry.certificate.pem.split(separator: "\n") { try terminal.line(String(line)) }
    }
}

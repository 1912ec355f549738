import X509

extension CommandLine {
    func set(_ words: [String]) throws {
        switch words.count {
        case 3 where words[0] == "cli" && words[1] == "pagination" && ["on", "off"].contains(words[2]):
            terminal.isPaging = words[2] == "on"
            try terminal.line("Automatic pagination is turned \(words[2])")
        case 4 where words[0] == "cert" && words[1] == "import" && words[2] == "trust": try importTrust(words[3])
        case 4 where words[0] == "cert" && words[1] == "delete": try deleteTrust(words[2], words[3])
        case 3 where words[0] == "cert" && words[1] == "regen": try regenerate(words[2])
        default: throw Self.unknown
        }
    }

    /// Longer pastes are not certificates.
    private static let maximumPastedLines = 500

    private func importTrust(_ name: String) throws {
        let names = cluster.plan.has(.importPlainNames) ? [name + "-trust"] : [name, name + "-trust"]
        guard let unit = names.first(where: TrustStore.units.contains) else {
            throw Refusal(text: "Error: \(name) is not a valid trust store name")
        }
        try terminal.line("Paste the Certificate and Hit Enter")
        var lines: [String] = []
        while true {
            let line = try terminal.readLine("")
            if line.allSatisfy(\.isWhitespace) {
                if lines.isEmpty { continue }
                break
            }
            lines.append(line)
            if lines.count > 3, node.has(.cutUpload) { throw Cut() }
            guard lines.count <= Self.maximumPastedLines else {
                throw Refusal(text: "Error: the certificate is too long")
            }
        }
        do {
            let certificate = try CertificateImport.read(Array(lines.joined(separator: "\n").utf8))
            guard !node.has(.diskFull) else {
                throw Refusal(text: "Error: the certificate could not be stored, there is not enough disk space")
            }
            let (entry, _) = try cluster.trustStore.add(certificate, unit: unit)
            Log.note("\(node.plan.name): certificate \(unit)/\(entry.file) imported")
            if node.has(.cutAnswer) { throw Cut() }
        } catch let refusal as CertificateImport.Refusal {
            throw Refusal(text: refusal.text)
        }
        guard !cluster.plan.has(.importRegenerated) else {
            try terminal.line("Successfully regenerated certificate for \(name).")
            return try terminal.line("You must restart services related to \(name).")
        }
        try terminal.line("Successfully imported certificate for \(name).")
        try terminal.line("Please restart services related to \(name) for the new certificate to become active.")
    }

    /// Only what trust lists contain.
    private func regenerate(_ name: String) throws {
        guard ["CallManager", "CAPF", "ITLRecovery"].contains(name),
            cluster.identity.node(node.plan.name)?[name] != nil
        else { throw Refusal(text: "Error: \(name) is not the name of a certificate of this node") }
        try terminal.line(
            "WARNING: This operation will overwrite any CA signed certificate previously imported for \(name)")
        guard try confirm("Proceed with regeneration (yes|no)? ") else {
            throw Refusal(text: "Regeneration cancelled")
        }
        do { try cluster.regenerate(name, of: node) } catch {
            Log.note("\(node.plan.name): \(error)")
            throw Refusal(text: "Error: the certificate could not be regenerated")
        }
        try terminal.line("Successfully Regenerated Certificate for \(name).")
        try terminal.line(
            "You must restart services related to \(name) for the regenerated certificates to become active.")
    }

    private func deleteTrust(_ unit: String, _ file: String) throws {
        guard TrustStore.units.contains(unit), cluster.trustStore.entry(unit: unit, file: file) != nil else {
            throw Refusal(text: "Error: certificate \(unit)/\(file) does not exist")
        }
        if cluster.plan.has(.deleteAsks) {
            guard try confirm("Do you want to delete the certificate \(unit)/\(file)? (y/n):") else {
                throw Refusal(text: "Certificate not deleted")
            }
        }
        guard try cluster.removeTrust(unit: unit, file: file, at: node) else {
            throw Refusal(text: "Error: certificate \(unit)/\(file) does not exist")
        }
        try terminal.line("Certificate deleted successfully")
    }
}

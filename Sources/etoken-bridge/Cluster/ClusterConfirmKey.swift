import ArgumentParser
import Basics
import Cluster
import Configuration
import Messages
import Operations
import X509

struct ClusterConfirmKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm-key",
        abstract: localized("Compare a node's keys with the pinned ones, and pin those that changed."),
        discussion: localized(
            """
            Shows the key that was pinned and the one that the node presents now, with what its console shows of it. \
            Nothing is sent to the node, no password either: the connections are closed once they have shown their keys. \
            Only a yes pins a key; without a terminal, --ssh-host-key, --tls-pin and \
            --tvs-pin have to name each one that changed.

            Without --cluster, the node is looked for in every cluster of the configuration.

            Exit status 7 if a key was not confirmed.

            Example:
              etoken-bridge cluster confirm-key cucm-sub1 --cluster office
            """))

    @Argument(help: .localized("The node."))
    var node: String

    @Option(
        help: .localized("The cluster's name in the configuration.", valueName: "name"), completion: .clusterNames)
    var cluster: String?

    @Option(help: .localized("The SSH host key that was compared: SHA256:...", valueName: "key"))
    var sshHostKey: String?

    @Option(help: .localized("The TLS key that was compared: sha256//...", valueName: "key"))
    var tlsPin: String?

    @Option(
        help: .localized("The key of the Trust Verification Service that was compared: sha256//...", valueName: "key"))
    var tvsPin: String?

    @OptionGroup var common: CommonOptions

    func run() throws {
        var (configuration, old) = try found()
        let contact = FirstContact(with: old)
        if let failure = contact.failures.first(where: { $0.purpose != .tvs }) { throw failure.error }
        for failure in contact.failures { Terminal.note(localized("Warning: \(failure.error).")) }
        let changed = contact.keys.filter { $0.fingerprint != old[$0.purpose] }
        if !changed.isEmpty {
            for key in changed { Terminal.note(Self.comparison(of: key, with: old)) }
            try confirm(changed, of: old)
            for key in changed { old[key.purpose] = key.fingerprint }
            configuration.nodes = configuration.nodes.map { $0.name == old.name ? old : $0 }
            var file = try ConfigurationFile.load()
            file.set(configuration)
            try file.save()
        }
        try common.tell(
            configuration,
            changed.isEmpty
                ? localized("\(old.name) presents the keys that are pinned; nothing was changed.")
                : localized(
                    changed.count, one: "1 new key of \(old.name) is pinned.",
                    other: "\(changed.count) new keys of \(old.name) are pinned."))
    }

    /// The node, in the named cluster or in the only one that has it.
    private func found() throws -> (ClusterConfiguration, NodeConfiguration) {
        if let cluster {
            let client = try configuredCluster(cluster)
            if let found = client.configuration.node(called: node) { return (client.configuration, found) }
            return (client.configuration, try client.nodes(named: [node])[0])
        }
        let all = try ConfigurationFile.load().clusters
        let having = all.compactMap { cluster in cluster.node(called: node).map { (cluster, $0) } }
        if having.count == 1 { return having[0] }
        guard having.isEmpty else {
            let names = having.map(\.0.name).joined(separator: ", ")
            throw Failure(
                Status.usage, localized("Several clusters have a node called \(node): \(names)."),
                next: localized("Specify --cluster NAME."))
        }
        throw Failure(
            Status.notThere, localized("No cluster of the configuration has a node called \(node)."),
            next: localized("See the nodes: etoken-bridge cluster list"))
    }

    private func confirm(_ changed: [FirstContact.Key], of node: NodeConfiguration) throws {
        // Each for its own purpose: what one service presents says nothing about another one.
        let compared: [FirstContact.Key.Purpose: String] = [.ssh: sshHostKey, .tls: tlsPin, .tvs: tvsPin]
            .compactMapValues(\.self)
        let missing = changed.filter { compared[$0.purpose] != $0.fingerprint }
        if missing.isEmpty { return }
        let options = missing.map { Shell.option($0.optionName, $0.fingerprint) }.joined(separator: " ")
        guard compared.isEmpty, Terminal.isInteractive else {
            throw Failure(
                Status.notTrusted,
                compared.isEmpty
                    ? localized("The keys of \(node.name) are not confirmed, and there is no terminal to prompt on.")
                    : localized("\(node.name) presents a key that was not specified; nothing was written."),
                next: localized("Compare them with what the node's console shows; if they match, add: \(options)"))
        }
        guard Terminal.confirm(localized("Does the console of \(node.name) show the same, and should it be pinned?"))
        else { throw Failure(Status.notTrusted, localized("The keys were not confirmed; nothing was written.")) }
    }

    /// The old key next to the new one, and where the console shows the new one.
    private static func comparison(of key: FirstContact.Key, with node: NodeConfiguration) -> LocalizableText {
        let old = node[key.purpose] ?? localized("not pinned").localized
        var lines = [
            localized("\(key.title) of \(node.name) at \(node.address)"),
            localized("  pinned:  \(old)"), localized("  now:     \(key.fingerprint)"),
        ]
        if let certificate = key.certificate {
            lines.append(localized("  its certificate has serial number \(certificate.serialNumber.colonHex)"))
            lines.append(localized("  and SHA-1 \(certificate.sha1.hex)"))
        }
        switch key.purpose {
        case .tls: lines.append(localized("  On the node's console: show cert own tomcat"))
        case .tvs: lines.append(localized("  On the node's console: show cert own TVS"))
        case .ssh:
            // *Unconfirmed*: no source names a command of the platform's command line that shows its SSH host key.
            lines.append(
                localized(
                    "  No command is known with which the console shows this one. Ask the person who reinstalled or upgraded the node."
                ))
        }
        return lines.joined(separator: "\n")
    }
}

import ArgumentParser
import Basics
import Cluster
import Configuration
import Messages
import Migration
import Operations
import Secrets

struct ClusterAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: localized("Add a cluster to the configuration."),
        discussion: localized(
            """
            The publisher is asked for the other nodes. For every node the SSH host key and the TLS keys are shown, to \
            be compared with what its console shows, and pinned once confirmed. Without a terminal they must be \
            specified: --ssh-host-key, --tls-pin and --tvs-pin, once for each node; a key counts only for that node \
            and service. No password is stored: it comes from --password-file or --password-command, or is asked for \
            each time.

            A cluster of cluster-lab describes itself, including its keys.

            Example:
              etoken-bridge cluster add \\
                --publisher cucm-pub.example.com --name office --user administrator
              etoken-bridge cluster add --lab /tmp/lab
            """))

    @Option(help: .localized("Host name or address of the publisher.", valueName: "host"))
    var publisher: String?

    @Option(
        help: .localized("The folder of a cluster that cluster-lab runs.", valueName: "folder"),
        completion: .directory)
    var lab: String?

    @Option(help: .localized("Its name in the configuration.", valueName: "name"))
    var name: String?

    @OptionGroup var accounts: AccountOptions

    @Option(
        name: [.customLong("ssh-host-key"), .customLong("ssh-fingerprint")],
        help: .localized(
            "A confirmed SSH host key: SHA256:... of the publisher, or NODE=SHA256:... May be repeated.",
            valueName: "key"))
    var sshHostKey: [KeyArgument] = []

    @Option(
        help: .localized(
            "A confirmed TLS key: sha256//... of the publisher, or NODE=sha256//... May be repeated.", valueName: "key")
    )
    var tlsPin: [KeyArgument] = []

    @Option(
        help: .localized(
            "A confirmed key of the Trust Verification Service: sha256//... of the publisher, or NODE=sha256//... May be repeated.",
            valueName: "key"))
    var tvsPin: [KeyArgument] = []

    @Flag(
        help: .localized(
            "Allow old TLS versions, small keys and SHA-1 with the nodes of this cluster (CUCM 8 and 9)."))
    var legacyTls = false

    @Flag(
        help: .localized("Allow old SSH key exchanges and host keys with the nodes of this cluster (CUCM up to 11.5)."))
    var legacySsh = false

    @Option(name: .customLong("set"), help: NodeSetting.help)
    var settings: [NodeSetting] = []

    @Flag(help: .localized("Replace an existing cluster of the same name."))
    var force = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard publisher == nil || lab == nil else {
            throw ValidationError(localized("Specify a cluster: --publisher HOST or --lab FOLDER."))
        }
        if let name, !ClusterConfiguration.isName(name) {
            throw ValidationError(
                localized("--name \(name): a cluster name may contain only letters, digits, '-', '_' and '.'."))
        }
        for argument in sshHostKey where !argument.key.hasPrefix("SHA256:") || argument.key.utf8.count != 50 {
            throw ValidationError(localized("--ssh-host-key \(argument.key) is not SHA256: and 43 characters."))
        }
        for (name, arguments) in [("--tls-pin", tlsPin), ("--tvs-pin", tvsPin)] {
            for argument in arguments where !argument.key.hasPrefix("sha256//") || argument.key.utf8.count != 52 {
                throw ValidationError(localized("\(name) \(argument.key) is not sha256// and 44 characters."))
            }
        }
    }

    /// What a real cluster needs and the command line does not say is asked for, as the CTL Client's first page did.
    private mutating func askForTheRest() throws {
        guard lab == nil, publisher == nil || name == nil || accounts.user == nil else { return }
        guard Terminal.isInteractive else {
            throw Failure(
                Status.usage,
                publisher == nil
                    ? localized("Specify a cluster: --publisher HOST or --lab FOLDER.")
                    : localized("With --publisher, also specify --name and --user."),
                next: localized("For an example: etoken-bridge cluster add --help"))
        }
        if publisher == nil {
            let answer = try Terminal.require(
                .text(
                    localized("Host name or address of the publisher: "),
                    hint: localized("Type a host name or an IP address, or the folder of a lab.")
                ) { NodeConfiguration.isAddress($0) || $0.hasPrefix("/") ? $0 : nil })
            // No host has such a name.
            if answer.hasPrefix("/") {
                lab = answer
                return
            }
            publisher = answer
        }
        accounts.user =
            try accounts.user
            ?? Terminal.require(
                .text(localized("User of the platform account: "), hint: localized("Type the user's name.")) { $0 })
        name =
            try name
            ?? Terminal.require(
                .text(
                    localized("A short name for the cluster: "),
                    hint: localized("A cluster name may contain only letters, digits, '-', '_' and '.'.")
                ) { ClusterConfiguration.isName($0) ? $0 : nil })
        guard accounts.applicationUser == nil else { return }
        let answer = try Terminal.require(
            .text(
                localized("User of the application account, for AXL (Return for none): "), standard: "",
                hint: localized("Type the user's name.")
            ) { $0 })
        if !answer.isEmpty { accounts.applicationUser = answer }
    }

    mutating func run() throws {
        try askForTheRest()
        var file = try ConfigurationFile.load()
        let configuration = try lab.map { try labCluster($0, beside: file) } ?? realCluster(beside: file)
        file.set(configuration)
        try file.save()
        if common.json {
            try Terminal.json(ClusterDocument(configuration))
        } else {
            Terminal.out(
                localized(
                    "Cluster \(configuration.name) is in \(ConfigurationFile.defaultPath), with the keys of its nodes:")
            )
            Terminal.out(ClusterDocument.text(configuration))
        }
    }

    private func labCluster(_ folder: String, beside file: ConfigurationFile) throws -> ClusterConfiguration {
        var configuration = try ConfigurationFile.lab(in: folder)
        if let name { configuration.name = name }
        // The same lab again is not another cluster; anything else of this name is, for example a real one.
        if file.cluster(configuration.name) != configuration { try checkIsFree(configuration.name, beside: file) }
        return configuration
    }

    private func checkIsFree(_ name: String, beside file: ConfigurationFile) throws {
        guard force || file.cluster(name) == nil else {
            throw Failure(
                Status.failed,
                localized("A cluster called \"\(name)\" is in \(ConfigurationFile.defaultPath) already."),
                next: localized("Choose another --name, or use --force to replace it and pin its keys again."))
        }
    }

    private func realCluster(beside file: ConfigurationFile) throws -> ClusterConfiguration {
        guard let address = publisher, let name, let user = accounts.user else {
            preconditionFailure("validate() has looked")
        }
        try checkIsFree(name, beside: file)
        let cluster = ClusterConfiguration(
            name: name,
            platform: try AccountOptions.account(
                nil, user, accounts.passwordFile, accounts.passwordCommand, option: "--user"),
            application: try accounts.applicationUser.flatMap {
                try AccountOptions.account(
                    nil, $0, accounts.applicationPasswordFile, accounts.applicationPasswordCommand,
                    option: "--application-user")
            })
        let keys: [(FirstContact.Key.Purpose, [KeyArgument])] = [(.ssh, sshHostKey), (.tls, tlsPin), (.tvs, tvsPin)]
        let agreement = KeyAgreement(
            accepted: keys.flatMap { purpose, keys in keys.map { AcceptedKey(purpose: purpose, argument: $0) } })
        let discovery = ClusterDiscovery(
            of: cluster, legacyTLS: legacyTls, legacySSH: legacySsh,
            correct: { node, names in
                for setting in settings where setting.isUsed(by: names) { setting.apply(to: &node) }
            }, agree: agreement.ask)
        let found: ClusterDiscovery.Result
        do {
            found = try discovery.run(publisher: address, credentials: .standard) {
                Terminal.note(localized("Asking \(address) for the cluster's nodes ..."))
            }
        } catch let error as ClusterError {
            throw Self.failure(error)
        }
        let names = found.cluster.nodes.map(\.name)
        for setting in settings where !setting.isUsed(by: names + ["publisher", address]) {
            throw Failure(
                Status.notThere, localized("--set names \(setting.node), but the cluster has no such node."),
                next: localized("Its nodes: \(names.joined(separator: ", "))."))
        }
        agreement.warn(found.contacts, unreachableTVS: found.unreachableTVS)
        return found.cluster
    }

    /// The configuration does not contain anything yet that could be corrected.
    private static func failure(_ error: ClusterError) -> Failure {
        let failure = Failure(describing: error)
        guard [.noCommonAlgorithm, .noCommonSSHAlgorithm].contains(error.code) else { return failure }
        return Failure(
            failure.status, failure.what, code: failure.code,
            next: localized(
                "Compare its release on its console first: someone on the network between can cause this, too. If it really is CUCM 11.5 or older, add --legacy-ssh; for 8 and 9 also --legacy-tls."
            ), causes: failure.causes)
    }
}

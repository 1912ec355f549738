import ArgumentParser
import Basics
import Cluster
import Configuration
import Glibc
import Messages
import Migration
import Operations
import TrustList
import X509

struct CtlDeploy: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: localized("Deploy a signed CTL file to every node that serves phones, and read it back."),
        discussion: localized(
            """
            The file is verified first. What every node serves now is compared with what it says itself (show ctl over \
            SSH), and saved in the state folder. Then the file is \
            uploaded to all nodes at once and read back over TFTP and HTTP and with show ctl. If a node fails, the others get back what \
            they had, byte for byte, unless --keep-partial is given. A file that lacks a server of the current file is \
            refused: phones would no longer trust that server.

            This does not check whether phones will accept the file: see ctl verify --held and migrate. Phones fetch \
            it when they restart.

            Example:
              etoken-bridge ctl deploy CTLFile.tlv --cluster office
              etoken-bridge ctl deploy CTLFile.tlv --cluster office --dry-run
              etoken-bridge ctl deploy CTLFile.tlv --folder /srv/tftp
            """))

    @Argument(help: .localized("The file, for example CTLFile.tlv."), completion: .file())
    var file: String

    @Option(help: .localized("The cluster's name in the configuration.", valueName: "name"))
    var cluster: String?

    @Option(
        help: .localized(
            "Instead of a cluster, a folder on this machine that a TFTP server serves, for example Asterisk's.",
            valueName: "folder"),
        completion: .directory)
    var folder: [String] = []

    @Flag(help: .localized("If a node fails, leave the new file on the others (exit status 8)."))
    var keepPartial = false

    @Flag(help: .localized("Restart Cisco Tftp on a node that keeps serving the previous file."))
    var restartTftp = false

    @Flag(help: .localized("Deploy it although servers of the current file are missing from it."))
    var allowMissingServers = false

    @Flag(help: .localized("Only show what every node serves now and what would be deployed; nothing is changed."))
    var dryRun = false

    @OptionGroup var evidence: EvidenceOptions
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard cluster == nil || folder.isEmpty else {
            throw ValidationError(localized("Specify where the file goes: --cluster NAME or --folder FOLDER."))
        }
    }

    func run() throws {
        let cluster = try self.cluster ?? (folder.isEmpty ? DefaultCluster.resolve() : nil)
        let file = try verified()
        let hosts: [any TrustListHost]
        let question: LocalizableText
        if let cluster {
            hosts = try configuredCluster(cluster).trustListHosts
            question =
                localized(
                    hosts.count, one: "Replace CTLFile.tlv on the node of cluster \(cluster)?",
                    other: "Replace CTLFile.tlv on \(hosts.count) nodes of cluster \(cluster)?")
        } else {
            hosts = try folder.map { folder throws(ClusterError) in try FolderTrustListHost(folder) }
            question = localized("Replace CTLFile.tlv in \(folder.joined(separator: ", "))?")
        }
        let place: DeploymentReport.Place = cluster == nil ? .folder : .node
        if dryRun {
            let (rehearsal, present) = ClusterTrustLists(hosts, of: cluster).rehearse(file.bytes)
            warn(file, replacing: present)
            try rehearsal.report(on: place, json: common.json)
            return try checkServers(of: file, replacing: present)
        }
        let lock = try cluster.map { try ClusterLock.forCommand($0) }
        defer { withExtendedLifetime(lock) {} }
        let deployment = try ClusterTrustLists(hosts, of: cluster).replace(
            with: file.bytes, policy: keepPartial ? .keep : .undo, restartsTFTP: restartTftp,
            acceptingUnproven: evidence.acceptUnproven,
            hooks: .standard { present in
                try checkServers(of: file, replacing: present)
                Terminal.note(
                    localized(
                        "\(self.file): \(file.bytes.count) bytes, SHA-1 \(Digest.sha1(file.bytes).hex), signed by \(file.list.header.signerName)."
                    ))
                warn(file, replacing: present)
                try confirmation.ask(question)
            })
        try deployment.report(on: place, json: common.json)
        if let cluster, deployment.nodes.contains(where: { $0.state == .done }) {
            Terminal.note(
                localized(
                    """
                    Phones fetch it once the services and then the phones have been restarted:
                      etoken-bridge cluster restart-services --cluster \(word: cluster)
                      etoken-bridge phones restart --cluster \(word: cluster) --all
                    """))
        }
    }

    /// The file, if phones could read it and its signature is right.
    private func verified() throws -> CtlFile {
        let file = try CtlFile(self.file)
        let rules = DeploymentRules(for: file.list)
        guard rules.isCTLFile else {
            throw Failure(
                Status.verificationFailed,
                localized("\(self.file) calls itself \(file.list.header.fileName); expected CTLFile.tlv."),
                next: localized("Specify a CTL file: etoken-bridge ctl show \(path: self.file)"))
        }
        let failed = rules.failedChecks(at: Int64(time(nil)))
        guard failed.isEmpty else {
            throw Failure(
                Status.verificationFailed,
                localized("\(self.file) fails \(failed.count) of its checks, and was not deployed: \(failed[0].text)"),
                next: localized("See all of them: etoken-bridge ctl verify \(path: self.file)"),
                causes: failed.map(\.text))
        }
        return file
    }

    private func checkServers(of file: CtlFile, replacing present: DistributedFile) throws {
        guard !allowMissingServers else { return }
        let missing = DeploymentRules(for: file.list).missingServers(replacing: present)
        guard !missing.isEmpty else { return }
        throw Failure(
            Status.verificationFailed,
            localized(
                "\(self.file) has no record of \(missing.list), which the current CTL file has; it was not deployed."
            ),
            code: "missing-servers",
            next: localized(
                "See how they differ: etoken-bridge ctl fetch --output CTLFile.tlv, then ctl diff. If that is what you want, add --allow-missing-servers."
            ))
    }

    private func warn(_ file: CtlFile, replacing present: DistributedFile) {
        guard !DeploymentRules(for: file.list).isSignerKnown(to: present) else { return }
        Terminal.note(
            localized(
                "Warning: the signer, \(file.list.header.signerName), is not in the previous CTL file. Phones that hold that file accept the new one only where TVS vouches for the signer (see docs/phone-acceptance.md)."
            )
        )
    }
}

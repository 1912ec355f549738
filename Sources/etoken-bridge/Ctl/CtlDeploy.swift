import ArgumentParser
import Basics
import Cluster
import Configuration
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
        let file = try DeployableFile(CtlFile(self.file).bytes, path: self.file, at: Timestamp.now.seconds)
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
            if !allowMissingServers { try file.checkServers(replacing: present) }
            return
        }
        let lock = try cluster.map { try ClusterLock.forCommand($0) }
        defer { withExtendedLifetime(lock) {} }
        let deployment = try ClusterTrustLists(hosts, of: cluster).deploy(
            file, policy: keepPartial ? .keep : .undo, restartsTFTP: restartTftp,
            allowingMissingServers: allowMissingServers, acceptingUnproven: evidence.acceptUnproven,
            hooks: .standard { present in
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

    private func warn(_ file: DeployableFile, replacing present: DistributedFile) {
        guard !file.isSignerKnown(to: present) else { return }
        Terminal.note(
            localized(
                "Warning: the signer, \(file.list.header.signerName), is not in the previous CTL file. Phones that hold that file accept the new one only where TVS vouches for the signer (see docs/phone-acceptance.md)."
            )
        )
    }
}

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
            The file is verified first. What every node serves now is saved in the state folder. Then the file is \
            uploaded to all nodes at once and read back over TFTP and HTTP. If a node fails, the others get back what \
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

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (cluster == nil) != folder.isEmpty else {
            throw ValidationError(localized("Specify where the file goes: --cluster NAME or --folder FOLDER."))
        }
    }

    func run() throws {
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
            let (rehearsal, present) = TrustListDistribution(hosts).rehearse(file.bytes)
            warn(file, replacing: present)
            try rehearsal.report(on: place, json: common.json)
            return try checkServers(of: file, replacing: present)
        }
        let lock = try cluster.map { try ClusterLock.forCommand($0) }
        defer { withExtendedLifetime(lock) {} }
        let deployment = try TrustListDistribution(hosts).replace(
            with: file.bytes, policy: keepPartial ? .keep : .undo, restartsTFTP: restartTftp,
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
                      etoken-bridge cluster restart-services --cluster \(cluster)
                      etoken-bridge phones restart --cluster \(cluster)
                    """))
        }
    }

    /// The file, if phones could read it and its signature is right.
    private func verified() throws -> CtlFile {
        let file = try CtlFile(self.file)
        let name = file.list.header.fileName
        guard name == TrustListKind.ctl.fileName else {
            throw Failure(
                Status.verificationFailed,
                localized("\(self.file) calls itself \(name); expected CTLFile.tlv."),
                next: localized("Specify a CTL file: etoken-bridge ctl show \(self.file)"))
        }
        let failed = TrustListVerification(of: file.list, at: Int64(time(nil))).checks.filter { $0.severity == .error }
        guard failed.isEmpty else {
            throw Failure(
                Status.verificationFailed,
                localized("\(self.file) fails \(failed.count) of its checks, and was not deployed: \(failed[0].text)"),
                next: localized("See all of them: etoken-bridge ctl verify \(self.file)"), causes: failed.map(\.text))
        }
        return file
    }

    /// A server whose record is emptied is still there: that is what a file looks like in non-secure mode.
    private func checkServers(of file: CtlFile, replacing present: DistributedFile) throws {
        guard !allowMissingServers else { return }
        let servers = present.variants.compactMap { try? TrustListFile(decoding: $0) }.flatMap(\.records)
            .filter { record in [Role.ccm, .ccmTFTP, .tftp].contains { $0 == record.role } }
        let missing = servers.filter { server in !file.list.records.contains { $0.isServer(of: server) } }
            .map { $0.dnsName ?? "-" }
        guard !missing.isEmpty else { return }
        throw Failure(
            Status.verificationFailed,
            localized(
                "\(self.file) has no record of \(Set(missing).sorted().list), which the current CTL file has; it was not deployed."
            ),
            code: "missing-servers",
            next: localized(
                "See how they differ: etoken-bridge ctl fetch, then ctl diff. If that is what you want, add --allow-missing-servers."
            ))
    }

    /// A phone accepts a file whose signer is in the file that it has; otherwise it depends on more.
    private func warn(_ file: CtlFile, replacing present: DistributedFile) {
        guard let before = present.variants.first, before != file.bytes,
            let old = try? TrustListFile(decoding: before)
        else { return }
        let header = file.list.header
        let isKnown = old.records.contains {
            $0.role == .sast && $0.names(issuer: header.caName, serialNumber: header.serialNumber)
        }
        if !isKnown {
            Terminal.note(
                localized(
                    "Warning: the signer, \(header.signerName), is not in the previous CTL file. Phones that hold that file accept the new one only where TVS vouches for the signer (see docs/phone-acceptance.md)."
                )
            )
        }
    }
}

import ArgumentParser
import Certificates
import Cluster
import Migration

struct ClusterSetMode: ParsableCommand {
    enum Mode: String, ExpressibleByArgument, CaseIterable {
        case mixed
        case nonSecure = "non-secure"

        var mode: SecurityMode { self == .mixed ? .mixed : .nonSecure }
    }

    static let configuration = CommandConfiguration(
        commandName: "set-mode", abstract: "Set the cluster to mixed or to non-secure mode (CUCM 10.0 and later).",
        discussion: """
            Runs utils ctl set-cluster on the publisher, which makes a CTL file that the cluster signs itself. What every \
            node serves before is kept in the state folder. Where a hardware token signed the present file, phones that \
            cannot ask TVS would refuse the new one; that is refused with status 9, unless --accept-tokenless is given.

            Afterwards, restart the services and the phones.

            Example:
              etoken-bridge cluster set-mode mixed --cluster office
            """)

    @Argument(help: "mixed or non-secure.")
    var mode: Mode

    @OptionGroup var cluster: ClusterOptions

    @Flag(help: "Go on although a hardware token signed the present CTL file.")
    var acceptTokenless = false

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var common: CommonOptions

    private struct Report: Encodable {
        struct Node: Encodable { let node: String, sha1: String? }
        let before, now: String
        let changed: Bool
        let files: [Node]
        let backups: [String]
    }

    func run() throws {
        let cluster = try cluster.configured()
        defer { cluster.close() }
        let name = self.cluster.cluster
        let change = try SecurityModeChange(of: cluster)
        guard change.modeBefore != mode.mode else {
            try report(change, change.modeBefore, change.filesBefore, changed: false, backups: [])
            return
        }
        if let signer = change.tokenThatSigned, !acceptTokenless {
            throw Failure(
                Status.phonesWouldRefuse,
                "The present CTL file of cluster \(name) is signed by a hardware token (\(signer)), and the one that utils ctl makes would not be.",
                next: "Give --accept-tokenless if phones that cannot ask TVS will be visited.")
        }
        try confirmation.ask("set cluster \(name) from \(change.modeBefore.name) to \(mode.rawValue) mode")
        let backups = try change.filesBefore.variants.map { try StateFolder.standard().backUp($0) }
        for path in backups { Terminal.note("Kept: \(path)") }
        Terminal.note("Running utils ctl set-cluster on the publisher ...")
        let result = change.run(to: mode.mode)
        try check(result)
        try report(change, mode.mode, result.files, changed: true, backups: backups)
        Terminal.note("Next: etoken-bridge cluster restart-services --cluster \(name), then restart the phones.")
    }

    private func report(
        _ change: SecurityModeChange, _ now: SecurityMode, _ files: DistributedFile, changed: Bool, backups: [String]
    ) throws {
        let report = Report(
            before: change.modeBefore.name, now: now.name, changed: changed,
            files: files.nodes.map { node in
                .init(node: node, sha1: files.answer(of: node)?.bytes.map { Digest.sha1($0).hex })
            }, backups: backups)
        if common.json { return try Terminal.json(report) }
        Terminal.out(
            changed
                ? "Cluster \(cluster.cluster) is in \(now.name) mode; it was in \(change.modeBefore.name) mode."
                : "Cluster \(cluster.cluster) is in \(now.name) mode already; nothing was changed.")
        var table = Table("NODE", "CTL FILE (SHA-1)")
        for node in report.files { table.add(node.node, node.sha1 ?? "no file") }
        Terminal.out(table.text)
    }

    private func check(_ result: SecurityModeChange.Result) throws {
        if let failure = result.failure {
            let cause = Failure(describing: failure)
            guard !result.isUnchanged else {
                throw Failure(
                    cause.status, "The mode was not set, and mode and CTL files are as they were. \(cause.what)",
                    next: cause.next, causes: cause.causes)
            }
            throw Failure(
                Status.partlyDone,
                "The command failed half-way: the cluster is in \(result.mode?.name ?? "unknown") mode now. \(cause.what)",
                next: "See what is inconsistent: etoken-bridge cluster status --cluster \(cluster.cluster)",
                causes: cause.causes)
        }
        guard result.mode == mode.mode else {
            throw Failure(
                Status.failed,
                "The publisher reported success, but the cluster is in \(result.mode?.name ?? "unknown") mode.",
                next: "See etoken-bridge cluster status --cluster \(cluster.cluster).")
        }
        if let failure = result.files.failures.first { throw Failure(describing: failure.error, done: mode.rawValue) }
        if let other = result.files.differing.first, let reference = result.files.reference {
            throw Failure(
                Status.partlyDone,
                "The cluster is in \(mode.rawValue) mode, but \(other.node) serves another CTL file (\(other.summary)) than \(reference.node) (\(reference.summary)).",
                next:
                    "Mend \(other.node), then give it the file: ctl fetch --node \(reference.node), then ctl deploy.")
        }
    }
}

extension Failure {
    fileprivate init(describing error: ClusterError, done mode: String) {
        let cause = Failure(describing: error)
        self.init(
            Status.partlyDone, "The cluster is in \(mode) mode, but not every node could be read again. \(cause.what)",
            next: cause.next, causes: cause.causes)
    }
}

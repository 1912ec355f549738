import ArgumentParser
import Basics
import Cluster
import Configuration
import Glibc
import Messages
import Migration
import Operations

struct ClusterStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: localized("Check every node; inconsistencies come first."),
        discussion: localized(
            """
            Reads versions, services, certificates and database replication on the command line, and the CTL and ITL file \
            over TFTP and HTTP. Nothing is changed.

            Exit status 8 when something is inconsistent or a node cannot be read, 7 when a key or login is refused.

            With --all, every cluster of the configuration is read at the same time, and told in a line. --format is for \
            monitoring: prometheus prints metrics for a textfile collector and exits with 0 once they are written, nagios \
            a plugin's line with its exit status (0 to 3).

            Example:
              etoken-bridge cluster status --cluster office
              etoken-bridge cluster status --all
              etoken-bridge cluster status --all --format prometheus
              etoken-bridge cluster status --cluster office --snapshot office.json
            """))

    @Option(help: .localized("The cluster's name in the configuration.", valueName: "name"))
    var cluster: String?

    @Flag(help: .localized("Every cluster of the configuration, a line each."))
    var all = false

    @Option(help: .localized("Output format: table, prometheus or nagios.", valueName: "format"))
    var format: FleetFormat?

    @Option(
        name: .shortAndLong,
        help: .localized(
            "With --format prometheus: replace this file at once, so that no collector reads half of it.",
            valueName: "file"),
        completion: .file())
    var output: String?

    @Option(help: .localized("Warn about certificates that expire within this many days.", valueName: "days"))
    var expiryWarning: Int64 = 30

    @Option(
        help: .localized(
            "Write everything that cluster-lab up --like needs for a rehearsal on a copy to this new file; it contains no secrets.",
            valueName: "file"),
        completion: .file())
    var snapshot: String?

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (0...36500).contains(expiryWarning) else {
            throw ValidationError(localized("--expiry-warning must be a number of days from 0 to 36500."))
        }
        guard cluster == nil || !all else { throw ValidationError(localized("Specify either --cluster or --all.")) }
        guard snapshot == nil || (!all && format == nil) else {
            throw ValidationError(localized("--snapshot is for one cluster, without --format."))
        }
        guard output == nil || format == .prometheus else {
            throw ValidationError(localized("--output is for --format prometheus."))
        }
        guard format == nil || !common.json else {
            throw ValidationError(localized("Specify either --format or --json."))
        }
    }

    func run() throws {
        let name = try cluster ?? (all ? nil : DefaultCluster.resolve())
        if let name, format == nil { try tell(try configuredCluster(name)) } else { try tellFleet(name) }
    }

    private func tell(_ cluster: ClusterClient) throws {
        defer { cluster.close() }
        let count = cluster.configuration.nodes.count
        Terminal.note(
            localized(
                count, one: "Reading 1 node ...",
                other: "Reading \(count) nodes ..."))
        let status = try cluster.status(at: Int64(time(nil)))
        if let snapshot {
            try write(cluster.snapshot(status) { Terminal.note(localized("Reading \($0) ...")) }, to: snapshot)
        }
        let remembered = Fleet.remembered(status.cluster)
        let findings = status.findings(expiryWarning: expiryWarning) + remembered.findings(on: status)
        let report = StatusReport(status: status, findings: findings)
        if common.json { try Terminal.json(report) } else { Terminal.out(report.text) }
        try report.check()
    }

    private func tellFleet(_ name: String?) throws {
        let configured =
            try name.map { [try configuredCluster($0).configuration] } ?? ConfigurationFile.load().clusters
        guard !configured.isEmpty else {
            throw Failure(
                Status.notThere, localized("No cluster is in \(ConfigurationFile.defaultPath)."),
                next: localized("Add one: etoken-bridge cluster add"))
        }
        let fleet = Fleet(configured, expiryWarning: expiryWarning)
        switch format {
        case .prometheus:
            let text = PrometheusMetrics(fleet.clusters).text
            guard let output else { return Terminal.write(text, to: Terminal.results) }
            try Files.write(Array(text.utf8), to: output, permissions: 0o644, replacing: true)
        case .nagios:
            let output = PluginOutput(fleet.clusters)
            Terminal.write(output.text + "\n", to: Terminal.results)
            if output.exitStatus != 0 { throw ExitCode(output.exitStatus) }
        case .table, nil:
            if common.json { try Terminal.json(fleet) } else { Terminal.out(fleet.table) }
            try fleet.check()
        }
    }

    private func write(_ snapshot: ClusterSnapshot, to path: String) throws {
        try Files.write(JSON.document(snapshot), to: path, permissions: 0o600, replacing: false)
        for gap in snapshot.gaps { Terminal.note(localized("Not in the snapshot: \(gap)")) }
        Terminal.note(localized("The snapshot is in \(path). Rehearse: cluster-lab up DIR --like \(path: path)"))
    }
}

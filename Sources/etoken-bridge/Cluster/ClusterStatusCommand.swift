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

            Example:
              etoken-bridge cluster status --cluster office
              etoken-bridge cluster status --cluster office --snapshot office.json
            """))

    @OptionGroup var cluster: ClusterOptions

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
    }

    func run() throws {
        let cluster = try cluster.configured()
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
        let findings = status.findings(expiryWarning: expiryWarning) + leftBehind()
        let report = StatusReport(status: status, findings: findings)
        if common.json { try Terminal.json(report) } else { Terminal.out(report.text) }
        try report.check()
    }

    /// Phones that an earlier change left behind, if there are any.
    private func leftBehind() -> [StatusFinding] {
        let name = cluster.cluster
        let count: Int
        do { count = try StrandedRegister(of: name, in: .standard()).count } catch {
            // What this machine remembers is not the cluster's state.
            Terminal.note(LocalizableText(describing: error))
            return []
        }
        guard count > 0 else { return [] }
        return [
            StatusFinding(
                code: .phonesLeftBehind, severity: .warning,
                text: localized(
                    count, one: "1 phone did not follow an earlier change, and nobody has reported a visit since.",
                    other: "\(count) phones did not follow an earlier change, and nobody has reported a visit since."),
                next: [localized("See which: etoken-bridge phones stranded --cluster \(word: name)")])
        ]
    }

    private func write(_ snapshot: ClusterSnapshot, to path: String) throws {
        try Files.write(JSON.document(snapshot), to: path, permissions: 0o600, replacing: false)
        for gap in snapshot.gaps { Terminal.note(localized("Not in the snapshot: \(gap)")) }
        Terminal.note(localized("The snapshot is in \(path). Rehearse: cluster-lab up DIR --like \(path: path)"))
    }
}

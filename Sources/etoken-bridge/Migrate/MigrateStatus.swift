import ArgumentParser
import Cluster
import Messages
import Migration

/// Which change of a cluster.
struct JournalOptions: ParsableArguments {
    @OptionGroup var cluster: ClusterOptions

    @Option(
        help: .localized("The change's name, as migrate status prints it; the newest one of the cluster without it."))
    var change: String?

    /// The journal's path.
    func journal(in state: StateFolder) throws -> String {
        let paths = try state.changes(of: cluster.cluster).map(\.path)
        guard let change else {
            guard let last = paths.last else {
                throw MigrationError.noChange(localized("No change of cluster \(cluster.cluster) has been begun here."))
            }
            return last
        }
        guard let path = paths.first(where: { $0.hasSuffix("/\(change).jsonl") }) else {
            throw MigrationError.noChange(localized("Cluster \(cluster.cluster) has no change called \(change)."))
        }
        return path
    }
}

struct MigrateStatus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: localized("Show how far a change is, or what became of it."),
        discussion: localized(
            """
            Reads the journal on this machine, and asks no cluster. With --report it writes the change record of a change \
            that is long done.

            Example:
              etoken-bridge migrate status --cluster lab
            """))

    @OptionGroup var journal: JournalOptions
    @OptionGroup var reporting: ReportOptions

    func run() throws {
        let state = StateFolder.standard()
        let record = try ChangeRecord(journal: try journal.journal(in: state), backups: state)
        try reporting.publish(record)
        if !reporting.common.json {
            var table = Table(localized("STEP"), localized("STATE"), localized("SECONDS"))
            for step in record.steps { table.add(step.title, step.state.text, step.seconds.map { "\($0)" } ?? "") }
            Terminal.out("\n" + table.text)
        }
    }
}

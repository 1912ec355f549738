import ArgumentParser
import Cluster
import Messages
import Migration

/// Which change of a cluster.
struct JournalOptions: ParsableArguments {
    @OptionGroup var cluster: ClusterOptions

    @Option(
        help: .localized(
            "The change's name, as migrate status prints it; default: the latest one of the cluster.",
            valueName: "name"))
    var change: String?

    /// The journal's path.
    func journal(in state: StateFolder) throws -> String {
        let name = try cluster.name
        let known = try state.changes(of: name)
        guard let newest = known.last else {
            throw MigrationError(
                .noChange, localized("No change of cluster \(name) has been started on this machine."),
                next: localized(
                    "Changes started on another machine are in the journals there. Start one: etoken-bridge migrate to-etoken --cluster \(word: name)"
                ))
        }
        guard let change else { return newest.path }
        guard let found = known.first(where: { $0.records.first?.plan?.id == change }) else {
            let names = known.reversed().compactMap { $0.records.first?.plan?.id }
            throw MigrationError(
                .noChange,
                localized(
                    "Cluster \(name) has no change called \(change); there are: \(names.joined(separator: ", "))."
                ),
                next: localized(
                    "Look at the newest one: etoken-bridge migrate status --cluster \(word: name) --change \(word: names[0])"
                ))
        }
        return found.path
    }
}

struct MigrateStatus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: localized("Show the progress or the result of a change."),
        discussion: localized(
            """
            Reads the journal on this machine, without contacting a cluster. If the cluster had several changes, they \
            are listed at the end. With --report it writes the change record, also of a change that finished long ago. \
            --worklist, which asks the cluster, writes the phones that the change left behind and nobody has visited. \
            --follow shows a change that runs now, from a second terminal, until that run ends.

            Example:
              etoken-bridge migrate status --cluster lab
              etoken-bridge migrate status --cluster lab --follow
              etoken-bridge migrate status --cluster lab \\
                --change lab-20261123T170405Z --report change.html
            """))

    @OptionGroup var journal: JournalOptions
    @Flag(help: .localized("Show what a run in progress does, until it ends; Control-C ends only this view."))
    var follow = false

    @OptionGroup var progress: ProgressOptions
    @OptionGroup var reporting: ReportOptions

    func run() throws {
        let state = try StateFolder.standard()
        let name = try journal.cluster.name
        if follow {
            var follower = ChangeFollower(name, in: state)
            try follower.follow(journal.change == nil ? nil : journal.journal(in: state))
        }
        let running = try RunInProgress(of: name, in: state)
        if let running, !reporting.common.json { Terminal.out(running.text(name).localized + "\n") }
        var record = try ChangeRecord(journal: try journal.journal(in: state), backups: state)
        record.running = running
        try reporting.check(record.id)
        try reporting.publish(record)
        var opened: ClusterClient?
        defer { opened?.close() }
        try reporting.work.write(Worklist(record, in: state)) {
            let cluster = try journal.cluster.configured()
            opened = cluster
            return cluster
        }
        if !reporting.common.json {
            var table = Table(localized("STEP"), localized("STATE"), localized("SECONDS"))
            for step in record.steps { table.add(step.title, step.state.text, step.seconds.map { "\($0)" } ?? "") }
            Terminal.out("\n" + table.text)
            try list(state.changes(of: record.cluster))
        }
    }

    /// All changes of the cluster, the latest first, if there are others.
    private func list(_ changes: [(path: String, records: [JournalRecord])]) throws {
        guard changes.count > 1 else { return }
        var table = Table(localized("CHANGE"), localized("STATE"), localized("WHAT"))
        for (_, records) in changes.reversed() {
            guard let plan = records.first?.plan else { continue }
            table.add(plan.id, JournalState(records).outcome.text, plan.kind.title)
        }
        Terminal.out("\n" + table.text)
    }
}

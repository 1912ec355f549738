import ArgumentParser
import Cluster
import Messages
import Migration

struct MigrateResume: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: localized("Go on with a change that was interrupted."),
        discussion: localized(
            """
            After a crash, a loss of power or of the network: every step looks at the cluster again, and does what is \
            left. The result is that of a run without interruption. The answers of the first run hold (--yes, \
            --accept-stranded, the phones, the folder): nothing is asked but the PIN, and that only where the new file is \
            not signed yet.

            Example:
              etoken-bridge migrate resume --cluster lab
            """))

    @OptionGroup var journal: JournalOptions
    @OptionGroup var module: ModuleOptions
    @OptionGroup var pin: PINOptions
    @OptionGroup var reporting: ReportOptions

    func run() throws {
        let state = StateFolder.standard()
        let change = try OpenChange(of: journal.cluster.cluster, in: state) { try journal.journal(in: state) }
        try change.checkResuming()
        let cluster = try journal.cluster.configured()
        defer { cluster.close() }
        var options = try RunOptions.standard
        options.reporting = reporting
        try ChangeSession(cluster: cluster, options: options, module: module, pin: pin).resume(change)
    }
}

import ArgumentParser
import Cluster
import Messages
import Migration

struct MigrateResume: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: localized("Resume a change that was interrupted."),
        discussion: localized(
            """
            After a crash, a power failure or a network outage: every step checks the cluster again and does what is \
            left. The result is that of an uninterrupted run. The answers of the first run still apply (--yes, \
            --accept-stranded, the phones, the folder): only the PIN is asked for, and only if the new file is not \
            signed yet.

            Example:
              etoken-bridge migrate resume --cluster lab
            """))

    @OptionGroup var journal: JournalOptions
    @Flag(
        help: .localized(
            "Continue although nothing proves the previous file: an earlier version of this program began the change, and no node has that file any more."
        ))
    var acceptUnproven = false

    @OptionGroup var module: ModuleOptions
    @OptionGroup var pin: PINOptions
    @OptionGroup var reporting: ReportOptions

    func run() throws {
        let state = try StateFolder.standard()
        let change = try OpenChange(of: journal.cluster.cluster, in: state) { try journal.journal(in: state) }
        try change.checkResuming()
        let cluster = try journal.cluster.configured()
        defer { cluster.close() }
        var options = try RunOptions.standard
        options.reporting = reporting
        options.acceptUnproven = acceptUnproven
        try ChangeSession(cluster: cluster, options: options, module: module, pin: pin).resume(change)
    }
}

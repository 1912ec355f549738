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
            left. The result is that of an uninterrupted run. The answers of the first run still apply \
            (--accept-stranded, the phones, the folder, --report). What is left to do is shown and confirmed first, \
            because services and phones may restart; the PIN is asked for only if the new file is not signed yet. A \
            --ticket is noted for this run; that of the change stays.

            Example:
              etoken-bridge migrate resume --cluster lab --dry-run
              etoken-bridge migrate resume --cluster lab
            """))

    @OptionGroup var journal: JournalOptions

    @Flag(help: .localized("Show what is left to do, and change nothing."))
    var dryRun = false

    @Flag(
        help: .localized(
            "Continue although nothing proves the previous file: an earlier version of this program started the change, and no node has that file any more."
        ))
    var acceptUnproven = false

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var module: ModuleOptions
    @OptionGroup var pin: PINOptions
    @OptionGroup var progress: ProgressOptions
    @OptionGroup var ticket: TicketOptions
    @OptionGroup var reporting: ReportOptions

    func run() throws {
        let state = try StateFolder.standard()
        let change = try OpenChange(of: journal.cluster.name, in: state) { try journal.journal(in: state) }
        try change.checkResuming()
        let cluster = try journal.cluster.configured()
        defer { cluster.close() }
        var options = try RunOptions.standard
        options.reporting = reporting
        if !dryRun { options.reporting.goOn(with: change.report, of: change.plan.id) }
        options.acceptUnproven = acceptUnproven
        options.dryRun = dryRun
        options.yes = confirmation.yes
        options.ticket = ticket
        try ChangeSession(cluster: cluster, options: options, module: module, pin: pin).resume(change)
    }
}

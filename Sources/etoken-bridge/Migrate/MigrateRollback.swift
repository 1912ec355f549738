import ArgumentParser
import Cluster
import Messages
import Migration

struct MigrateRollback: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: localized("Undo a change: every node gets back the CTL file that it had."),
        discussion: localized(
            """
            Works for interrupted and for finished changes. The previous file is restored byte for byte, what was \
            uploaded is removed, and the security mode is set back. If phones were already restarted for the new file, \
            services and phones are restarted again; what the phones would do is forecast first. A --ticket is noted for \
            this run; that of the change stays.

            Exit status 9: phones that accepted the new file would refuse the previous one.

            Example:
              etoken-bridge migrate rollback --cluster lab --dry-run
              etoken-bridge migrate rollback --cluster lab
            """))

    @OptionGroup var journal: JournalOptions

    @Flag(help: .localized("Show what would be undone and what phones would do, and change nothing."))
    var dryRun = false

    @Flag(help: .localized("Undo it although phones are forecast to refuse the previous file."))
    var acceptStranded = false

    @Flag(
        help: .localized(
            "Continue although nothing proves the previous file: an earlier version of this program started the change, and no node has that file any more."
        ))
    var acceptUnproven = false

    @Flag(help: .localized("Undo nothing more: abandon the change, and leave everything as it is."))
    var abandon = false

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var progress: ProgressOptions
    @OptionGroup var ticket: TicketOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        if dryRun, abandon { throw ValidationError(localized("Specify only one of --dry-run and --abandon.")) }
    }

    func run() throws {
        let state = try StateFolder.standard()
        let open = try OpenChange(of: journal.cluster.name, in: state) { try journal.journal(in: state) }
        if abandon {
            try open.checkAbandoning()
            let (plan, path) = (open.plan, open.path)
            var reporting = reporting
            reporting.goOn(with: open.report, of: plan.id)
            try reporting.check(plan.id)
            try confirmation.ask(localized("Leave cluster \(plan.cluster) as it is, and abandon \(plan.id)?"))
            var author = RunAuthor.current
            (author.ticket, author.approver) = (ticket.ticket, ticket.approver)
            try open.abandon(author)
            return try reporting.publish(ChangeRecord(journal: path, backups: state))
        }
        try open.checkRollback()
        let cluster = try journal.cluster.configured()
        defer { cluster.close() }
        var options = try RunOptions.standard
        options.reporting = reporting
        if !dryRun { options.reporting.goOn(with: open.report, of: open.plan.id) }
        options.dryRun = dryRun
        options.yes = confirmation.yes
        options.acceptStranded = acceptStranded
        options.acceptUnproven = acceptUnproven
        options.ticket = ticket
        try ChangeSession(cluster: cluster, options: options, module: .standard, pin: .standard).rollBack(open)
    }
}

import Basics
import ArgumentParser
import Cluster
import Configuration
import Glibc
import Messages
import Migration
import Operations
import Phones

struct PhonesRestart: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: localized("Restart phones in batches, so that they fetch their trust lists."),
        discussion: localized(
            """
            Over AXL, in batches with a pause after each. Control-C stops it (exit status 10), and --resume continues \
            with the remaining phones. A phone that the cluster does not restart is skipped and listed; --resume tries \
            it again.

            Example:
              etoken-bridge phones restart --cluster office --all --batch 200 --pause 30
              etoken-bridge phones restart --cluster office --pool Warszawa \\
                --model "Cisco 7975" --dry-run
              etoken-bridge phones restart --cluster office --resume
            """))

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var choice: PhoneChoice

    @Option(help: .localized("How many phones are restarted before a pause.", valueName: "number"))
    var batch = 100

    @Option(help: .localized("Seconds between two batches.", valueName: "seconds"))
    var pause = 10

    @Flag(help: .localized("Reset the phones (full reboot) instead of restarting them."))
    var reset = false

    @Flag(help: .localized("Continue the last restart of this cluster that was stopped."))
    var resume = false

    @Flag(help: .localized("Only list what would be restarted."))
    var dryRun = false

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard batch >= 1, pause >= 0, pause <= 86400 else {
            throw ValidationError(
                localized("--batch must be 1 or more, --pause a number of seconds from 0 to 86400."))
        }
        guard resume != choice.isGiven else {
            throw ValidationError(
                localized(
                    "Specify which phones: --all, --phone, --model, --pool or --names-from; or --resume for a restart that was stopped."
                )
            )
        }
        guard !choice.all || !choice.isNarrowed else {
            throw ValidationError(
                localized("--all cannot be combined with other choices; omit it to restart only some phones."))
        }
        guard !resume || !reset else {
            throw ValidationError(localized("--resume repeats what the stopped run did; omit --reset."))
        }
    }

    func run() throws {
        let cluster = try cluster.configured()
        defer { cluster.close() }
        let state = try StateFolder.standard().path
        let name = cluster.configuration.name
        let stopped = try stopped(of: name, in: state)
        let continued = resume ? stopped : nil
        let axl = try cluster.axl()
        let phones = try continued.map(left) ?? chosen(in: cluster, besides: stopped)
        let isReset = continued?.isReset ?? reset
        let run = PhoneRestart(phones, settings: .init(batch: batch, pause: Double(pause)))
        let report = RestartReport(run: run, isReset: isReset)
        Terminal.note(report.announcement)
        if dryRun { return try show(report.planned) }
        let lock = try ClusterLock.forCommand(name)
        defer { withExtendedLifetime(lock) {} }
        try confirmation.ask(
            isReset
                ? localized(
                    phones.count, one: "Reset 1 phone of cluster \(name)?",
                    other: "Reset \(phones.count) phones of cluster \(name)?")
                : localized(
                    phones.count, one: "Restart 1 phone of cluster \(name)?",
                    other: "Restart \(phones.count) phones of cluster \(name)?"))
        let record =
            try continued?.resume() ?? .begin(cluster: name, phones: phones, isReset: isReset, in: state, at: .now)
        Interruption.watch()
        let start = ContinuousClock.now
        let outcome = run.run(
            isInterrupted: { Interruption.hasCome },
            observe: { (event) throws(ClusterError) in try note(event, in: record, of: phones.count, since: start) },
            restart: { (phone) throws(ClusterError) in
                if isReset { try axl.resetPhone(phone) } else { try axl.restartPhone(phone) }
            })
        try record.sync()
        if outcome.left.isEmpty, outcome.refused.isEmpty { try record.finish(at: .now) }
        try show(report.done(outcome, record: record.path))
        try report.check(outcome, cluster: name)
    }

    /// The last restart of the cluster's phones that was stopped; nil if there is none.
    ///
    /// - Throws: ``Failure`` if it is to be continued, and there is none, or it is not known which one it is.
    private func stopped(of name: String, in state: String) throws -> RestartRecord? {
        let (stopped, unreadable) = RestartRecord.unfinished(of: name, in: state)
        guard resume else {
            for error in unreadable { Terminal.note(error.text) }
            return stopped
        }
        if let error = unreadable.first {
            throw Failure(
                Status.failed, error.text, code: error.code.rawValue,
                next: localized(
                    "It may be the one to continue. Move it away to continue another one, or start a new restart without --resume."
                ))
        }
        guard let stopped else {
            throw Failure(
                Status.notThere,
                localized("There is no stopped restart of phones of cluster \(name) to resume."),
                next: localized("Start one: etoken-bridge phones restart --cluster \(word: name) --all"))
        }
        return stopped
    }

    /// What a restart that is continued has not done yet.
    private func left(of stopped: RestartRecord) -> [String] {
        Terminal.note(
            localized(
                "Resuming the restart of \(stopped.begun): \(stopped.told.count) of \(stopped.phones.count) phones have been told to restart."
            ))
        return stopped.left
    }

    /// - Parameter stopped: an earlier restart that will stay as it is.
    private func chosen(in cluster: ClusterClient, besides stopped: RestartRecord?) throws -> [String] {
        let inventory = try Inventory.read(from: cluster, by: .axl, asksForState: false)
        let phones = try choice.choose(
            from: inventory.phones, of: localized("cluster \(cluster.configuration.name)"), restarting: true
        ).map(\.name).sorted()
        if let stopped {
            Terminal.note(
                localized(
                    "A restart of \(stopped.phones.count) phones was stopped at \(stopped.told.count) on \(stopped.begun); --resume would continue it."
                ))
        }
        return phones
    }

    private func note(
        _ event: PhoneRestart.Event, in record: RestartRecord, of count: Int, since start: ContinuousClock.Instant
    ) throws(ClusterError) {
        switch event {
        case .told(let phone): try record.note(told: phone)
        case .refused(let refusal):
            try record.note(refused: refusal.phone, reason: refusal.error.message)
            Terminal.note("  \(refusal.phone.visible): \(refusal.error.message)")
        case .waiting(let seconds):
            Terminal.note(localized("The server is too busy; retrying in \(Int(clamped: seconds)) s ..."))
        case .batch(let done):
            try record.sync()
            // The rest will go as fast as the part that is done.
            let passed = (ContinuousClock.now - start) / .seconds(1) + (done < count ? Double(pause) : 0)
            let rest =
                done < count
                ? localized(", about \(duration(passed / Double(done) * Double(count - done))) to go").localized : ""
            let text = localized("[\(done)/\(count)] requested\(rest)").localized
            if !Terminal.progress(text) { Terminal.note(text) }
        }
    }

    private func show(_ document: RestartReport.Document) throws {
        if common.json {
            try Terminal.json(document)
        } else {
            Terminal.out(document.text)
        }
    }
}

/// Seconds for people: `40 s`, `12 min`.
func duration(_ seconds: Double) -> String {
    seconds < 120
        ? "\(Int(clamped: seconds.rounded(.up))) s"
        : localized("\(Int(clamped: (seconds / 60).rounded())) min").localized
}

import ArgumentParser
import Basics
import Cluster
import Messages
import Migration
import Operations
import Tokens

/// How a change is run; the same for all kinds, and for saved plans.
struct RunOptions: ParsableArguments {
    @Flag(help: .localized("Stop before the first change, and print the plan."))
    var dryRun = false

    @Flag(help: .localized("Continue although phones are forecast to refuse the new file: someone will visit them."))
    var acceptStranded = false

    @Flag(help: .localized("Continue although the cluster has errors, as reported by cluster status."))
    var despiteFindings = false

    @Flag(
        help: .localized(
            "Continue with what TFTP and HTTP say if a node cannot state on its command line what it has. Never accepts a contradiction between the two."
        ))
    var acceptUnproven = false

    @Option(
        help: .localized(
            "Keep a record of the current file in the new one although no --token names it, or the cluster's database does not know its server: a name, serial number or SHA-1. May be repeated.",
            valueName: "name"))
    var keep: [String] = []

    @Option(
        help: .localized(
            "Leave a token of the current file out of the new one, because it is lost: a name, serial number or SHA-1. May be repeated.",
            valueName: "name"))
    var drop: [String] = []

    @Flag(help: .localized("Do not ask before the first change."))
    var yes = false

    @Flag(help: .localized("Replace existing files in the folder for certificates and files."))
    var force = false

    @OptionGroup var progress: ProgressOptions
    @OptionGroup var ticket: TicketOptions
    @OptionGroup var reporting: ReportOptions
}

/// In which form progress is reported while a change runs.
enum ProgressFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case jsonLines = "json-lines"
}

struct ProgressOptions: ParsableArguments {
    @Flag(help: .localized("Show results, warnings and errors only, no progress."))
    var quiet = false

    @Option(
        help: .localized(
            "How progress is written to stderr: text, or json-lines, a JSON document for each event on a line of its own.",
            valueName: "format"))
    var progress = ProgressFormat.text

    func validate() throws {
        if quiet, progress == .jsonLines {
            throw ValidationError(localized("Specify only one of --quiet and --progress json-lines."))
        }
        if quiet || progress == .jsonLines { Terminal.isQuiet = true }
        if progress == .jsonLines { Terminal.writesProgressLines = true }
    }
}

/// The inputs of a plan besides the tokens; the same for all kinds.
struct ChangeOptions: ParsableArguments {
    @OptionGroup var run: RunOptions

    @Option(
        help: .localized(
            "Save the plan in this file instead of running it; migrate run does so later.", valueName: "file"),
        completion: .file())
    var plan: String?

    @Option(
        name: .shortAndLong, help: .localized("Where to write certificates and files.", valueName: "folder"),
        completion: .directory)
    var output: String?

    @Flag(help: .localized("Do not restart the phones: they fetch the new file at their next restart."))
    var noPhoneRestart = false

    @Flag(
        help: .localized(
            "Restart services one after another, even where nodes share no phones and could restart at the same time."))
    var oneByOne = false

    @Option(help: .localized("How long phones may take to restart.", valueName: "seconds"))
    var phoneTimeout = 300

    @Option(
        help: .localized(
            "If the signer changes: whether phones first get a file that the old signer signs and that names the new one, so that none is left behind. auto (if phones would be left behind without it and the release is known to support it), always, or never.",
            valueName: "choice"))
    var introduce = IntroductionChoice.auto
    @Option(help: .localized("How many phones are restarted before a pause.", valueName: "number"))
    var batch = 100

    @Option(help: .localized("Seconds between two batches of phones.", valueName: "seconds"))
    var pause = 5

    @Option(
        help: .localized(
            "Restart only the phones in this device pool; the others fetch the new file at their next restart. May be repeated.",
            valueName: "name"))
    var pool: [String] = []

    func validate() throws {
        guard PlannedStep.batches.contains(batch), PlannedStep.pauses.contains(Double(pause)) else {
            throw ValidationError(
                localized("--batch must be 1 or more, --pause a number of seconds from 0 to 3600."))
        }
        guard !noPhoneRestart || pool.isEmpty else {
            throw ValidationError(localized("Specify only one of --no-phone-restart and --pool."))
        }
        if let plan, let report = run.reporting.report.map(ReportFiles.init),
            [report.html, report.json].map(Files.absolute).contains(Files.absolute(plan))
        {
            throw ValidationError(
                localized("--plan and --report need different files: the record is also written as \(report.json)."))
        }
        guard PlannedStep.timeouts.contains(phoneTimeout) else {
            throw ValidationError(
                localized(
                    "--phone-timeout must be a number of seconds from 0 to \(PlannedStep.timeouts.upperBound)."))
        }
    }

    func settings(change id: String, state: StateFolder) -> ChangePlan.Settings {
        ChangePlan.Settings(
            acceptsStranded: run.acceptStranded, output: output ?? "\(state.path)/changes/\(id)",
            acceptsUnproven: run.acceptUnproven, kept: run.keep, dropped: run.drop, replacesFiles: run.force,
            ticket: run.ticket.ticket, approver: run.ticket.approver)
    }

    var phones: ChangeRequest.PhoneSettings {
        .init(
            restart: !noPhoneRestart, timeout: phoneTimeout, batch: batch, pause: Double(pause), pools: pool,
            services: oneByOne ? .oneByOne : .byGroups)
    }
}

/// Where the change record goes.
struct ReportOptions: ParsableArguments {
    @Option(
        help: .localized(
            "Write the change record as a web page, and as JSON next to it (FILE.html, FILE.json); lists of phones that are too long for the page go into FILE.csv.",
            valueName: "file"),
        completion: .file(extensions: ["html"]))
    var report: String?

    @OptionGroup var work: WorklistOptions
    @OptionGroup var common: CommonOptions

    /// Refuses to overwrite anything but the record of this change, before it continues.
    func check(_ change: String) throws {
        try report.map(ReportFiles.init)?.check(replacing: change)
        try work.check()
    }

    /// Continues the record of a change that an earlier run started, unless this run specifies another place. A file
    /// that now belongs to something else is left alone.
    mutating func goOn(with earlier: String?, of change: String) {
        guard report == nil, let earlier, (try? ReportFiles(earlier).check(replacing: change)) != nil else { return }
        report = earlier
    }

    /// Absolute, for the journal.
    var path: String? { report.map(Files.absolute) }

    /// Writes the requested files.
    @discardableResult
    func write(_ record: ChangeRecord) throws -> ReportFiles? {
        guard let files = report.map(ReportFiles.init) else { return nil }
        var record = record
        record.writtenBy = RunAuthor.current.document
        try files.write(record)
        return files
    }

    /// Prints the record, and writes the requested files.
    func publish(_ record: ChangeRecord) throws {
        if let files = try write(record) {
            Terminal.status(localized("The change record is in \(files.html) and \(files.json)."))
        }
        if common.json { try Terminal.json(record) } else { Terminal.out(record.styled) }
    }
}

/// The tokens that take part in a change.
struct ChangeTokens: ParsableArguments {
    @Option(
        help: .localized(
            "A token to put into the file: label, serial number or PKCS#11 URI. May be repeated."))
    var token: [String] = []

    @Option(
        help: .localized(
            "The certificate of a token to put into the file that is not inserted, PEM or DER, as token export writes it. It follows those of --token. May be repeated. If it is the one that signs, save a plan (--plan) and have that signed where the token is: migrate sign.",
            valueName: "file"),
        completion: .file())
    var tokenCertificate: [String] = []

    @Option(
        help: .localized(
            "Which of the tokens signs, as specified with --token or --token-certificate; default: the last one.",
            valueName: "token"))
    var signWith: String?

    @OptionGroup var test: TokenTestOption
    @OptionGroup var module: ModuleOptions
    @OptionGroup var pin: PINOptions

    func validate() throws {
        if let signWith, !all.contains(signWith) {
            throw ValidationError(
                localized(
                    "--sign-with \(signWith) is not one of the tokens specified with --token or --token-certificate."))
        }
    }

    private var all: [String] { token + tokenCertificate }

    var isEmpty: Bool { all.isEmpty }

    var signerIndex: Int? { all.isEmpty ? nil : signWith.flatMap(all.firstIndex) ?? all.count - 1 }

    /// Those of which only the certificate is available.
    func absent() throws -> [ChangePlan.Token] { try tokenCertificate.map(ChangePlan.Token.init(certificate:)) }
}

extension ChangePlan.Token {
    /// A token of which only the certificate is available.
    init(certificate path: String) throws { self.init(absent: try readCertificate(path)) }
}

/// Whether tokens are tested before the change.
struct TokenTestOption: ParsableArguments {
    @Flag(
        help: .localized(
            "Before the question, test that every token of the change can sign, also those that do not sign it: each PIN is asked for, or read as the token's URI says (pin-source), and tried once. The signing token's is not asked for again."
        ))
    var testTokens = false
}

extension ParsableArguments {
    /// The defaults.
    static var standard: Self { get throws { try parse([]) } }
}

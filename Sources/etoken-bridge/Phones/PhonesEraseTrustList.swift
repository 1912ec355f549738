import ArgumentParser
import Basics
import Cluster
import Configuration
import Messages
import Migration
import Operations
import Phones
import X509

struct PhonesEraseTrustList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase-trust-list",
        abstract: localized("Erase the trust lists of phones by pressing their keys over the network."),
        discussion: localized(
            """
            For phones that were left behind and whose web page answers: it saves a visit. One phone of each model and \
            firmware comes first; the others follow when it has come back, registered and with the cluster's file. \
            Only idle phones accept the keys. A phone whose model or firmware is in no table of sequences is not touched, \
            and listed as to be visited.

            The keys go over plain HTTP, and the password of the user with them. A phone without trust lists accepts the \
            next ones that it is served, no matter by whom. docs/erasing-trust-lists.md says what to do first.

            Control-C stops it between two phones (exit status 10); --resume continues.

            Example:
              etoken-bridge phones erase-trust-list --cluster office --stranded --dry-run
              etoken-bridge phones erase-trust-list --cluster office SEPB000B4BA0AEE
              etoken-bridge phones erase-trust-list --cluster office --resume
            """))

    @OptionGroup var cluster: ClusterOptions

    @Argument(help: .localized("Their names, for example SEPB000B4BA0AEE."))
    var names: [String] = []

    @Flag(help: .localized("All phones that phones stranded lists."))
    var stranded = false

    @Flag(help: .localized("Continue the last run for this cluster that was stopped."))
    var resume = false

    @Option(
        help: .localized(
            "A table of keys by model and firmware that takes precedence over the product's and your own.",
            valueName: "file"),
        completion: .file(extensions: ["csv"]))
    var sequences: String?

    @Option(
        help: .localized(
            "The user with whom the phones are associated; default: the configuration's phones account.",
            valueName: "name"))
    var phoneUser: String?

    @Option(
        help: .localized("How many phones' keys are pressed before the phones are waited for.", valueName: "number"))
    var batch = 10

    @Option(help: .localized("Seconds in which a phone has to come back.", valueName: "seconds"))
    var phoneTimeout = 300

    @Flag(help: .localized("Only list what would be done; no key is pressed."))
    var dryRun = false

    @OptionGroup var evidence: EvidenceOptions
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard [!names.isEmpty, stranded, resume].count(where: { $0 }) == 1 else {
            throw ValidationError(localized("Specify which phones: their names, or --stranded, or --resume."))
        }
        guard batch >= 1, (1...86400).contains(phoneTimeout) else {
            throw ValidationError(
                localized("--batch must be 1 or more, --phone-timeout a number of seconds from 1 to 86400."))
        }
    }

    func run() throws {
        let cluster = try configured()
        defer { cluster.close() }
        let name = try self.cluster.name
        let state = try StateFolder.standard()
        let stopped = try ErasureRecord.unfinished(of: name, in: state.path)
        let table = try EraseSequenceTable.configured(adding: sequences)
        let phones = try chosen(in: cluster, state, stopped)
        Terminal.note(localized("Reading cluster \(name) ..."))
        let present = try PresentTrustLists(
            of: try LiveCluster(cluster).trustLists, acceptingUnproven: evidence.acceptUnproven)
        guard let file = present.ctl.value else {
            throw Failure(
                Status.notThere, localized("Cluster \(name) serves no CTL file."),
                next: localized("Without one, erased phones would accept any file that they are served."))
        }
        let survey = try ErasureSurvey(of: phones, sequences: table, cluster: cluster, file: file)
        let report = EraseReport(cluster: name, sha1: Digest.sha1(file).hex, survey: survey)
        if dryRun { return try show(report.planned) }
        let before = stopped.map { resume ? $0.left.count : 0 } ?? 0
        guard !survey.groups.isEmpty || (resume && before > 0 && !survey.upToDate.isEmpty) else {
            try show(report.planned)
            throw Failure(
                Status.failed,
                localized("No key was pressed: none of \(phones.count) phones can be erased remotely."),
                next: survey.visits.first.map { localized("Visit them; \($0.phone): \($0.text).") })
        }
        if !common.json { Terminal.note(report.planned.text) }
        try ask(report, survey, cluster)
        let lock = try ClusterLock.forCommand(name)
        defer { withExtendedLifetime(lock) {} }
        let record =
            try (resume ? stopped : nil)?.resume()
            ?? .begin(
                cluster: name, phones: survey.groups.flatMap(\.phones).map(\.name).sorted(), ctl: report.sha1,
                in: state.path, at: .now)
        // Their keys were pressed by an earlier run, and they have come back since.
        for phone in survey.upToDate where record.entries[phone].map({ $0.state != .skipped }) == true {
            let entry = record.entries[phone]
            try record.note(phone, .returned, model: entry?.model, firmware: entry?.firmware)
        }
        Interruption.watch()
        let pictures = ErasePictures(record: record.path, asks: !confirmation.yes)
        let outcome = TrustListErasure(
            survey.groups, settings: .init(batch: batch, wait: Double(phoneTimeout)), record: record,
            host: try LiveErasureHost(cluster, file: file), isInterrupted: { Interruption.hasCome },
            agrees: { (target, group, picture) throws(ClusterError) in
                try pictures.agrees(target, group, picture)
            },
            observe: report.note
        ).run()
        if record.left.isEmpty { try record.finish() }
        try show(report.done(outcome, record, pictures.paths))
        try report.check(outcome, record)
    }

    /// With the user specified on the command line, whose password is asked for.
    private func configured() throws -> ClusterClient {
        let cluster = try cluster.configured()
        guard let phoneUser else { return cluster }
        cluster.close()
        var configuration = cluster.configuration
        configuration.phones = AccountConfiguration(user: phoneUser)
        return ClusterClient(configuration, credentials: .standard)
    }

    private func chosen(
        in cluster: ClusterClient, _ state: StateFolder, _ stopped: ErasureRecord?
    ) throws -> [Phone] {
        let name = try self.cluster.name
        var wanted = names
        if resume {
            guard let stopped else {
                throw Failure(
                    Status.notThere,
                    localized("There is no stopped run for phones of cluster \(name) to resume."),
                    next: localized(
                        "Start one: etoken-bridge phones erase-trust-list --cluster \(word: name) --stranded"))
            }
            wanted = stopped.left
        } else if let stopped {
            Terminal.note(
                localized(
                    "A run for \(stopped.phones.count) phones was stopped on \(stopped.begun); --resume would continue it."
                ))
        }
        if stranded {
            wanted = try StrandedRegister(of: name, in: state).entries.map(\.phone)
            guard !wanted.isEmpty else {
                throw Failure(
                    Status.notThere,
                    localized("As far as this machine knows, no phone of cluster \(name) was left behind."))
            }
        }
        let inventory = try Inventory.read(from: cluster, models: .configured(), asksForState: false)
        let known = Dictionary(inventory.phones.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let strangers = names.filter { known[$0] == nil }
        guard strangers.isEmpty else {
            throw Failure(
                Status.notThere,
                localized(
                    "\(strangers.count) of \(names.count) phones are not in cluster \(name): \(strangers.prefix(5).joined(separator: ", ")). Nothing was pressed."
                ), next: localized("Correct the names; a phone's name is SEP and its MAC address."))
        }
        return Set(wanted).sorted().compactMap { known[$0] }
    }

    private func ask(_ report: EraseReport, _ survey: ErasureSurvey, _ cluster: ClusterClient) throws {
        let count = survey.groups.reduce(0) { $0 + $1.phones.count }
        Terminal.note(
            localized(
                """
                The user's password goes to each phone in clear text (HTTP), and to anyone who answers in its place; the phone \
                checks it with the cluster's authentication URL. An erased phone accepts the next trust lists that it is \
                served, without checking who signed them: it starts on a network that you trust.
                """))
        try cluster.askForPassword(of: .phones)
        try confirmation.ask(
            localized(
                count, one: "Erase the trust lists of 1 phone of cluster \(report.cluster)?",
                other: "Erase the trust lists of \(count) phones of cluster \(report.cluster)?"))
    }

    private func show(_ document: EraseReport.Document) throws {
        if common.json { try Terminal.json(document) } else { Terminal.out(document.text) }
    }
}

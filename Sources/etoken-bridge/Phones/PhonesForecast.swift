import Operations
import ArgumentParser
import Basics
import Cluster
import Messages
import Migration
import Phones
import Tokens
import TrustList
import X509

struct PhonesForecast: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forecast",
        abstract: localized("Forecast what each phone would do with a new CTL file, before anything is changed."),
        discussion: localized(
            """
            Applies the acceptance model to every phone: what it holds, whether its model supports Security by \
            Default, what its ITL file says, and what the TVS servers of its CallManager group say of the file's \
            signer. TVS is actually asked, as a phone would, with the names and the serial number in the file's \
            header. Changes nothing.

            Before there is a file: --token names the tokens of migrate to-etoken, and --tokenless stands for migrate \
            to-tokenless; the forecast is the one of that command's plan. TVS is then taken to vouch for the signer, as \
            it does once its certificate is uploaded.

            Exit status 9: phones would refuse the file, or for some it is not known.

            Example:
              etoken-bridge phones forecast --cluster office --file CTLFile.tlv
              etoken-bridge phones forecast --cluster office \\
                --token SAST-ADN0054f509 --token SAST-ADN008580ef --worklist visits.csv
            """))

    @OptionGroup var cluster: ClusterOptions

    @Option(help: .localized("The CTL file that phones will be offered."), completion: .file(extensions: ["tlv"]))
    var file: String?

    @Option(
        help: .localized(
            "A token that would sign a new file, or be in it: label, serial number or PKCS#11 URI. May be repeated; the last one signs."
        ))
    var token: [String] = []

    @Flag(help: .localized("The cluster would sign a new file itself."))
    var tokenless = false

    @OptionGroup var module: ModuleOptions

    @Flag(help: .localized("List every phone, not only totals."))
    var phones = false

    @OptionGroup var inventory: InventoryOptions
    @OptionGroup var choice: PhoneChoice
    @OptionGroup var questions: PhoneQuestions

    @Option(
        help: .localized("Write a line for each phone into this file.", valueName: "file"),
        completion: .file(extensions: ["csv"]))
    var csv: String?

    @OptionGroup var work: WorklistOptions
    @OptionGroup var evidence: EvidenceOptions
    @OptionGroup var replacing: ReplaceOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard [file != nil, !token.isEmpty, tokenless].count(where: { $0 }) == 1 else {
            throw ValidationError(
                localized("Specify what phones will be offered: one of --file FILE, --token LABEL and --tokenless."))
        }
    }

    func run() throws {
        if let csv { try replacing.check(csv) }
        try work.check()
        let given = try file.map(offered)
        let signing = try token.isEmpty ? nil : NamedToken.all(token, module).last?.stored.certificate
        let cluster = try cluster.configured()
        defer { cluster.close() }
        let live = try LiveCluster(cluster)
        Terminal.note(localized("Reading cluster \(live.name) ..."))
        let present = try PresentTrustLists(of: live.trustLists, acceptingUnproven: evidence.acceptUnproven)
        let chosen = try choice.choose(
            from: try inventory.read { cluster }, of: localized("cluster \(live.name)"))
        // A plan asks every phone.
        let (asked, held) = questions.ask(chosen, of: live, usually: file == nil ? chosen.count : 200)
        let state = try StateFolder.standard()
        let register = try StrandedRegister(of: live.name, in: state)
        let surveyed = state.surveyed(
            chosen, checksums: held, present: present.file, mode: try live.securityMode(), register: register)
        let itl = present.usualITL(live.nodes)
        let signer =
            try given?.signer
            ?? CandidateSigner.ofNewFile(
                signedBy: signing, present: present.list, itl: itl, version: try live.version(),
                of: live.name)
        let replies = given == nil ? [] : live.askTVS(for: signer, asOneOf: chosen, trusting: itl)
        let forecast = StoredForecast(
            Forecast(
                of: surveyed, signer: signer, present: present.list, itls: present.itlLists, nodes: live.nodes,
                tvs: given == nil ? .everywhere(.expectedToVouch) : TVSReplies(replies)))

        let report = ForecastReport(
            cluster: live.name, file: given.map { .init(path: $0.path, list: $0.list) },
            signer: signer,
            forecast: forecast, asked: asked, answered: held.count, replies: replies)
        try work.write(Worklist(forecast)) { cluster }
        if let csv { try Files.write(Array(report.csv.utf8), to: csv, permissions: 0o600, replacing: replacing.force) }
        if common.json { try Terminal.json(report) } else { Terminal.out(report.text(listing: phones)) }
        let stranded = report.counts.phones - report.counts.accepted
        if stranded > 0 {
            throw Failure(
                Status.phonesWouldRefuse,
                localized(
                    "\(report.counts.refused) of \(chosen.count) phones would refuse the file, and for \(report.counts.unknown) it is not known."
                ),
                next: file.flatMap { file in
                    report.counts.accepted > 0 || report.counts.refused == 0
                        ? nil
                        : localized(
                            "No phone is known to accept it: do not deploy it, and check who signed it: etoken-bridge ctl show \(path: file)"
                        )
                }
                    ?? (report.counts.refused > 0
                        ? Change.strandedAdvice(models: report.groups.filter { $0.outcome != .accepted }.map(\.model))
                        : localized(
                            "Make sure that those phones register, or ask more of them with --ask-phones, and run the command again."
                        ))
            )
        }
    }

    /// The file, and who signed it.
    private func offered(
        _ file: String
    ) throws -> (path: String, list: TrustListFile, signer: CandidateSigner) {
        let list = try TrustListFile(decoding: try Files.read(file))
        guard let record = list.signerRecord, let signer = CandidateSigner(record: record),
            try list.isSigned(by: signer.certificate)
        else {
            throw Failure(
                Status.verificationFailed,
                localized(
                    "\(file) does not verify with the signer that it names, \(list.header.signerName): no phone would accept it."
                ),
                next: localized("Look at it: etoken-bridge ctl verify \(path: file)"))
        }
        return (file, list, signer)
    }
}

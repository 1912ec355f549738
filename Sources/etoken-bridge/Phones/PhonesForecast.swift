import Operations
import ArgumentParser
import Basics
import Cluster
import Messages
import Migration
import Phones
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

            Exit status 9: phones would refuse the file, or for some it is not known.

            Example:
              etoken-bridge phones forecast --cluster office --file CTLFile.tlv
            """))

    @OptionGroup var cluster: ClusterOptions

    @Option(help: .localized("The CTL file that phones will be offered."), completion: .file(extensions: ["tlv"]))
    var file: String

    @Flag(help: .localized("List every phone, not only totals."))
    var phones = false

    @OptionGroup var inventory: InventoryOptions
    @OptionGroup var choice: PhoneChoice
    @OptionGroup var questions: PhoneQuestions

    @Option(
        help: .localized("Write a line for each phone into this file.", valueName: "file"),
        completion: .file(extensions: ["csv"]))
    var csv: String?

    @OptionGroup var evidence: EvidenceOptions
    @OptionGroup var replacing: ReplaceOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        if let csv { try replacing.check(csv) }
        let (list, signer) = try offered()
        let cluster = try cluster.configured()
        defer { cluster.close() }
        let live = try LiveCluster(cluster)
        Terminal.note(localized("Reading cluster \(self.cluster.cluster) ..."))
        let present = try PresentTrustLists(of: live.trustLists, acceptingUnproven: evidence.acceptUnproven)
        let chosen = try choice.choose(
            from: try inventory.read { cluster }, of: localized("cluster \(self.cluster.cluster)").localized)
        let (asked, held) = questions.ask(chosen, of: live)
        let state = try StateFolder.standard()
        let register = try StrandedRegister(of: self.cluster.cluster, in: state)
        let surveyed = state.surveyed(
            chosen, checksums: held, present: present.file, mode: try live.securityMode(), register: register)
        // A phone that asks TVS at all; the models ask in the same way.
        let phone = chosen.first { $0.model.securityByDefault == .supported }
        let replies = live.askTVS(for: signer, as: phone, trusting: present.usualITL(live.nodes))
        let forecast = Forecast(
            of: surveyed, signer: signer, present: present.list, itls: present.itlLists, nodes: live.nodes,
            tvs: TVSAnswers(replies.map { ($0.server, $0.answer) }))

        let report = ForecastReport(
            cluster: self.cluster.cluster, file: file, bytes: list.encoded(), signer: signer, forecast: forecast,
            asked: asked, answered: held.count, replies: replies)
        if let csv { try Files.write(Array(report.csv.utf8), to: csv, permissions: 0o600, replacing: replacing.force) }
        if common.json { try Terminal.json(report) } else { Terminal.out(report.text(listing: phones)) }
        let stranded = forecast.stranded.count
        if stranded > 0 {
            throw Failure(
                Status.phonesWouldRefuse,
                localized(
                    "\(report.counts.refused) of \(chosen.count) phones would refuse the file, and for \(report.counts.unknown) it is not known."
                ),
                next: report.counts.accepted == 0 && report.counts.refused > 0
                    ? localized(
                        "No phone is known to accept it: do not deploy it, and check who signed it: etoken-bridge ctl show \(path: file)"
                    )
                    : report.counts.refused > 0
                        ? Change.strandedAdvice(models: report.groups.filter { $0.outcome != .accepted }.map(\.model))
                        : localized(
                            "Make sure that those phones register, or ask more of them with --ask-phones, and run the command again."
                        )
            )
        }
    }

    /// The file, and who signed it.
    private func offered() throws -> (TrustListFile, CandidateSigner) {
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
        return (list, signer)
    }
}

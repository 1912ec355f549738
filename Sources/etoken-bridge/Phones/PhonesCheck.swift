import ArgumentParser
import Basics
import Cluster
import Messages
import Migration
import Operations
import Phones
import X509

struct PhonesCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: localized("Check whether phones hold the CTL file that they should."),
        discussion: localized(
            """
            Shows the checksum that each model displays (MD5 or SHA-1) and how many phones are registered, and asks \
            phones over their web pages what they hold. The expected file is the one that the cluster serves, or the \
            one specified with --file. A phone's page is plain HTTP, which anyone on the network could answer: it is \
            a hint, not a proof.

            Exit status 8: some phones hold another file.

            Example:
              etoken-bridge phones check --cluster office --ask-phones 1000
            """))

    @OptionGroup var cluster: ClusterOptions

    @Option(help: .localized("The file that phones should hold; default: that of the cluster."), completion: .file())
    var file: String?

    @Flag(help: .localized("List every phone that was asked, not only totals."))
    var phones = false

    @OptionGroup var inventory: InventoryOptions
    @OptionGroup var choice: PhoneChoice
    @OptionGroup var questions: PhoneQuestions
    @OptionGroup var evidence: EvidenceOptions
    @OptionGroup var common: CommonOptions

    private struct Report: Encodable {
        struct Model: Encodable {
            let model: String
            let shows: PhoneModel.Checksum
            /// Of the file that phones should hold, as they display it.
            let checksum: String
            var phones = 0
            var registered = 0
            var answered = 0
            var expected = 0
            var other = 0
            var noFile = 0
        }

        struct Held: Encodable {
            enum Kind: String, Encodable {
                case expected, other, none
            }

            let phone, model: String
            let holds: Kind
            /// What it displays, of another file.
            let checksum: String?

            var text: String {
                switch holds {
                case .expected: localized("expected file").localized
                case .other: localized("other file \(checksum ?? "")").localized
                case .none: localized("no file").localized
                }
            }
        }

        let cluster, sha1, md5: String
        let length: Int
        var models: [Model] = []
        var answers: [Held] = []
    }

    func run() throws {
        let cluster = try cluster.configured()
        defer { cluster.close() }
        let live = try LiveCluster(cluster)
        Terminal.note(localized("Reading cluster \(live.name) ..."))
        guard
            let bytes = try file.map({ try Files.read($0) })
                ?? PresentTrustLists(
                    of: live.trustLists, acceptingUnproven: evidence.acceptUnproven
                ).ctl.value
        else {
            throw Failure(
                Status.notThere, localized("Cluster \(live.name) serves no CTL file."),
                next: localized("Specify the file that phones should hold: --file FILE."))
        }
        let chosen = try choice.choose(
            from: try inventory.read { cluster }, of: localized("cluster \(live.name)"))
        let (_, held) = questions.ask(chosen, of: live)
        let report = self.report(of: live.name, chosen, held, bytes)
        if common.json { try Terminal.json(report) } else { Terminal.out(text(report)) }
        let others = report.models.reduce(0) { $0 + $1.other + $1.noFile }
        if others > 0 {
            let names = report.answers.filter { $0.holds != .expected }.map(\.phone)
            let name = live.name
            let restart =
                names.count <= 5
                ? "etoken-bridge phones restart --cluster \(Shell.word(name))"
                    + names.map { " " + Shell.option("--phone", $0) }.joined()
                : "etoken-bridge phones restart --cluster \(Shell.word(name)) --all"
            throw Failure(
                Status.partlyDone,
                localized(
                    "Of the \(report.answers.count) phones whose page answered, \(others) say that they hold a different file or none."
                ),
                next:
                    localized(
                        "Where a restart does not help, look at their logs (phones explain). Restart them: \(restart)"
                    )
            )
        }
    }

    private func report(
        of cluster: String, _ phones: [Phone], _ held: [String: HeldChecksum], _ bytes: [UInt8]
    ) -> Report {
        let checksums = [PhoneModel.Checksum.md5: Digest.md5(bytes).hex, .sha1: Digest.sha1(bytes).hex]
        let classifier = FileClassifier(present: bytes)
        var report = Report(
            cluster: cluster, sha1: Digest.sha1(bytes).hex, md5: Digest.md5(bytes).hex, length: bytes.count)
        var models: [String: Report.Model] = [:]
        for phone in phones {
            let kind = phone.model.displayedChecksum
            var model =
                models[phone.model.name]
                ?? Report.Model(model: phone.model.name, shows: kind, checksum: checksums[kind] ?? "")
            model.phones += 1
            if phone.isRegistered == true { model.registered += 1 }
            if let answer = held[phone.name] {
                model.answered += 1
                let holds: Report.Held.Kind
                var checksum: String?
                switch classifier.code(of: answer) {
                case .presentFile:
                    model.expected += 1
                    holds = .expected
                case .noFile:
                    model.noFile += 1
                    holds = .none
                default:
                    model.other += 1
                    holds = .other
                    if case .checksum(let text) = answer { checksum = text }
                }
                report.answers.append(
                    .init(phone: phone.name, model: phone.model.name, holds: holds, checksum: checksum))
            }
            models[phone.model.name] = model
        }
        report.models = models.values.sorted { $0.model < $1.model }
        return report
    }

    private func text(_ report: Report) -> String {
        var table = Table(
            localized("MODEL"), localized("PHONES"), localized("REGISTERED"), localized("ANSWERED"),
            localized("EXPECTED"), localized("OTHER"), localized("NONE"), localized("SHOWS"))
        for model in report.models {
            table.add(
                model.model, "\(model.phones)", "\(model.registered)", "\(model.answered)", "\(model.expected)",
                "\(model.other)", "\(model.noFile)", model.shows.text)
        }
        var parts = [
            localized(
                """
                Cluster \(report.cluster): phones should hold the CTL file of \(report.length) bytes. They show, under Settings >
                Security Configuration > Trust List > CTL File:
                  MD5   \(report.md5)
                  SHA-1 \(report.sha1)
                """
            ).localized, table.text,
        ]
        let listed = phones ? report.answers : report.answers.filter { $0.holds != .expected }
        if !listed.isEmpty {
            var list = Table(localized("PHONE"), localized("MODEL"), localized("ITS PAGE SAYS"))
            for entry in listed.prefix(phones ? Int.max : 50) { list.add(entry.phone, entry.model, entry.text) }
            parts.append(list.text)
        }
        return parts.joined(separator: "\n\n")
    }
}

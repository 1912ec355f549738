import ArgumentParser
import Basics
import Cluster
import Messages
import Migration
import Operations
import Phones

struct PhonesStranded: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stranded",
        abstract: localized("The phones that earlier changes left behind, and that nobody has visited since."),
        discussion: localized(
            """
            Follows from the journals of the cluster's changes on this machine, and from the visits that were reported \
            with phones visited. Nothing is asked of the cluster or of the phones, unless --worklist asks for a list to \
            hand out. Forecasts, migrate prepare-downgrade and cluster status take these phones into account.

            Example:
              etoken-bridge phones stranded --cluster office --csv visits.csv
            """))

    @OptionGroup var cluster: ClusterOptions

    @Option(
        help: .localized("Write a line for each phone into this new file.", valueName: "file"),
        completion: .file(extensions: ["csv"]))
    var csv: String?

    @OptionGroup var work: WorklistOptions
    @OptionGroup var common: CommonOptions

    private struct Document: Encodable {
        struct Phone: Encodable {
            let phone, model: String
            let pool: String?
            /// SHA-256 of the CTL file with which it was left, if that is known.
            let holds: String?
            let change: String
            let since: Timestamp
            let reason: LocalizableText
            /// What became of keys that were to erase its trust lists, and when.
            let erasure: Erasure?
        }

        struct Erasure: Encodable {
            let state: ErasureRecord.State
            let time: Timestamp
        }

        let cluster: String
        let phones: [Phone]
    }

    func run() throws {
        try work.check()
        let name = try cluster.name
        let register = try StrandedRegister(of: name, in: .standard())
        let entries = register.entries
        let document = Document(
            cluster: name,
            phones: entries.map { entry in
                let holds: String? = if case .file(let sha256) = entry.held { sha256 } else { nil }
                return .init(
                    phone: entry.phone, model: entry.model, pool: entry.pool, holds: holds, change: entry.change,
                    since: entry.since, reason: entry.reason,
                    erasure: entry.erasure.map { .init(state: $0.state, time: $0.time) })
            })
        if let csv {
            let lines = document.phones.map {
                CSV.line([
                    $0.phone, $0.model, $0.pool ?? "", $0.holds ?? "", $0.change, $0.since.description,
                    $0.reason.localized, $0.erasure.map { Self.text($0).localized } ?? "",
                ])
            }
            let text = (["name,model,pool,holds,change,since,reason,erasure"] + lines).joined(separator: "\n") + "\n"
            try Files.write(Array(text.utf8), to: csv, permissions: 0o600, replacing: false)
        }
        var opened: ClusterClient?
        defer { opened?.close() }
        try work.write(Worklist(register)) {
            let cluster = try cluster.configured()
            opened = cluster
            return cluster
        }
        if common.json { try Terminal.json(document) } else { Terminal.out(text(document)) }
    }

    private static func text(_ erasure: Document.Erasure) -> LocalizableText {
        switch erasure.state {
        case .returned: localized("erased, says its page")
        case .pressing, .pressed: localized("erasing begun")
        case .missing, .skipped: localized("erased? did not come back")
        }
    }

    private func text(_ document: Document) -> String {
        let name = document.cluster
        guard !document.phones.isEmpty else {
            return localized("As far as this machine knows, no phone of cluster \(name) was left behind.").localized
        }
        var table = Table(
            localized("PHONE"), localized("MODEL"), localized("DEVICE POOL"), localized("HOLDS"), localized("CHANGE"),
            localized("WHY"))
        for phone in document.phones {
            table.add(
                phone.phone, phone.model, phone.pool ?? "-",
                phone.erasure.map(Self.text) ?? phone.holds.map { localized("older file \(String($0.prefix(8)))") }
                    ?? HeldFile.Code.notKnown.text,
                phone.change, phone.reason)
        }
        let advice = Change.visitAdvice(models: document.phones.map(\.model)) ?? .verbatim("")
        return [
            table.text,
            localized(
                "\(advice)\nThen take it off this list: etoken-bridge phones visited --cluster \(word: name) \(word: document.phones[0].phone)"
            ).localized,
        ].joined(separator: "\n\n")
    }
}

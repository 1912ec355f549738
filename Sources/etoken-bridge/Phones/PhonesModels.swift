import ArgumentParser
import Files
import Messages
import Phones

struct PhonesModels: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: localized("What is known of phone models, and from where."),
        discussion: localized(
            """
            Lists which models support Security by Default, and which checksum of a trust list they display. Corrections \
            stand in phone-models.csv beside the configuration. --report reads CUCM's own answer: the Unified CM Phone \
            Feature List of Cisco Unified Reporting, product feature "Security By Default", as CSV; with --save it is kept.

            Example:
              etoken-bridge phones models "Cisco 7975" CP-8861
              etoken-bridge phones models --report feature-list.csv --save
            """))

    @Argument(help: .localized("Only these models, by the names that CUCM has for them."))
    var names: [String] = []

    @Option(
        help: .localized("Read this file before all others: CUCM's list, or a table like phone-models.csv."),
        completion: .file())
    var report: String?

    @Flag(help: .localized("Keep what --report says in phone-models.csv beside the configuration."))
    var save = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard !save || report != nil else {
            throw ValidationError(localized("--save keeps what --report reads; give --report FILE."))
        }
    }

    private struct Document: Encodable {
        struct Model: Encodable {
            let model: String
            /// Nil for what is no phone.
            let securityByDefault: String?
            let checksum: String?
            let phone: Bool
            let source: String
        }

        let models: [Model]
        /// The user's corrections.
        let file: String
    }

    func run() throws {
        let table = try PhoneModelTable.configured(adding: report)
        let models: [Document.Model]
        if names.isEmpty {
            models = table.entries.map {
                .init(
                    model: $0.model, securityByDefault: $0.securityByDefault?.rawValue, checksum: $0.checksum?.rawValue,
                    phone: $0.isPhone ?? true, source: $0.source)
            }
        } else {
            models = names.map { name in
                let model = table.model(named: name)
                let isPhone = table.isPhone(name)
                return .init(
                    model: name, securityByDefault: isPhone ? model.securityByDefault.rawValue : nil,
                    checksum: isPhone ? model.displayedChecksum.rawValue : nil, phone: isPhone,
                    source: table.source(of: name))
            }
        }
        if save, let report { try keep(report) }
        let document = Document(models: models, file: PhoneModelTable.usersPath)
        if common.json { try Terminal.json(document) } else { Terminal.out(text(document)) }
    }

    private func text(_ document: Document) -> String {
        var table = Table(localized("MODEL"), localized("SECURITY BY DEFAULT"), localized("SHOWS"), localized("SOURCE"))
        for item in document.models {
            let model = item.model.count > 24 ? item.model.prefix(21) + "..." : item.model
            let source = item.source.count > 27 ? item.source.prefix(24) + "..." : item.source
            table.add(
                model, item.phone ? item.securityByDefault ?? "" : localized("not a phone"), item.checksum ?? "",
                names.count == 1 ? item.source : source)
        }
        return table.text
    }

    /// Puts the entries of a file into the user's own, in the place of those for the same models.
    private func keep(_ report: String) throws {
        let path = PhoneModelTable.usersPath
        let new = try PhoneModelTable.entries(of: report)
        let old = Files.exists(path) ? try PhoneModelTable.entries(of: path) : []
        let models = Set(new.map(\.model))
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try Files.makeFolder(String(path[..<slash])) }
        let kept = old.filter { !models.contains($0.model) }
        try Files.write((kept + new).csv, to: path, permissions: 0o644, replacing: true)
        Terminal.note(localized("\(path): \(new.count) models from \(report), \(kept.count) kept."))
    }
}

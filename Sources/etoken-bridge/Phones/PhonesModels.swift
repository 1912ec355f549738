import ArgumentParser
import Basics
import Messages
import Phones

struct PhonesModels: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: localized("What is known of phone models, and from where."),
        discussion: localized(
            """
            Lists which models support Security by Default, and which checksum of a trust list they display. \
            Corrections are in phone-models.csv next to the configuration. --models reads CUCM's own answer: the \
            Unified CM Phone Feature List of Cisco Unified Reporting, product feature "Security By Default", as CSV; \
            with --save it is kept.

            Example:
              etoken-bridge phones models "Cisco 7975" CP-8861
              etoken-bridge phones models --models feature-list.csv --save
            """))

    @Argument(help: .localized("Only these models, by their names in CUCM."))
    var names: [String] = []

    @Option(
        help: .localized(
            "Read this file before all others: CUCM's list, or a table like phone-models.csv.", valueName: "file"),
        completion: .file())
    var models: String?

    @Flag(help: .localized("Save what --models says in phone-models.csv next to the configuration."))
    var save = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard !save || models != nil else {
            throw ValidationError(localized("--save keeps what --models reads; specify --models FILE."))
        }
    }

    private struct Document: Encodable {
        struct Model: Encodable {
            let model: String
            /// Nil for what is not a phone.
            let securityByDefault: PhoneModel.SecurityByDefault?
            /// Which checksum of a trust list it displays.
            let shows: PhoneModel.Checksum?
            let phone: Bool
            let source: LocalizableText
        }

        let models: [Model]
        /// The user's corrections.
        let file: String
    }

    func run() throws {
        let table = try PhoneModelTable.configured(adding: models)
        let listed: [Document.Model]
        if names.isEmpty {
            listed = table.entries.map {
                .init(
                    model: $0.model, securityByDefault: $0.securityByDefault, shows: $0.checksum,
                    phone: $0.isPhone ?? true, source: $0.source)
            }
        } else {
            listed = names.map { name in
                let model = table.model(named: name)
                let isPhone = table.isPhone(name)
                return .init(
                    model: name, securityByDefault: isPhone ? model.securityByDefault : nil,
                    shows: isPhone ? model.displayedChecksum : nil, phone: isPhone,
                    source: table.source(of: name))
            }
        }
        if save, let models { try keep(models) }
        let document = Document(models: listed, file: PhoneModelTable.usersPath)
        if common.json { try Terminal.json(document) } else { Terminal.out(text(document)) }
    }

    private func text(_ document: Document) -> String {
        var table = Table(localized("MODEL"), localized("SECURITY BY DEFAULT"), localized("SHOWS"), localized("SOURCE"))
        for item in document.models {
            table.add(
                item.model, item.phone ? item.securityByDefault?.text ?? "" : localized("not a phone"),
                item.shows?.text ?? "", item.source)
        }
        return table.text
    }

    /// Merges the entries of a file into the user's own, replacing those for the same models.
    private func keep(_ file: String) throws {
        let path = PhoneModelTable.usersPath
        let new = try PhoneModelTable.entries(of: file)
        let old = Files.exists(path) ? try PhoneModelTable.entries(of: path) : []
        let models = Set(new.map(\.model))
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try Files.makeFolder(String(path[..<slash])) }
        let kept = old.filter { !models.contains($0.model) }
        try Files.write((kept + new).csv, to: path, permissions: 0o644, replacing: true)
        Terminal.note(localized("\(path): \(new.count) models from \(file), \(kept.count) kept."))
    }
}

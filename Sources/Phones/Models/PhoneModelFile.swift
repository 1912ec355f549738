import Messages

/// A file with phone models: a table like phone-models.csv, or CUCM's own list.
struct PhoneModelFile {
    let entries: [PhoneModelTable.Entry]

    /// Tells from the column names which of the two it is.
    init(_ file: TableFile) throws {
        let names = try file.columnNames()
        entries = names.contains("security by default") ? try Self.table(file) : try Self.report(file)
    }

    // MARK: Our own form

    private static let columns: [TableFile.Column] = [
        .init("model", isRequired: true), .init("security by default", isRequired: true), .init("checksum"),
        .init("source"),
    ]

    private static func table(_ file: TableFile) throws -> [PhoneModelTable.Entry] {
        var entries: [PhoneModelTable.Entry] = []
        try file.read(columns) { row in
            let support: PhoneModel.SecurityByDefault?
            switch row[1]?.lowercased() {
            case "yes", "supported": support = .supported
            case "no", "unsupported": support = .unsupported
            case "unknown": support = .unknown
            case "not a phone": support = nil
            default:
                throw wrong(
                    file, row, row[1], "security by default", localized("yes, no, unknown or not a phone"))
            }
            let checksum: PhoneModel.Checksum?
            switch row[2]?.uppercased() {
            case nil: checksum = nil
            case "MD5": checksum = .md5
            case "SHA1", "SHA-1": checksum = .sha1
            default: throw wrong(file, row, row[2], "checksum", localized("MD5, SHA1 or nothing"))
            }
            let model = row[0] ?? ""
            // An entry for all models does not say of any that it is a phone.
            entries.append(
                .init(
                    model: model, securityByDefault: support, checksum: checksum,
                    isPhone: support == nil ? false : model == "*" ? nil : true,
                    source: row[3].map { .verbatim($0) } ?? localized("\(file.name), line \(row.line)")))
        }
        return entries
    }

    private static func wrong(
        _ file: TableFile, _ row: TableFile.Row, _ found: String?, _ column: String, _ expected: LocalizableText
    ) -> InventoryError {
        InventoryError(
            .badFile,
            localized(
                "\(file.name), line \(row.line): \"\(found ?? "")\" is not valid in the column \"\(column)\"; expected: \(expected)"
            ),
            next: localized("Correct that line; docs/phones.md describes the file."))
    }

    // MARK: CUCM's own form

    /// The columns of "Unified CM Phone Feature List" in Cisco Unified Reporting. *Unconfirmed*: their names in its
    /// CSV.
    private static let reportColumns: [TableFile.Column] = [
        .init(
            "product", "product name", "model", "phone model", "device type",
            isRequired: true),
        .init(
            "feature", "product feature", "feature name", "support feature",
            isRequired: true),
    ]
    private static let feature = "security by default"

    private static func report(_ file: TableFile) throws -> [PhoneModelTable.Entry] {
        var supported: Set<String> = []
        var all: [String] = []
        var known: Set<String> = []
        try file.read(reportColumns) { row in
            guard let product = row[0], let feature = row[1] else { return }
            if known.insert(product).inserted { all.append(product) }
            if feature.lowercased() == Self.feature { supported.insert(product) }
        }
        guard !supported.isEmpty else {
            throw InventoryError(
                .badFile, localized("\(file.name) names no product with the feature \"Security By Default\""),
                next:
                    localized(
                        "In Cisco Unified Reporting, System Reports, Unified CM Phone Feature List, choose all products and that feature."
                    )
            )
        }
        let source = localized("Unified CM Phone Feature List (\(file.name))")
        func entry(_ model: String, _ support: PhoneModel.SecurityByDefault) -> PhoneModelTable.Entry {
            .init(model: model, securityByDefault: support, checksum: nil, isPhone: nil, source: source)
        }
        // The report is generated for one product or for all of them. If for all, one that is not listed does not have
        // the feature.
        return all.filter(PhoneModelTable.standard.isPhone).map {
            entry($0, supported.contains($0) ? .supported : .unsupported)
        }
            + (all.count > 1 ? [entry("*", .unsupported)] : [])
    }
}

extension [PhoneModelTable.Entry] {
    /// As a file that can be read again.
    public var csv: [UInt8] {
        var text = "model,security by default,checksum,source\n"
        for entry in self {
            let support =
                switch entry.securityByDefault {
                case .supported: "yes"
                case .unsupported: "no"
                case .unknown: "unknown"
                case nil: "not a phone"
                }
            text += CSV.line([entry.model, support, entry.checksum?.rawValue ?? "", entry.source.localized]) + "\n"
        }
        return [UInt8](text.utf8)
    }
}

import Basics
import Configuration
import Messages

/// Which keys erase trust lists on which phones: the product's own table (erase-sequences.csv), and the user's.
///
/// docs/erasing-trust-lists.md describes the files.
public struct EraseSequenceTable: Sendable {
    /// What is known about a phone.
    public enum Answer: Sendable, Hashable {
        case keys(EraseSequence)
        /// There is a sequence for the model, and its source does not say for which firmware.
        case firmwareNotStated(EraseSequence)
        /// There are sequences for the model, and none for this firmware.
        case otherFirmware
        case noSequence
    }

    /// Those that take precedence come first.
    public private(set) var sequences: [EraseSequence] = []

    /// The product's own.
    public static let standard: EraseSequenceTable = {
        do {
            var table = EraseSequenceTable()
            try table.add(TableFile(name: "erase-sequences.csv", bytes: PackageResources.erase_sequences_csv))
            return table
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    init() {}

    /// The product's own table, the user's, and a file; what comes later takes precedence.
    ///
    /// - Throws: `FileError`; ``InventoryError`` with file and line.
    public static func configured(adding path: String? = nil) throws -> EraseSequenceTable {
        var table = standard
        if Files.exists(usersPath) { try table.add(usersPath) }
        if let path { try table.add(path) }
        return table
    }

    /// `erase-sequences.csv` next to the configuration.
    public static var usersPath: String { ConfigurationFile.path(beside: "erase-sequences.csv") }

    /// What erases the trust lists of a phone.
    ///
    /// - Parameters:
    ///   - model: as used by CUCM or a phone: `Cisco 7975`, `CP-7975`.
    ///   - firmware: as the cluster shows it: `sip78xx.12-1-1SR1-4`.
    public func answer(model: String, firmware: String) -> Answer {
        let model = PhoneModelTable.normal(model)
        let ofModel = sequences.filter { Wildcard(PhoneModelTable.normal($0.model)).matches(model) }
        let firmware = firmware.lowercased()
        if let found = ofModel.first(where: { $0.firmware.map { Wildcard($0.lowercased()).matches(firmware) } ?? false }
        ) {
            return .keys(found)
        }
        guard let first = ofModel.first else { return .noSequence }
        return ofModel.contains { $0.firmware != nil } ? .otherFirmware : .firmwareNotStated(first)
    }

    mutating func add(_ path: String) throws { try add(try TableFile(path: path)) }

    private static let columns: [TableFile.Column] = [
        .init("model", isRequired: true), .init("firmware"), .init("keys", isRequired: true),
        .init("source", isRequired: true),
    ]

    private mutating func add(_ file: TableFile) throws {
        // A misspelled column must not be skipped: without its firmware a row means something else.
        let known = Set(Self.columns.flatMap(\.names))
        if let name = try file.columnNames().first(where: { !known.contains($0) }) {
            throw Self.wrong(localized("\(file.name): \"\(name)\" is not a column of this file"))
        }
        var new: [EraseSequence] = []
        try file.read(Self.columns) { row in
            let place = localized("\(file.name), line \(row.line)")
            if let firmware = row[1], firmware.filter({ $0 != "*" }).count < 4 {
                throw Self.wrong(
                    localized(
                        "\(place): \"\(firmware)\" says too little of the firmware; menus move, so name it, for example sip88xx.12-5*"
                    ))
            }
            let words = (row[2] ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
            let keys = try words.map { word in
                guard let key = EraseSequence.key(word) else {
                    throw Self.wrong(
                        localized(
                            "\(place): \"\(word)\" is not a key; keys are Settings, Applications, KeyPad0 to KeyPad9, KeyPadStar, KeyPadPound, Soft1 to Soft5, NavUp and the like"
                        ))
                }
                return key
            }
            guard (2...30).contains(keys.count) else {
                throw Self.wrong(localized("\(place): a sequence has 2 to 30 keys, not \(keys.count)"))
            }
            new.append(
                EraseSequence(model: row[0] ?? "", firmware: row[1], keys: keys, source: .verbatim(row[3] ?? "")))
        }
        // Within one file, the one that says more about the phone.
        new.sort { ($0.model.count, $0.firmware?.count ?? 0) > ($1.model.count, $1.firmware?.count ?? 0) }
        sequences = new + sequences
    }

    private static func wrong(_ clause: LocalizableText) -> InventoryError {
        InventoryError(
            .badFile, clause, next: localized("Correct the file; docs/erasing-trust-lists.md describes it."))
    }
}

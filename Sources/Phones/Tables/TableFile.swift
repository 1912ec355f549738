import Basics
import Messages

/// A CSV file whose first row names its columns. They may be in any order; unknown columns are skipped.
struct TableFile {
    /// A column with its accepted names, in lower case; the first is the one used in errors.
    struct Column {
        let names: [String]
        let isRequired: Bool

        init(_ names: String..., isRequired: Bool = false) {
            self.names = names
            self.isRequired = isRequired
        }
    }

    struct Row {
        let line: Int
        fileprivate let places: [Int?]
        fileprivate let fields: [String]

        /// The field of a column, by its index in the requested list; nil if it is empty or missing.
        subscript(column: Int) -> String? {
            guard let place = places[column], place < fields.count else { return nil }
            let text = fields[place].trimmed
            return text.isEmpty ? nil : text
        }
    }

    /// Enough for an export with several hundred thousand phones.
    static let maximumSize = 1 << 26

    let name: String
    let bytes: [UInt8]

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    init(path: String) throws(FileError) {
        self.init(name: path, bytes: try Files.read(path, limit: Self.maximumSize))
    }

    /// Calls `row` for each row below the one with the names.
    ///
    /// - Throws: ``InventoryError`` if a required column is missing, or a row lacks a required field.
    func read(_ columns: [Column], row: (Row) throws -> Void) throws {
        var places: [Int?]?
        try CSV.read(bytes, file: name) { line, fields in
            // Rows starting with # are comments, because spreadsheets have no other way.
            if fields[0].hasPrefix("#") { return }
            guard let known = places else {
                places = try header(fields, line, columns)
                return
            }
            let entry = Row(line: line, places: known, fields: fields)
            for (index, column) in columns.enumerated() where column.isRequired && entry[index] == nil {
                throw InventoryError(
                    .badFile, localized("\(name), line \(line): the row has no \(column.names[0])"),
                    next: localized("Fill in the column \"\(column.names[0])\", or remove the row."))
            }
            try row(entry)
        }
        if places == nil {
            throw InventoryError(
                .badFile, localized("\(name) is empty"),
                next: localized("Its first line has to name the columns: \(Self.list(columns))."))
        }
    }

    /// The names in the first row that is not a comment, in lower case.
    func columnNames() throws -> [String] {
        struct Found: Error { let names: [String] }
        do {
            try CSV.read(bytes, file: name) { _, fields in
                if !fields[0].hasPrefix("#") { throw Found(names: fields.map { $0.trimmed.lowercased() }) }
            }
            return []
        } catch let found as Found {
            return found.names
        }
    }

    private func header(_ fields: [String], _ line: Int, _ columns: [Column]) throws(InventoryError) -> [Int?] {
        let names = fields.map { $0.trimmed.lowercased() }
        var places: [Int?] = []
        for column in columns {
            let place = column.names.lazy.compactMap(names.firstIndex).first
            if place == nil, column.isRequired {
                throw InventoryError(
                    .badFile,
                    localized(
                        "\(name), line \(line): no column is called \"\(column.names[0])\"; found: \(fields.joined(separator: ", "))"
                    ),
                    next: localized("The first line has to name the columns: \(Self.list(columns))."))
            }
            places.append(place)
        }
        return places
    }

    private static func list(_ columns: [Column]) -> LocalizableText {
        columns.map { $0.isRequired ? .verbatim($0.names[0]) : localized("\($0.names[0]) (optional)") }
            .joined(separator: ", ")
    }
}

import Basics
import Messages

/// Comma-separated values (RFC 4180): fields in double quotes if they contain a comma, a quote or a line end, with
/// quotes inside doubled. Lines end with LF or CR LF; a byte order mark and empty lines are skipped. What a spreadsheet
/// would compute is written as text, and read as what it was (docs/phones.md).
public enum CSV {
    /// Reads a table row by row.
    ///
    /// - Parameters:
    ///   - file: the name for errors.
    ///   - row: called for each row that is not empty, with the number of the line on which it begins.
    /// - Throws: ``InventoryError`` if quotes do not match; what `row` throws.
    public static func read(
        _ bytes: some Sequence<UInt8>, file: String, row: (_ line: Int, _ fields: [String]) throws -> Void
    ) throws {
        var reader = Reader(file: file)
        for byte in bytes {
            if let fields = try reader.take(byte) { try row(reader.rowLine, fields) }
        }
        if let fields = try reader.end() { try row(reader.rowLine, fields) }
    }

    /// One row, without its line end.
    public static func line(_ fields: [String]) -> String {
        fields.map(\.csvCell).joined(separator: ",")
    }

    private struct Reader {
        private enum State { case start, plain, quoted, quoteInQuoted }

        let file: String
        /// Where the row that was returned last starts.
        private(set) var rowLine = 1
        private var line = 1
        private var start = 1
        private var state = State.start
        private var field: [UInt8] = []
        private var fields: [String] = []

        /// More than any table has that this program reads, and longer, in bytes.
        private static let maximumFields = 1000, maximumField = 1 << 20

        init(file: String) { self.file = file }

        /// The row that this byte ends, if it ends one.
        mutating func take(_ byte: UInt8) throws(InventoryError) -> [String]? {
            defer { if byte == 0x0A { line += 1 } }
            switch (state, byte) {
            case (.quoted, 0x22): state = .quoteInQuoted
            case (.quoteInQuoted, 0x22):
                field.append(byte)
                state = .quoted
            case (.quoted, _):
                guard field.count < Self.maximumField else { throw unended }
                field.append(byte)
            case (.start, 0x22): state = .quoted
            case (_, 0x2C):
                endField()
                guard fields.count < Self.maximumFields else {
                    throw InventoryError(
                        .badFile, localized("\(file), line \(line): it has more than \(Self.maximumFields) fields"),
                        next: localized("Check that the file is a table whose fields are separated by commas."))
                }
                state = .start
            case (_, 0x0A): return endRow()
            case (_, 0x0D): break
            case (.quoteInQuoted, _):
                throw InventoryError(
                    .badFile, localized("\(file), line \(line): text follows the closing quote of a field"),
                    next: Self.quotes)
            default:
                guard field.count < Self.maximumField else {
                    throw InventoryError(
                        .badFile,
                        localized("\(file), line \(line): a field is longer than \(Self.maximumField) bytes"),
                        next: localized("Check that the file is a table whose fields are separated by commas."))
                }
                field.append(byte)
                state = .plain
                if line == 1, fields.isEmpty, field == [0xEF, 0xBB, 0xBF] {
                    field = []
                    state = .start
                }
            }
            return nil
        }

        mutating func end() throws(InventoryError) -> [String]? {
            if state == .quoted { throw unended }
            return endRow()
        }

        private static let quotes: LocalizableText = localized(
            "Double a quote inside a field, and put the whole field in quotes.")

        private var unended: InventoryError {
            InventoryError(
                .badFile, localized("\(file), line \(start): a quote that starts here is never closed"),
                next: Self.quotes)
        }

        private mutating func endField() {
            fields.append(String(csvCell: String(decoding: field, as: UTF8.self)))
            field.removeAll(keepingCapacity: true)
        }

        private mutating func endRow() -> [String]? {
            endField()
            state = .start
            rowLine = start
            start = line + 1
            defer { fields = [] }
            return fields.allSatisfy { $0.allSatisfy(\.isWhitespace) } ? nil : fields
        }
    }
}

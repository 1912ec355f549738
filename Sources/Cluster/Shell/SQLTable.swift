/// The result of a query, as text.
public struct SQLTable: Sendable, Hashable {
    public var columns: [String]
    /// A row has a value for each column.
    public var rows: [[String]]

    public init(columns: [String], rows: [[String]]) {
        self.columns = columns
        self.rows = rows
    }

    /// The values of a column, top to bottom; nil if there is no such column.
    public subscript(column: String) -> [String]? {
        guard let index = columns.firstIndex(of: column) else { return nil }
        return rows.map { $0[index] }
    }

    /// Appends the rows of another part of the same result. Over AXL a part may lack a column that is NULL in all its
    /// rows.
    mutating func append(_ other: SQLTable) {
        guard other.columns != columns else {
            rows += other.rows
            return
        }
        for column in other.columns where !columns.contains(column) {
            columns.append(column)
            for index in rows.indices { rows[index].append("") }
        }
        let places = columns.map(other.columns.firstIndex)
        rows += other.rows.map { row in places.map { $0.map { row[$0] } ?? "" } }
    }

    /// More than any table of a cluster has: a node that sends more has not understood the question, and what it sends
    /// would take minutes and all memory.
    static let maximumColumns = 200, maximumCells = 4_000_000

    /// Reads what `run sql` prints: column names, a rule of `=` runs as wide as each column, rows padded with spaces
    /// (docs/cluster-interfaces.md). Nil if it does not look like that.
    public init?(commandLine text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        guard let rule = lines.firstIndex(where: { $0.contains("=") && $0.allSatisfy { $0 == "=" || $0 == " " } }),
            rule > 0
        else { return nil }
        let ranges = Self.runs(Array(lines[rule]))
        guard ranges.count <= Self.maximumColumns, ranges.count * (lines.count - rule) <= Self.maximumCells,
            let columns = Self.cells(Array(lines[rule - 1]), ranges), !columns.contains("")
        else { return nil }
        var rows: [[String]] = []
        for line in lines[(rule + 1)...] where !line.allSatisfy({ $0 == " " }) {
            guard let cells = Self.cells(Array(line), ranges) else { return nil }
            rows.append(cells)
        }
        self.init(columns: columns, rows: rows)
    }

    private static func runs(_ rule: [Character]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start: Int?
        for (index, character) in (rule + [" "]).enumerated() {
            if character == "=", start == nil { start = index }
            if character == " ", let first = start {
                ranges.append(first..<index)
                start = nil
            }
        }
        return ranges
    }

    /// Splits a line into the columns. Between two of them there must be spaces; the last one takes the rest of the
    /// line.
    private static func cells(_ line: [Character], _ ranges: [Range<Int>]) -> [String]? {
        var cells: [String] = []
        for (index, range) in ranges.enumerated() {
            let isLast = index == ranges.count - 1
            let gap = isLast ? range.upperBound : ranges[index + 1].lowerBound
            for position in range.upperBound..<max(range.upperBound, gap) where position < line.count && !isLast {
                guard line[position] == " " else { return nil }
            }
            let end = isLast ? line.count : min(range.upperBound, line.count)
            let cell = range.lowerBound < end ? line[range.lowerBound..<end] : []
            let trimmed = cell.drop { $0 == " " }
            cells.append(String(trimmed[..<((trimmed.lastIndex { $0 != " " } ?? trimmed.startIndex - 1) + 1)]))
        }
        return cells
    }
}

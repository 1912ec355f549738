/// Tables in memory, and SELECT over them.
struct SQLDatabase: Sendable {
    struct Table: Sendable {
        let columns: [String]
        /// Nil is NULL.
        let rows: [[String?]]
    }

    struct Answer: Hashable, Sendable {
        let columns: [String]
        let rows: [[String?]]
    }

    let tables: [String: Table]

    func run(_ text: String) throws(SQLError) -> Answer {
        let query = try SQLParser.parse(text)
        var scope = Scope()
        var rows: [[String?]] = [[]]
        for source in query.sources {
            guard let table = tables[source.table] else { throw .noTable(source.table) }
            scope.add(source.alias, table)
            rows = try join(rows, source, table, scope)
        }
        if let condition = query.condition {
            rows = try select(rows, condition, scope)
        }
        rows = try sort(rows, query.order, scope)
        return try project(rows, query, scope)
    }

    private func join(
        _ rows: [[String?]], _ source: SQLQuery.Source, _ table: Table, _ scope: Scope
    ) throws(SQLError) -> [[String?]] {
        var result: [[String?]] = []
        for row in rows {
            var isMatched = false
            for other in table.rows {
                let joined = row + other
                if let condition = source.condition, try !scope.holds(condition, joined) { continue }
                isMatched = true
                result.append(joined)
            }
            if !isMatched, source.isOuter { result.append(row + table.columns.map { _ in nil }) }
        }
        return result
    }

    private func select(
        _ rows: [[String?]], _ condition: SQLQuery.Condition, _ scope: Scope
    ) throws(SQLError) -> [[String?]] {
        var result: [[String?]] = []
        for row in rows where try scope.holds(condition, row) { result.append(row) }
        return result
    }

    private func sort(
        _ rows: [[String?]], _ order: [(column: SQLQuery.Column, isDescending: Bool)], _ scope: Scope
    ) throws(SQLError) -> [[String?]] {
        var keys: [(index: Int, isDescending: Bool)] = []
        for (column, isDescending) in order { keys.append((try scope.index(column), isDescending)) }
        return rows.sorted { left, right in
            for (index, isDescending) in keys {
                let order = Scope.compare(left[index] ?? "", right[index] ?? "")
                if order != 0 { return isDescending ? order > 0 : order < 0 }
            }
            return false
        }
    }

    private func project(_ rows: [[String?]], _ query: SQLQuery, _ scope: Scope) throws(SQLError) -> Answer {
        if query.items.count == 1, case .count(let alias) = query.items[0] {
            return Answer(columns: [alias ?? "(count(*))"], rows: [["\(rows.count)"]])
        }
        var columns: [(name: String, index: Int)] = []
        for item in query.items {
            switch item {
            case .count: throw SQLError(code: -294, text: "The column list must also be in the GROUP BY list.")
            case .column(let column, let alias): columns.append((alias ?? column.name, try scope.index(column)))
            case .all(let table):
                let found = scope.columns(of: table)
                if let table, found.isEmpty { throw .noTable(table) }
                columns += found
            }
        }
        var result = rows.map { row in columns.map { row[$0.index] } }
        if query.isDistinct {
            var seen: Set<[String?]> = []
            result = result.filter { seen.insert($0).inserted }
        }
        result = Array(result.dropFirst(query.skip).prefix(query.first ?? .max))
        return Answer(columns: columns.map(\.name), rows: result)
    }

    /// The columns that a query can name, and where they stand in a joined row.
    private struct Scope {
        private var entries: [(table: String, name: String)] = []

        mutating func add(_ alias: String, _ table: Table) {
            entries += table.columns.map { (alias, $0) }
        }

        func columns(of table: String?) -> [(name: String, index: Int)] {
            entries.enumerated().filter { table == nil || $0.element.table == table }.map {
                ($0.element.name, $0.offset)
            }
        }

        func index(_ column: SQLQuery.Column) throws(SQLError) -> Int {
            let found = entries.indices.filter { index in
                entries[index].name == column.name && (column.table == nil || entries[index].table == column.table)
            }
            guard let first = found.first else { throw .noColumn(column.name) }
            guard found.count == 1 else { throw .ambiguous(column.name) }
            return first
        }

        func holds(_ condition: SQLQuery.Condition, _ row: [String?]) throws(SQLError) -> Bool {
            switch condition {
            case .and(let left, let right):
                guard try holds(left, row) else { return false }
                return try holds(right, row)
            case .or(let left, let right):
                if try holds(left, row) { return true }
                return try holds(right, row)
            case .not(let inner): return try !holds(inner, row)
            case .isNull(let value): return try self.value(value, row) == nil
            case .among(let left, let values):
                guard let text = try value(left, row) else { return false }
                for item in values {
                    if let other = try value(item, row), Self.compare(text, other) == 0 { return true }
                }
                return false
            case .compare(let left, let sign, let right):
                guard let first = try value(left, row), let second = try value(right, row) else { return false }
                if sign == "like" { return Self.isLike(Array(first)[...], Array(second)[...]) }
                let order = Self.compare(first, second)
                switch sign {
                case "=": return order == 0
                case "<>", "!=": return order != 0
                case "<": return order < 0
                case ">": return order > 0
                case "<=": return order <= 0
                default: return order >= 0
                }
            }
        }

        private func value(_ value: SQLQuery.Value, _ row: [String?]) throws(SQLError) -> String? {
            switch value {
            case .literal(let text): return text
            case .null: return nil
            case .column(let column):
                let index = try index(column)
                return index < row.count ? row[index] : nil
            }
        }

        /// As numbers where both are, else as text.
        static func compare(_ left: String, _ right: String) -> Int {
            if let first = Int(left), let second = Int(right) { return first == second ? 0 : first < second ? -1 : 1 }
            return left == right ? 0 : left < right ? -1 : 1
        }

        /// `%` stands for any text, `_` for any character.
        private static func isLike(_ text: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
            guard let first = pattern.first else { return text.isEmpty }
            if first == "%" {
                return (text.startIndex...text.endIndex).contains { isLike(text[$0...], pattern.dropFirst()) }
            }
            guard let character = text.first, first == "_" || first == character else { return false }
            return isLike(text.dropFirst(), pattern.dropFirst())
        }
    }
}

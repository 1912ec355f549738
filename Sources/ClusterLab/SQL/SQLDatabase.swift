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
    /// Those that are built when they are asked for.
    var lazily: [String: LazyTable] = [:]
    /// Those that do not change, and what was found in them.
    var unchanging: Set<String> = []
    var index: AnswerIndex?

    init(tables: [String: Table]) { self.tables = tables }

    private func table(_ name: String) throws(SQLError) -> Table {
        guard let table = tables[name] ?? lazily[name]?.value else { throw .noTable(name) }
        return table
    }

    func run(_ text: String) throws(SQLError) -> Answer {
        var query = try SQLParser.parse(text)
        let (skip, first) = (query.skip, query.first)
        (query.skip, query.first) = (0, nil)
        // Pages need an order; other queries are not worth keeping.
        let isKept = !query.order.isEmpty && query.sources.allSatisfy { unchanging.contains($0.table) }
        let all: Answer
        if isKept, let index {
            let whole = query
            all = try index.answer(to: try SQLParser.withoutWindow(text)) { () throws(SQLError) in try run(whole) }
        } else {
            all = try run(query)
        }
        return Answer(columns: all.columns, rows: Array(all.rows.dropFirst(skip).prefix(first ?? .max)))
    }

    /// Without the window of rows.
    private func run(_ query: SQLQuery) throws(SQLError) -> Answer {
        var scope = Scope()
        for source in query.sources {
            let table = try table(source.table)
            scope.add(source.alias, table)
        }
        var conditions: [Condition] = []
        for part in query.condition?.conjuncts ?? [] {
            conditions.append(Condition(try scope.resolved(part), try scope.lastIndex(part)))
        }
        var rows: [[String?]] = [[]]
        var width = 0
        for source in query.sources {
            let table = try table(source.table)
            rows = try join(rows, width, source, table, conditions, scope)
            let old = width
            width += table.columns.count
            // As soon as all columns of a condition are available, the rows that it excludes are dropped.
            for condition in conditions where condition.lastIndex < width && (condition.lastIndex >= old || old == 0) {
                rows = try select(rows, condition.test, scope)
            }
        }
        rows = try sort(rows, query.order, scope)
        return try project(rows, query, scope)
    }

    /// A part of a WHERE clause and the last column of a joined row that it refers to; -1 for none.
    private struct Condition {
        let test: SQLQuery.Condition
        let lastIndex: Int

        init(_ test: SQLQuery.Condition, _ lastIndex: Int) {
            self.test = test
            self.lastIndex = lastIndex
        }
    }

    /// Joins one more table. If an equation says how, the table's rows are looked up by it instead of being scanned for
    /// each row: there are many phones.
    private func join(
        _ rows: [[String?]], _ width: Int, _ source: SQLQuery.Source, _ table: Table, _ conditions: [Condition],
        _ scope: Scope
    ) throws(SQLError) -> [[String?]] {
        let own = width..<(width + table.columns.count)
        var on: [SQLQuery.Condition] = []
        for part in source.condition?.conjuncts ?? [] { on.append(try scope.resolved(part)) }
        var equation: (left: Int, right: Int)?
        for test in on + (source.isOuter ? [] : conditions.map(\.test)) {
            if case .compare(.position(let one), "=", .position(let other)) = test {
                if own.contains(one), other < width { equation = (other, one - width) }
                if own.contains(other), one < width { equation = (one, other - width) }
            }
            if equation != nil { break }
        }
        var index: [String: [Int]] = [:]
        if let equation {
            for (number, row) in table.rows.enumerated() {
                if let value = row[equation.right] { index[value, default: []].append(number) }
            }
        }
        var result: [[String?]] = []
        result.reserveCapacity(rows.count)
        for row in rows {
            var isMatched = false
            func add(_ other: [String?]) throws(SQLError) {
                let joined = row + other
                for test in on where try !scope.holds(test, joined) { return }
                isMatched = true
                result.append(joined)
            }
            if let equation {
                for number in row[equation.left].flatMap({ index[$0] }) ?? [] { try add(table.rows[number]) }
            } else {
                for other in table.rows { try add(other) }
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
        return Answer(columns: columns.map(\.name), rows: result)
    }

    /// The columns that a query can use, and their positions in a joined row.
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

        /// The last of the columns that a condition refers to.
        func lastIndex(_ condition: SQLQuery.Condition) throws(SQLError) -> Int {
            var last = -1
            for column in condition.columns { last = max(last, try index(column)) }
            return last
        }

        /// The same with the positions of its columns, so that they need not be looked up for each row.
        func resolved(_ condition: SQLQuery.Condition) throws(SQLError) -> SQLQuery.Condition {
            switch condition {
            case .and(let left, let right): return .and(try resolved(left), try resolved(right))
            case .or(let left, let right): return .or(try resolved(left), try resolved(right))
            case .not(let inner): return .not(try resolved(inner))
            case .compare(let left, let sign, let right): return .compare(try place(left), sign, try place(right))
            case .isNull(let value): return .isNull(try place(value))
            case .amongTexts(let left, let texts): return .amongTexts(try place(left), texts)
            case .among(let left, let values):
                var places: [SQLQuery.Value] = []
                var texts: Set<String> = []
                for value in values {
                    places.append(try place(value))
                    if case .literal(let text) = value, Int(text) == nil { texts.insert(text) }
                }
                // There are queries for some hundred names.
                return texts.count == values.count
                    ? .amongTexts(try place(left), texts) : .among(try place(left), places)
            }
        }

        private func place(_ value: SQLQuery.Value) throws(SQLError) -> SQLQuery.Value {
            guard case .column(let column) = value else { return value }
            return .position(try index(column))
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
            case .amongTexts(let left, let texts): return try value(left, row).map(texts.contains) ?? false
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
            case .position(let index): return index < row.count ? row[index] : nil
            case .column(let column): return row[try index(column)]
            }
        }

        /// As numbers if both are, else as text.
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

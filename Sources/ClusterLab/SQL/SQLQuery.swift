/// A parsed SELECT statement.
struct SQLQuery: Sendable {
    struct Column: Hashable, Sendable {
        /// Table name or alias.
        var table: String?
        var name: String
    }

    enum Item: Sendable {
        case all(table: String?)
        case column(Column, alias: String?)
        case count(alias: String?)
    }

    struct Source: Sendable {
        var table: String
        var alias: String
        /// For a LEFT OUTER JOIN: rows without a match stay, with NULL in this table's columns.
        var isOuter: Bool
        var condition: Condition?
    }

    enum Value: Sendable {
        case column(Column)
        case literal(String)
        case null
        /// A column of a joined row, once its position is known.
        case position(Int)

        var columns: [Column] {
            if case .column(let column) = self { return [column] }
            return []
        }
    }

    indirect enum Condition: Sendable {
        case and(Condition, Condition)
        case or(Condition, Condition)
        case not(Condition)
        case compare(Value, String, Value)
        case among(Value, [Value])
        /// The same with texts only, none of which is a number.
        case amongTexts(Value, Set<String>)
        case isNull(Value)

        /// The parts joined by AND.
        var conjuncts: [Condition] {
            if case .and(let left, let right) = self { return left.conjuncts + right.conjuncts }
            return [self]
        }

        /// Every column that it refers to.
        var columns: [Column] {
            switch self {
            case .and(let left, let right), .or(let left, let right): left.columns + right.columns
            case .not(let inner): inner.columns
            case .compare(let left, _, let right): left.columns + right.columns
            case .among(let left, let values): left.columns + values.flatMap(\.columns)
            case .amongTexts(let value, _): value.columns
            case .isNull(let value): value.columns
            }
        }
    }

    var skip = 0
    var first: Int?
    var isDistinct = false
    var items: [Item] = []
    var sources: [Source] = []
    var condition: Condition?
    var order: [(column: Column, isDescending: Bool)] = []
}

/// Parses the part of Informix's SELECT that the tools of a cluster use: SKIP, FIRST, DISTINCT, joins, WHERE, ORDER BY.
struct SQLParser {
    private var tokens: ArraySlice<SQLToken>

    private static let keywords: Set<String> = [
        "select", "from", "where", "order", "by", "inner", "left", "outer", "join", "on", "and", "or", "not", "in",
        "is",
        "null", "like", "as", "asc", "desc", "skip", "first", "distinct",
    ]

    static func parse(_ text: String) throws(SQLError) -> SQLQuery {
        var parser = SQLParser(tokens: try SQLToken.split(text)[...])
        let query = try parser.query()
        if parser.take(symbol: ";") {}
        guard parser.tokens.isEmpty else { throw .syntax }
        return query
    }

    /// The tokens of a query without SKIP and FIRST: the same for all pages of a result.
    static func withoutWindow(_ text: String) throws(SQLError) -> [SQLToken] {
        var parser = SQLParser(tokens: try SQLToken.split(text)[...])
        guard parser.take("select") else { throw .syntax }
        for word in ["skip", "first"] where parser.take(word) { _ = try parser.number() }
        return Array(parser.tokens)
    }

    private mutating func query() throws(SQLError) -> SQLQuery {
        guard take("select") else { throw .syntax }
        var query = SQLQuery()
        if take("skip") { query.skip = try number() }
        if take("first") { query.first = try number() }
        query.isDistinct = take("distinct")
        repeat { query.items.append(try item()) } while take(symbol: ",")
        guard take("from") else { throw .syntax }
        query.sources.append(try source(isOuter: false))
        while true {
            if take(symbol: ",") {
                query.sources.append(try source(isOuter: false))
            } else if let isOuter = try join() {
                var source = try source(isOuter: isOuter)
                guard take("on") else { throw .syntax }
                source.condition = try disjunction()
                query.sources.append(source)
            } else {
                break
            }
        }
        if take("where") { query.condition = try disjunction() }
        if take("order") {
            guard take("by") else { throw .syntax }
            repeat {
                let column = try column()
                let isDescending = take("desc")
                if !isDescending { _ = take("asc") }
                query.order.append((column, isDescending))
            } while take(symbol: ",")
        }
        return query
    }

    /// Nil if no join follows; else whether it is an outer one.
    private mutating func join() throws(SQLError) -> Bool? {
        if take("join") { return false }
        if take("inner") {
            guard take("join") else { throw .syntax }
            return false
        }
        guard take("left") else { return nil }
        _ = take("outer")
        guard take("join") else { throw .syntax }
        return true
    }

    private mutating func item() throws(SQLError) -> SQLQuery.Item {
        if take(symbol: "*") { return .all(table: nil) }
        if tokens.first == .word("count"), tokens.dropFirst().first == .symbol("(") {
            tokens = tokens.dropFirst(2)
            guard take(symbol: "*"), take(symbol: ")") else { throw .syntax }
            return .count(alias: try alias())
        }
        let first = try name()
        if take(symbol: ".") {
            if take(symbol: "*") { return .all(table: first) }
            let column = SQLQuery.Column(table: first, name: try name())
            return .column(column, alias: try alias())
        }
        return .column(SQLQuery.Column(table: nil, name: first), alias: try alias())
    }

    private mutating func alias() throws(SQLError) -> String? {
        if take("as") { return try name() }
        if case .word(let word)? = tokens.first, !Self.keywords.contains(word) {
            tokens.removeFirst()
            return word
        }
        return nil
    }

    private mutating func source(isOuter: Bool) throws(SQLError) -> SQLQuery.Source {
        let table = try name()
        return SQLQuery.Source(table: table, alias: try alias() ?? table, isOuter: isOuter)
    }

    private mutating func column() throws(SQLError) -> SQLQuery.Column {
        let first = try name()
        return take(symbol: ".")
            ? SQLQuery.Column(table: first, name: try name()) : SQLQuery.Column(table: nil, name: first)
    }

    private mutating func disjunction() throws(SQLError) -> SQLQuery.Condition {
        var left = try conjunction()
        while take("or") { left = .or(left, try conjunction()) }
        return left
    }

    private mutating func conjunction() throws(SQLError) -> SQLQuery.Condition {
        var left = try factor()
        while take("and") { left = .and(left, try factor()) }
        return left
    }

    private mutating func factor() throws(SQLError) -> SQLQuery.Condition {
        if take("not") { return .not(try factor()) }
        if take(symbol: "(") {
            let inner = try disjunction()
            guard take(symbol: ")") else { throw .syntax }
            return inner
        }
        let left = try value()
        if take("is") {
            let isNegated = take("not")
            guard take("null") else { throw .syntax }
            return isNegated ? .not(.isNull(left)) : .isNull(left)
        }
        let isNegated = take("not")
        if take("in") {
            guard take(symbol: "(") else { throw .syntax }
            var values: [SQLQuery.Value] = []
            repeat { values.append(try value()) } while take(symbol: ",")
            guard take(symbol: ")") else { throw .syntax }
            return isNegated ? .not(.among(left, values)) : .among(left, values)
        }
        if take("like") {
            let condition = SQLQuery.Condition.compare(left, "like", try value())
            return isNegated ? .not(condition) : condition
        }
        guard !isNegated, case .symbol(let symbol)? = tokens.first,
            ["=", "<>", "!=", "<", ">", "<=", ">="].contains(symbol)
        else { throw .syntax }
        tokens.removeFirst()
        return .compare(left, symbol, try value())
    }

    private mutating func value() throws(SQLError) -> SQLQuery.Value {
        switch tokens.first {
        case .string(let text)?, .number(let text)?:
            tokens.removeFirst()
            return .literal(text)
        case .word("null")?:
            tokens.removeFirst()
            return .null
        default: return .column(try column())
        }
    }

    private mutating func name() throws(SQLError) -> String {
        guard case .word(let word)? = tokens.first, !Self.keywords.contains(word) else { throw .syntax }
        tokens.removeFirst()
        return word
    }

    private mutating func number() throws(SQLError) -> Int {
        guard case .number(let text)? = tokens.first, let value = Int(text) else { throw .syntax }
        tokens.removeFirst()
        return value
    }

    private mutating func take(_ word: String) -> Bool { take(.word(word)) }
    private mutating func take(symbol: String) -> Bool { take(.symbol(symbol)) }

    private mutating func take(_ token: SQLToken) -> Bool {
        guard tokens.first == token else { return false }
        tokens.removeFirst()
        return true
    }
}

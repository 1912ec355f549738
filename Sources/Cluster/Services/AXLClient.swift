import Basics
import Configuration
import Markup
import Messages
import Secrets

/// The Administrative XML interface of the publisher (docs/cluster-interfaces.md).
public struct AXLClient: Sendable {
    private let soap: SOAPClient
    private let version: String

    /// - Parameter version: of the cluster; it chooses the schema.
    public init(
        _ publisher: NodeConfiguration, version: ClusterVersion, user: String, password: Secret
    ) throws(ClusterError) {
        soap = try SOAPClient(publisher, path: "/axl/", user: user, password: password, service: "AXL")
        self.version = version.axl
    }

    /// Runs a query. A result that is too large for the server is fetched in pages.
    ///
    /// - Parameter query: begins with `select`.
    public func executeSQLQuery(_ query: String) throws(ClusterError) -> SQLTable {
        do throws(ClusterError) {
            return try page(query)
        } catch {
            // "Query request too large. Total rows matched: 1234 rows. Suggestive Row Fetch: less than 500 rows"
            guard error.code == .refused, let size = Self.suggestedRows(error.message.localized),
                query.lowercased().hasPrefix("select ")
            else { throw error }
            var table = SQLTable(columns: [], rows: [])
            while true {
                let next = try page("select skip \(table.rows.count) first \(size) " + query.dropFirst(7))
                if table.columns.isEmpty { table.columns = next.columns }
                table.rows += next.rows
                if next.rows.count < size { return table }
            }
        }
    }

    /// Runs a query and returns a part of its rows, so that a large table is never completely in memory. The query must
    /// have an order.
    ///
    /// - Parameters:
    ///   - query: begins with `select`.
    ///   - skip: how many rows to skip.
    ///   - count: at most this many are returned. If that is too many for the server, it is asked several times.
    public func executeSQLQuery(_ query: String, skip: Int, first count: Int) throws(ClusterError) -> SQLTable {
        var table = SQLTable(columns: [], rows: [])
        var size = count
        while table.rows.count < count {
            do throws(ClusterError) {
                let wanted = min(size, count - table.rows.count)
                let next = try page(
                    "select skip \(skip + table.rows.count) first \(wanted) \(query.dropFirst(7))")
                table.append(next)
                if next.rows.count < wanted { break }
            } catch {
                guard error.code == .refused, let smaller = Self.suggestedRows(error.message.localized), smaller < size
                else {
                    throw error
                }
                size = smaller
            }
        }
        return table
    }

    /// Restarts a phone: it fetches its files again.
    public func restartPhone(_ name: String) throws(ClusterError) {
        _ = try call(
            "restartPhone", "<name>\(name.escapedForMarkup)</name>",
            operation: localized("restart \(name)"))
    }

    /// Resets a phone: a full reboot.
    public func resetPhone(_ name: String) throws(ClusterError) {
        _ = try call(
            "resetPhone", "<name>\(name.escapedForMarkup)</name>", operation: localized("reset \(name)"))
    }

    private func page(_ query: String) throws(ClusterError) -> SQLTable {
        let operation = localized("query the database over AXL")
        let answer = try call("executeSQLQuery", "<sql>\(query.escapedForMarkup)</sql>", operation: operation)
        return try Self.table(of: answer, operation: operation, node: soap.node.name)
    }

    /// The rows of an answer.
    static func table(
        of answer: MarkupElement, operation: LocalizableText, node: String
    ) throws(ClusterError) -> SQLTable {
        let rows = (answer.element(named: "return")?.elements(named: "row") ?? []).map(\.elements)
        // A NULL value may be omitted from a row, so the columns are those of all rows together.
        var columns: [String] = []
        for row in rows {
            for cell in row where !columns.contains(cell.name) { columns.append(cell.name) }
            guard columns.count <= SQLTable.maximumColumns, row.count <= SQLTable.maximumColumns else {
                throw ClusterError(
                    .unexpectedAnswer, operation: operation, node: node,
                    message: localized("the response has more than \(SQLTable.maximumColumns) columns"))
            }
        }
        return SQLTable(
            columns: columns,
            rows: rows.map { row in
                columns.map { column in row.first { $0.name == column }?.rawText ?? "" }
            })
    }

    private func call(_ name: String, _ content: String, operation: LocalizableText) throws(ClusterError)
        -> MarkupElement
    {
        let answer = try soap.call(
            "<ns:\(name)>\(content)</ns:\(name)>", namespace: "http://www.cisco.com/AXL/API/\(version)",
            action: "CUCM:DB ver=\(version) \(name)", operation: operation)
        guard answer.name == "\(name)Response" else {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: soap.node.name,
                message: localized("unexpected type of response"), expected: "\(name)Response", found: answer.name)
        }
        return answer
    }

    static func suggestedRows(_ message: String) -> Int? {
        guard let range = message.lowercased().firstRange(of: "suggestive row fetch") else { return nil }
        let offset = message.lowercased().distance(from: message.lowercased().startIndex, to: range.upperBound)
        let number = message.dropFirst(offset).drop { !$0.isNumber }.prefix { $0.isNumber }
        // "less than": one fewer is certainly accepted.
        return Int(number).flatMap { $0 > 1 ? $0 - 1 : nil }
    }
}

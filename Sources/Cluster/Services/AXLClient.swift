import Basics
import Configuration
import Markup
import Messages
import Secrets
import Synchronization
import Transfers

/// The Administrative XML interface of the publisher (docs/cluster-interfaces.md).
public struct AXLClient: Sendable {
    private let soap: SOAPClient
    /// Shared by all copies.
    private let learnt: Learnt

    /// What was learnt from the server.
    private final class Learnt: Sendable {
        private struct State {
            var version: String
            var rows: Int
        }

        private let state: Mutex<State>

        init(version: String) { state = Mutex(State(version: version, rows: AXLClient.usualRows)) }

        /// The schema that is asked for.
        var version: String {
            get { state.withLock { $0.version } }
            set { state.withLock { $0.version = newValue } }
        }

        /// How many rows are asked for at once.
        var rows: Int {
            get { state.withLock { $0.rows } }
            set { state.withLock { $0.rows = max(1, min($0.rows, newValue)) } }
        }
    }

    /// Rows of a page, before the server says that these are too many.
    private static let usualRows = 5000
    /// How often a server that is out of memory is asked again, with half the rows.
    private static let memoryAttempts = 12
    /// Seconds before it is asked again.
    private static let memoryPause = 0.5

    /// - Parameter version: of the cluster; it chooses the schema. If the server does not have that, one of those that
    ///   it names is used.
    public init(
        _ publisher: NodeConfiguration, version: ClusterVersion, user: String, password: Secret,
        wire: (any Wire)? = nil
    ) throws(ClusterError) {
        soap = try SOAPClient(publisher, path: "/axl/", user: user, password: password, service: "AXL", wire: wire)
        learnt = Learnt(version: version.axl)
    }

    /// The version of the schema that is used: the cluster's own, or one that the server named instead.
    public var schema: String { learnt.version }

    /// Runs a query. A result that is too large for the server is fetched in pages.
    ///
    /// - Parameter query: begins with `select`.
    public func executeSQLQuery(_ query: String) throws(ClusterError) -> SQLTable {
        do throws(ClusterError) {
            return try page(query)
        } catch {
            let isTooLarge =
                error.isOutOfMemory || (error.code == .refused && Self.suggestedRows(error.message.localized) != nil)
            guard query.lowercased().hasPrefix("select "), isTooLarge else { throw error }
            if let fewer = Self.fewerRows(than: learnt.rows, after: error) { learnt.rows = fewer }
            return try executeSQLQuery(query, skip: 0, first: .max)
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
        var attempts = 0
        // Memory becomes free again: the number of rows that it allowed is not remembered.
        var limit = Self.usualRows
        while table.rows.count < count {
            let wanted = min(learnt.rows, limit, count - table.rows.count)
            do throws(ClusterError) {
                let next = try page(
                    "select skip \(skip + table.rows.count) first \(wanted) \(query.dropFirst(7))")
                table.append(next)
                attempts = 0
                if next.rows.count < wanted { break }
            } catch {
                if error.isOutOfMemory, wanted > 1, attempts < Self.memoryAttempts {
                    attempts += 1
                    limit = min(wanted, 1000) / 2
                    interruptibleSleep(Self.memoryPause)
                } else if let fewer = Self.fewerRows(than: wanted, after: error) {
                    learnt.rows = fewer
                } else {
                    throw error
                }
            }
        }
        return table
    }

    /// Restarts a phone: it fetches its files again.
    public func restartPhone(_ name: String) throws(ClusterError) {
        try tell(name, "restartPhone", isHardReset: false, operation: localized("restart \(name)"))
    }

    /// Resets a phone: a full reboot.
    public func resetPhone(_ name: String) throws(ClusterError) {
        try tell(name, "resetPhone", isHardReset: true, operation: localized("reset \(name)"))
    }

    /// `restartPhone` and `resetPhone` are in the schemas from 10.0 on; before, there is `doDeviceReset`. *Unconfirmed*:
    /// the names of its elements.
    private func tell(
        _ phone: String, _ request: String, isHardReset: Bool, operation: LocalizableText
    ) throws(ClusterError) {
        let name = phone.escapedForMarkup
        guard Self.numbers(learnt.version).first ?? 10 < 10 else {
            _ = try call(request, "<name>\(name)</name>", operation: operation)
            return
        }
        _ = try call(
            "doDeviceReset", "<deviceName>\(name)</deviceName><isHardReset>\(isHardReset)</isHardReset>",
            operation: operation)
    }

    private func page(_ query: String) throws(ClusterError) -> SQLTable {
        let operation = localized("query the database over AXL")
        let answer = try call("executeSQLQuery", "<sql>\(query.escapedForMarkup)</sql>", operation: operation)
        return try Self.table(of: answer, operation: operation, node: soap.node.name)
    }

    /// The rows of a response.
    package static func table(
        of answer: MarkupElement, operation: LocalizableText, node: String
    ) throws(ClusterError) -> SQLTable {
        // A NULL value may be omitted from a row, so the columns are those of all rows together.
        var columns: [String] = []
        var rows: [[String]] = []
        var isSet: [Bool] = []
        guard let table = answer.element(named: "return") else { return SQLTable(columns: [], rows: []) }
        for row in table.elements where row.name == "row" {
            var cells = [String](repeating: "", count: columns.count)
            for index in isSet.indices { isSet[index] = false }
            var next = 0
            var count = 0
            for cell in row.elements {
                // Most rows have all columns, in the same order.
                let place =
                    next < columns.count && columns[next] == cell.name ? next : columns.firstIndex(of: cell.name)
                count += 1
                if place == nil { columns.append(cell.name) }
                guard columns.count <= SQLTable.maximumColumns, count <= SQLTable.maximumColumns else {
                    throw ClusterError(
                        .unexpectedAnswer, operation: operation, node: node,
                        message: localized("the response has more than \(SQLTable.maximumColumns) columns"))
                }
                if let place {
                    if !isSet[place] { cells[place] = cell.rawText }
                    isSet[place] = true
                    next = place + 1
                } else {
                    cells.append(cell.rawText)
                    isSet.append(true)
                    next = columns.count
                }
            }
            rows.append(cells)
        }
        for index in rows.indices where rows[index].count < columns.count {
            rows[index] += repeatElement("", count: columns.count - rows[index].count)
        }
        return SQLTable(columns: columns, rows: rows)
    }

    private func call(_ name: String, _ content: String, operation: LocalizableText) throws(ClusterError)
        -> MarkupElement
    {
        let version = learnt.version
        do throws(ClusterError) {
            return try call(name, content, version: version, operation: operation)
        } catch {
            guard error.code == .notSupported, let text = error.found?.localized,
                let other = Self.schema(namedIn: text, for: version), other != version
            else { throw error }
            learnt.version = other
            return try call(name, content, version: other, operation: operation)
        }
    }

    private func call(
        _ name: String, _ content: String, version: String, operation: LocalizableText
    ) throws(ClusterError) -> MarkupElement {
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

    private static func numbers(_ version: String) -> [Int] { version.split(separator: ".").compactMap { Int($0) } }

    /// The schema to use of those that a server names (`12.x, 14.0 and 15.0`): the newest one that is not newer than the
    /// wanted one; if all are newer, the newest, as a server has no schema above its own release.
    static func schema(namedIn text: String, for wanted: String) -> String? {
        let own = numbers(wanted)
        var named: [[Int]] = []
        for word in text.split(whereSeparator: { !($0.isNumber || $0 == "." || $0 == "x") }) {
            let parts = word.split(separator: ".")
            guard parts.count == 2, let major = Int(parts[0]) else { continue }
            if let minor = Int(parts[1]) {
                named.append([major, minor])
            } else if parts[1] == "x" {
                // Which ones that are is known for these releases only.
                named += ((10...12).contains(major) ? [0, 5] : [0]).map { [major, $0] }
            }
        }
        let usable = named.filter { !own.lexicographicallyPrecedes($0) && $0 != own }
        let best = (usable.isEmpty ? named : usable).max { $0.lexicographicallyPrecedes($1) }
        return best.map { "\($0[0]).\($0[1])" }
    }

    /// With how many rows to ask again: what the server suggests, but certainly fewer than before. Nil if it refused for
    /// another reason.
    private static func fewerRows(than rows: Int, after error: ClusterError) -> Int? {
        guard rows > 1, error.code == .refused, let suggested = suggestedRows(error.message.localized) else {
            return nil
        }
        return suggested < rows ? suggested : rows / 2
    }

    /// `Query request too large. Total rows matched: 2816 rows. Suggested row fetch: less than 844 rows`; others report
    /// `Suggestive Row Fetch`.
    static func suggestedRows(_ message: String) -> Int? {
        let text = message.lowercased()
        guard
            let range = ["suggested row fetch", "suggestive row fetch"].lazy.compactMap({ text.firstRange(of: $0) })
                .first
        else { return nil }
        let number = text[range.upperBound...].drop { !$0.isNumber }.prefix { $0.isNumber }
        // "less than".
        return Int(number).flatMap { $0 > 1 ? $0 - 1 : nil }
    }
}

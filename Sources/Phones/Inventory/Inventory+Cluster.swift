import Basics
import Cluster
import Configuration
import Messages

extension Inventory {
    /// The progress of the reading.
    public enum Progress: Sendable, Hashable {
        /// This many phones out of this many devices have been read.
        case read(Int, of: Int)
        /// The server is too busy; it is asked again after this many seconds.
        case waiting(Double, LocalizableText)
    }

    /// Reads the phones of a cluster page by page; docs/phones.md lists the queries.
    ///
    /// - Parameters:
    ///   - way: nil for AXL, or `run sql` if the configuration has no application account.
    ///   - asksForState: whether the Real-time Information Service is asked for registration, address and firmware. It
    ///     answers for 1000 phones at once and some 15 times a minute.
    /// - Throws: ``ClusterError``; ``InventoryError`` if the database's response is not understood.
    public static func read(
        from cluster: ClusterClient, by way: InventorySource? = nil, models: PhoneModelTable = .standard,
        asksForState: Bool = true, progress: @escaping (Progress) -> Void = { _ in }
    ) throws -> Inventory {
        let hasApplication = cluster.configuration.application != nil
        let way = way ?? (hasApplication ? .axl : .sql)
        var reader = InventoryReader(
            database: try .init(cluster, way, wait: { progress(.waiting($0, $1)) }),
            nodes: cluster.configuration.nodes, models: models)
        var notes: [LocalizableText] = []
        var states: ((ArraySlice<Phone>) throws(ClusterError) -> [RegisteredPhone])?
        if asksForState, hasApplication {
            let ris = try cluster.ris()
            states = { (phones) throws(ClusterError) in
                let names = phones.map(\.name)
                return try BusyServer.ask(note: { progress(.waiting($0, $1)) }) { () throws(ClusterError) in
                    try ris.phones(named: names)
                }
            }
        } else {
            notes.append(
                asksForState
                    ? localized(
                        "Registration and addresses are not known: the configuration names no application account.")
                    : localized("Registration and addresses were not asked for."))
        }
        do {
            try reader.read(states: states) { progress(.read($0, of: $1)) }
        } catch let error as ClusterError where states != nil && [.notFound, .notSupported].contains(error.code) {
            // A cluster without that service still has phones.
            reader = InventoryReader(
                database: try .init(cluster, way, wait: { progress(.waiting($0, $1)) }),
                nodes: cluster.configuration.nodes, models: models)
            try reader.read(states: nil) { progress(.read($0, of: $1)) }
            notes.append(localized("Registration and addresses are not known: \(error.message)."))
        }
        if reader.others > 0 {
            notes.append(
                localized(
                    "\(reader.others) devices of the class Phone are not telephones (templates, gateway ports), and were skipped."
                ))
        }
        return Inventory(phones: reader.phones, notes: notes, pools: reader.allPools)
    }
}

extension Inventory {
    /// Where phones are registered now: the node's name, by the phone's. Those that are not registered are left out.
    ///
    /// - Parameter isInterrupted: yes ends it between two requests; RIS answers for 1000 phones at once.
    /// - Throws: ``ClusterError``; `interrupted`.
    public static func registrations(
        of names: [String], in cluster: ClusterClient, isInterrupted: () -> Bool
    ) throws(ClusterError) -> [String: String] {
        let ris = try cluster.ris()
        var registered: [String: String] = [:]
        var rest = names[...]
        while !rest.isEmpty {
            guard !isInterrupted() else {
                throw ClusterError(
                    .interrupted, operation: localized("look up which phones are registered"),
                    message: localized("interrupted"))
            }
            let asked = Array(rest.prefix(1000))
            rest = rest.dropFirst(1000)
            let phones = try BusyServer.ask(
                note: { _, _ in }, sleep: { interruptibleSleep($0, isInterrupted: isInterrupted) }
            ) { () throws(ClusterError) in
                try ris.phones(named: asked)
            }
            for phone in phones where phone.isRegistered {
                registered[phone.name] = cluster.configuration.node(called: phone.node)?.name ?? phone.node
            }
        }
        return registered
    }
}

/// The cluster's database, over either interface.
struct InventoryDatabase {
    /// How many rows come at once. AXL refuses results that are too large; 2000 rows are too many.
    static let pageSize = 1000
    /// More rows than any table of a cluster has. A node that keeps sending some is not waited for.
    static let maximumRows = 1_000_000

    /// The publisher's name.
    let node: String
    private let query: (_ text: String, _ skip: Int, _ first: Int?) throws(ClusterError) -> SQLTable

    init(
        node: String, query: @escaping (_ text: String, _ skip: Int, _ first: Int?) throws(ClusterError) -> SQLTable
    ) {
        self.node = node
        self.query = query
    }

    init(_ cluster: ClusterClient, _ way: InventorySource, wait: @escaping (Double, LocalizableText) -> Void)
        throws(ClusterError)
    {
        node = try cluster.publisher().name
        switch way {
        case .axl:
            let axl = try cluster.axl()
            query = { (text, skip, first) throws(ClusterError) in
                try BusyServer.ask(note: wait) { () throws(ClusterError) in
                    guard let first else { return try axl.executeSQLQuery(text) }
                    return try axl.executeSQLQuery(text, skip: skip, first: first)
                }
            }
        case .sql:
            let commandLine = try cluster.commandLine(of: try cluster.publisher())
            query = { (text, skip, first) throws(ClusterError) in
                let window = first.map { "skip \(skip) first \($0) " } ?? ""
                return try commandLine.runSQL("select \(window)\(text.dropFirst(7))", timeout: 120)
            }
        }
    }

    /// The rows of a query, page by page.
    ///
    /// - Parameters:
    ///   - text: begins with `select` and has an order.
    ///   - columns: those that the result must have.
    ///   - count: how many rows there are, if known.
    func read(_ text: String, columns: [String], count: Int = .max, page: ([[String]]) throws -> Void) throws {
        var skip = 0
        while skip < count {
            let table = try query(text, skip, Self.pageSize)
            if table.rows.isEmpty { return }
            var places: [Int] = []
            for column in columns {
                guard let place = table.columns.firstIndex(of: column) else {
                    // Over AXL a column that is NULL in all rows may be omitted, if it is one that can be NULL.
                    guard
                        column.hasPrefix("fk") || column == "load" || PhoneDetails.columns.dropFirst().contains(column)
                    else { throw misunderstood(text, table) }
                    places.append(-1)
                    continue
                }
                places.append(place)
            }
            try page(
                table.rows.map { row in
                    places.map { place in place < 0 || row[place] == "NULL" ? "" : row[place] }
                })
            skip += table.rows.count
            guard skip <= Self.maximumRows else {
                throw misunderstood(text, localized("more than \(Self.maximumRows) rows"))
            }
            if table.rows.count < Self.pageSize { return }
        }
    }

    /// The number that a query returns.
    func number(_ text: String) throws -> Int {
        let table = try query(text, 0, nil)
        guard table.rows.count == 1, table.columns.count == 1, let number = Int(table.rows[0][0]), number >= 0 else {
            throw misunderstood(text, table)
        }
        return number
    }

    func misunderstood(_ text: String, _ table: SQLTable) -> InventoryError {
        let shown = ([table.columns] + table.rows.prefix(3)).map { $0.joined(separator: " | ") }
        return misunderstood(
            text, table.rows.isEmpty ? localized("no rows") : .verbatim(shown.joined(separator: "; ")))
    }

    func misunderstood(_ text: String, _ found: LocalizableText) -> InventoryError {
        InventoryError(
            .unexpectedAnswer,
            localized(
                "Unexpected response of \(node) to \"\(text)\"; found: \(found)"
            ),
            next: localized(
                "Please report this. phones list, forecast and check also read the phones from a file: --phones-from FILE.csv"
            ))
    }
}

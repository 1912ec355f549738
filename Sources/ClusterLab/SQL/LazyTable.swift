import Synchronization

/// A table that is large and rarely asked for: it is built at the first query.
final class LazyTable: Sendable {
    private let make: @Sendable () -> SQLDatabase.Table
    private let table = Mutex<SQLDatabase.Table?>(nil)

    init(_ make: @escaping @Sendable () -> SQLDatabase.Table) { self.make = make }

    var value: SQLDatabase.Table {
        table.withLock { table in
            if let table { return table }
            let made = make()
            table = made
            return made
        }
    }
}

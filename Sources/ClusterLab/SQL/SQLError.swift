/// The database's response to an unsupported query, with Informix's wording and numbers.
struct SQLError: Error, Hashable, Sendable {
    let code: Int
    let text: String

    static let syntax = SQLError(code: -201, text: "A syntax error has occurred.")

    static func noTable(_ name: String) -> SQLError {
        SQLError(code: -206, text: "The specified table (\(name)) is not in the database.")
    }

    static func noColumn(_ name: String) -> SQLError {
        SQLError(code: -217, text: "Column (\(name)) not found in any table in the query (or SLV is undefined).")
    }

    static func ambiguous(_ name: String) -> SQLError {
        SQLError(code: -324, text: "Ambiguous column (\(name)).")
    }
}

import Messages
import Phones

/// The phones that someone has to visit, as a table to hand out: where each of them is, whose it is, and what to press on
/// it.
///
/// Source: docs/phones.md, "The work".
public struct Worklist: Sendable {
    struct Row {
        let name, model: String
        let pool: String?
        let verdict: Verdict.Outcome
        let reason: LocalizableText
        /// Whether it was looked for after a change, and was not registered.
        var isMissing = false
    }

    private let rows: [Row]

    private init(_ rows: [Row]) { self.rows = rows }

    /// The phones' names, to ask the cluster for their details.
    public var names: [String] { rows.map(\.name) }

    /// Those that a forecast says will not, or may not, follow.
    public init(_ forecast: StoredForecast) {
        self.init(
            forecast.stranded.flatMap { group in
                group.phones.map {
                    Row(
                        name: $0, model: group.model, pool: group.pool, verdict: group.outcome, reason: group.reason)
                }
            })
    }

    /// Those that earlier changes left behind, and that nobody has visited since.
    public init(_ register: StrandedRegister) {
        self.init(
            register.entries.map {
                Row(name: $0.phone, model: $0.model, pool: $0.pool, verdict: $0.verdict, reason: $0.reason)
            })
    }

    /// What is left of a change: before it is finished, the phones that it is forecast to leave behind; afterwards,
    /// those that it did leave behind and that nobody has visited since.
    ///
    /// - Throws: as `StrandedRegister.init(of:in:)`.
    public init(_ record: ChangeRecord, in state: StateFolder) throws {
        guard record.state == .finished || record.state == .rolledBack || record.state == .abandoned else {
            self.init(record.rollback?.forecast ?? record.lastForecast ?? StoredForecast(groups: []))
            return
        }
        let register = try StrandedRegister(of: record.cluster, in: state)
        let names = Set(record.forecast.groups.flatMap(\.phones))
        self.init(Worklist(register).rows.filter { names.contains($0.name) })
    }

    /// Those that a checklist says would be left behind.
    init(_ stranded: [StoredForecast.Group]) { self.init(StoredForecast(groups: stranded)) }

    /// Those of a change record, according to its journal.
    init(_ left: [(code: ChangeRecord.LeftToDo.Code, phone: String, group: StoredForecast.Group?)]) {
        self.init(
            left.map { code, phone, group in
                Row(
                    name: phone, model: group?.model ?? "", pool: group?.pool, verdict: group?.outcome ?? .unknown,
                    reason: code == .missing
                        ? localized("was registered before the change, and is not after it")
                        : group?.reason ?? .verbatim(""), isMissing: code == .missing)
            })
    }

    /// The columns of the table.
    static let columns = [
        "name", "model", "pool", "location", "description", "owner", "number", "last address", "registered", "verdict",
        "reason", "what to do",
    ]

    /// The table as CSV, sorted by location, pool and name.
    ///
    /// - Parameter details: by phone name; for phones without, or if the cluster was not asked, its columns stay empty.
    public func csv(_ details: [String: PhoneDetails] = [:]) -> [UInt8] {
        var visits: [String: String] = [:]
        var reasons: [LocalizableText: String] = [:]
        let sorted = rows.map { ($0, details[$0.name] ?? PhoneDetails()) }.sorted { left, right in
            (left.1.location, left.0.pool ?? "", left.0.name) < (right.1.location, right.0.pool ?? "", right.0.name)
        }
        var lines = [CSV.line(Self.columns)]
        for (row, details) in sorted {
            let visit = visits[row.model] ?? VisitAdviceTable.standard.visit(row.model).text.localized
            visits[row.model] = visit
            let reason = reasons[row.reason] ?? row.reason.localized
            reasons[row.reason] = reason
            let isRegistered = row.isMissing ? false : details.isRegistered
            lines.append(
                CSV.line([
                    row.name, row.model, row.pool ?? "", details.location, details.description, details.owner,
                    details.number, details.address ?? "", isRegistered.map { $0 ? "yes" : "no" } ?? "",
                    row.verdict.rawValue, reason, visit,
                ]))
        }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }
}

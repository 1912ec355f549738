import Messages
import Migration

extension Registrations {
    /// For the terminal: in one sentence, and by pool, model and node; what differs comes first.
    ///
    /// - Parameter longest: how many rows there may be.
    func text(_ longest: Int) -> String {
        var rows: [(what: LocalizableText, count: Count)] = []
        rows += pools.map { (localized("pool"), $0) }
        rows += models.map { (localized("model"), $0) }
        rows += nodes.map { (localized("node"), $0) }
        let differing = rows.filter { $0.count.after != $0.count.before }
        let shown = (differing + rows.filter { $0.count.after == $0.count.before }).prefix(longest)
        var table = Table([localized("REGISTERED"), localized("NAME"), localized("BEFORE"), localized("AFTER")])
        for (what, count) in shown {
            table.add(what, count.name, "\(count.before)", count.after.map { "\($0)" } ?? "-")
        }
        let left = rows.count - shown.count
        let more = left > 0 ? "\n" + localized("\(left) more rows are not shown; --json has them all.").localized : ""
        return (summary.map { localized("\($0).").localized + "\n" } ?? "") + table.text + more
    }
}

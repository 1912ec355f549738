/// What is known by models' names, in which `*` stands for any text. A name without it counts before one with it, and a
/// longer one before a shorter one.
struct ModelPatterns<Entry: Sendable>: Sendable {
    let entries: [Entry]
    private var exact: [String: Entry] = [:]
    private var patterns: [(name: Wildcard, length: Int, entry: Entry)] = []

    /// - Parameter model: an entry's name or pattern.
    init(_ entries: [Entry], model: (Entry) -> String) {
        self.entries = entries
        for entry in entries {
            let name = PhoneModelTable.normal(model(entry))
            if name.contains("*") {
                patterns.append((Wildcard(name), model(entry).count, entry))
            } else {
                exact[name] = entry
            }
        }
        patterns.sort { $0.length > $1.length }
    }

    /// Those for a model, the most specific first.
    ///
    /// - Parameter name: as `PhoneModelTable.normal` writes it.
    func matches(_ name: String) -> [Entry] {
        (exact[name].map { [$0] } ?? []) + patterns.filter { $0.name.matches(name) }.map(\.entry)
    }
}

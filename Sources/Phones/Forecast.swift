/// What each phone of a cluster will do with a new CTL file.
public struct Forecast: Sendable {
    public struct Entry: Sendable {
        public let phone: Phone
        /// What it holds now, as a short text for tables.
        public let before: String
        public let verdict: Verdict

        public init(phone: Phone, before: String, verdict: Verdict) {
            self.phone = phone
            self.before = before
            self.verdict = verdict
        }
    }

    public let entries: [Entry]

    public init(entries: [Entry]) { self.entries = entries }

    /// The phones that will not, or may not, take the file: somebody must visit them.
    public var stranded: [Entry] { entries.filter { $0.verdict.outcome != .accepted } }
}

import TrustList

/// A phone of the cluster.
public struct Phone: Hashable, Sendable {
    /// Device name, `SEP` and the MAC address.
    public let name: String
    public let model: PhoneModel
    /// Where its web page answers, where known.
    public let address: String?
    /// Whether it is registered at the moment, where known.
    public let isRegistered: Bool?

    public init(name: String, model: PhoneModel, address: String?, isRegistered: Bool?) {
        self.name = name
        self.model = model
        self.address = address
        self.isRegistered = isRegistered
    }
}

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

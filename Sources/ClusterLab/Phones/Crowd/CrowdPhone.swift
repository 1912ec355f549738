/// One of many phones: a few bytes in an array. What it holds is a number in a table that all phones share.
struct CrowdPhone: Sendable {
    /// The index of its kind in the population.
    let kind: UInt16
    /// Which files it holds: numbers in the crowd's table, 0 for none.
    var ctl: UInt16 = 0
    var itl: UInt16 = 0
    /// The outcomes for the files at the last start: numbers in the crowd's table, 0 for none.
    var ctlOutcome: UInt16 = 0
    var itlOutcome: UInt16 = 0
    var starts: UInt16 = 0
    /// The node where it is registered, as its number in the plan; -1 for none.
    var registeredAt: Int8 = -1
    /// Seconds since 1970; 0 for never.
    var lastStart: UInt32 = 0
}

/// The outcome for a trust list at a start, without time and place.
struct CrowdOutcome: Hashable, Sendable, Codable {
    var kind: PhoneState.Outcome.Kind
    var rule: Int?
    var reason: String
}

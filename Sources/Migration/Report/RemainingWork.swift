import Messages

/// What a run that resumes a change would still do.
public struct RemainingWork: Codable, Sendable {
    /// In their order; each text says what, and where.
    public let steps: [RollbackPlan.Step]
    /// How long they take together, estimated.
    public let seconds: Double
    /// Whether that comes from this cluster's own earlier changes.
    public let isMeasured: Bool

    public var timeText: LocalizableText { PlanSummary.timeText(seconds, isMeasured: isMeasured) }
}

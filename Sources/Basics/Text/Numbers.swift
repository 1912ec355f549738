extension Int {
    /// The nearest whole number toward zero. `Int(_:)` traps on what does not fit, and on what is not a number; this is
    /// then the nearest end of the range, or 0.
    public init(clamped number: Double) {
        guard !number.isNaN else {
            self = 0
            return
        }
        // The largest Double below 2^63.
        self = Int(Swift.min(Swift.max(number, -0x1p63), 0x1.fffffffffffffp62))
    }
}

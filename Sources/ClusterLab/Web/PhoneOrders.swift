import Synchronization

/// AXL restarts phones one after another, which takes a moment for each, however many clients ask.
final class PhoneOrders: Sendable {
    private let free = Mutex(ContinuousClock.now)

    private static let operations = ["restartPhone", "resetPhone", "doDeviceReset"]

    /// Whether a request tells a phone to restart.
    static func isOrder(_ request: WebRequest) -> Bool {
        guard let action = request.header("SOAPAction") else { return false }
        return operations.contains { action.contains($0) }
    }

    /// When an order that arrives now will be done.
    ///
    /// - Parameter seconds: how long one takes.
    func end(of seconds: Double) -> ContinuousClock.Instant {
        free.withLock { free in
            free = max(free, .now) + .seconds(seconds)
            return free
        }
    }
}

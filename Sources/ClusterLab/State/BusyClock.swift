import Synchronization

/// How long something was in progress that a client has to wait for: services and phones that are starting, phones that
/// are being told to restart. What happens at the same time counts once.
final class BusyClock: Sendable {
    private struct State {
        var count = 0
        var since = ContinuousClock.now
        var total = Duration.zero
    }

    private let state = Mutex(State())

    func begin() {
        state.withLock { state in
            if state.count == 0 { state.since = .now }
            state.count += 1
        }
    }

    func end() {
        state.withLock { state in
            state.count -= 1
            if state.count == 0 { state.total += .now - state.since }
        }
    }

    func during<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
        begin()
        defer { end() }
        try body()
    }

    var seconds: Double {
        state.withLock { state in
            (state.total + (state.count > 0 ? .now - state.since : .zero)) / .seconds(1)
        }
    }
}

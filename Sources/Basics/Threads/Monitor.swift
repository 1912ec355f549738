import Glibc

/// A lock with which threads can also wait for a change of what it guards.
///
/// `Mutex` of the standard library cannot wait, and `Condition` does not exist on Linux without Foundation.
package final class Monitor<State>: @unchecked Sendable {
    // `state` is only touched while `lock` is held. Both live as long as this object, at one address.
    private let lock: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
    private let change: UnsafeMutablePointer<pthread_cond_t> = .allocate(capacity: 1)
    private var state: State

    package init(_ state: sending State) {
        self.state = state
        pthread_mutex_init(lock, nil)
        // Deadlines must not depend on the wall clock.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(change, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(change)
        pthread_mutex_destroy(lock)
        change.deallocate()
        lock.deallocate()
    }

    /// Runs `body` alone, with what is guarded; afterwards those who wait look again.
    package func change<Result>(_ body: (inout State) -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer {
            pthread_cond_broadcast(change)
            pthread_mutex_unlock(lock)
        }
        return body(&state)
    }

    /// Runs `body` alone, with what is guarded; nobody is woken.
    package func read<Result>(_ body: (State) -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body(state)
    }

    /// Waits until `value` finds what it looks for.
    ///
    /// - Parameter deadline: when the wait ends without it.
    /// - Returns: what was found; nil if the deadline passed first.
    package func wait<Value>(until deadline: Deadline = .never, for value: (State) -> Value?) -> Value? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while true {
            if let found = value(state) { return found }
            guard let left = deadline.millisecondsLeft else {
                pthread_cond_wait(change, lock)
                continue
            }
            guard left > 0 else { return nil }
            var end = timespec()
            clock_gettime(CLOCK_MONOTONIC, &end)
            let nanoseconds = end.tv_nsec + Int(left % 1000) * 1_000_000
            end.tv_sec += Int(left / 1000) + nanoseconds / 1_000_000_000
            end.tv_nsec = nanoseconds % 1_000_000_000
            pthread_cond_timedwait(change, lock, &end)
        }
    }
}

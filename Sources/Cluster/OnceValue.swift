import Configuration
import Glibc

/// A value that takes a while to create: the first caller creates it, concurrent callers wait for the same result, even
/// if it is a failure. No lock is held while it is created. After a failure the next caller tries again.
final class OnceValue<Value: Sendable>: @unchecked Sendable {
    /// One attempt; it has no result while it is in progress.
    private final class Attempt {
        var result: Result<Value, ClusterError>?
    }

    // Everything below is touched only while `lock` is held. Both live as long as this object, at one address.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let change = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var attempt: Attempt?

    init() {
        pthread_mutex_init(lock, nil)
        pthread_cond_init(change, nil)
    }

    deinit {
        pthread_cond_destroy(change)
        pthread_mutex_destroy(lock)
        change.deallocate()
        lock.deallocate()
    }

    /// The current value; also nil while it is being created.
    var value: Value? { locked { try? attempt?.result?.get() } }

    /// The value, created now if there is none.
    ///
    /// - Parameter isUsable: checks an existing value; an unusable one is created again.
    func get(
        isUsable: (Value) -> Bool = { _ in true }, _ make: () throws(ClusterError) -> Value
    ) throws(ClusterError) -> Value {
        let (joined, isOurs) = locked { () -> (Attempt, Bool) in
            if let known = attempt {
                guard let result = known.result else {
                    while known.result == nil { pthread_cond_wait(change, lock) }
                    return (known, false)
                }
                if case .success(let value) = result, isUsable(value) { return (known, false) }
            }
            let new = Attempt()
            attempt = new
            return (new, true)
        }
        if isOurs {
            let result = Result { () throws(ClusterError) in try make() }
            locked {
                joined.result = result
                _ = pthread_cond_broadcast(change)
            }
            return try result.get()
        }
        guard let result = locked({ joined.result }) else { preconditionFailure("it was waited for") }
        return try result.get()
    }

    /// Forgets the value, if it is one of these; the next caller creates it again.
    func forget(where isOld: (Value) -> Bool = { _ in true }) {
        locked {
            if case .success(let value) = attempt?.result, isOld(value) { attempt = nil }
        }
    }

    private func locked<T>(_ body: () -> T) -> T {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }
}

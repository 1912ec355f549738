import Configuration
import Glibc

/// A value that takes a while to make: the first who asks makes it, whoever asks meanwhile waits for the same result, also
/// where it is a failure. No lock is held while it is made. After a failure the next one tries again.
final class OnceValue<Value: Sendable>: @unchecked Sendable {
    /// One attempt; it has no result while somebody is at it.
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

    /// What there is now; nil while it is being made, too.
    var value: Value? { locked { try? attempt?.result?.get() } }

    /// The value, made now where there is none.
    ///
    /// - Parameter isUsable: asked of a value of before; one that is not is made again.
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

    /// Forgets the value, where it is one of these; the next one who asks makes it again.
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

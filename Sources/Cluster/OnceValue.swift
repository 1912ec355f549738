import Basics
import Configuration

/// A value that takes a while to create: the first caller creates it, concurrent callers wait for the same result, even
/// if it is a failure. No lock is held while it is created. After a failure the next caller tries again.
final class OnceValue<Value: Sendable>: Sendable {
    /// One attempt; it has no result while it is in progress.
    private final class Attempt: @unchecked Sendable {
        // Only touched while the monitor is held.
        var result: Result<Value, ClusterError>?
    }

    private let attempt = Monitor<Attempt?>(nil)

    /// The current value; also nil while it is being created.
    var value: Value? { attempt.read { try? $0?.result?.get() } }

    /// The value, created now if there is none.
    ///
    /// - Parameter isUsable: checks an existing value; an unusable one is created again.
    func get(
        isUsable: (Value) -> Bool = { _ in true }, _ make: () throws(ClusterError) -> Value
    ) throws(ClusterError) -> Value {
        let (joined, isOurs) = attempt.change { current -> (Attempt, Bool) in
            switch current?.result {
            case nil: if let current { return (current, false) }
            case .success(let value): if let current, isUsable(value) { return (current, false) }
            case .failure: break
            }
            let new = Attempt()
            current = new
            return (new, true)
        }
        if isOurs {
            let result = Result { () throws(ClusterError) in try make() }
            attempt.change { _ in joined.result = result }
            return try result.get()
        }
        guard let result = attempt.wait(for: { _ in joined.result }) else {
            preconditionFailure("there is no deadline")
        }
        return try result.get()
    }

    /// Forgets the value, if it is one of these; the next caller creates it again.
    func forget(where isOld: (Value) -> Bool = { _ in true }) {
        attempt.change { current in
            if case .success(let value) = current?.result, isOld(value) { current = nil }
        }
    }
}

import Glibc
import Synchronization

/// Work that blocks, for several nodes at once: a thread for each.
public enum Concurrently {
    /// Calls `body` for every input at the same time, and returns when the last one has returned.
    ///
    /// - Returns: the results in the order of the inputs.
    public static func map<Input: Sendable, Output: Sendable>(
        _ inputs: [Input], _ body: @escaping @Sendable (Input) -> Output
    ) -> [Output] {
        guard inputs.count > 1 else { return inputs.map(body) }
        let results = Results<Output>(count: inputs.count)
        var threads: [pthread_t] = []
        for (index, input) in inputs.enumerated() {
            let work = Work { results.set(index, body(input)) }
            if let thread = start(work) {
                threads.append(thread)
            } else {
                // The system gives no more threads: then it is this one's turn.
                work.run()
            }
        }
        for thread in threads { pthread_join(thread, nil) }
        return results.all
    }

    private final class Work: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private final class Results<Output: Sendable>: Sendable {
        private let values: Mutex<[Output?]>

        init(count: Int) { values = Mutex(Array(repeating: nil, count: count)) }

        func set(_ index: Int, _ value: Output) { values.withLock { $0[index] = value } }

        var all: [Output] { values.withLock { $0.compactMap(\.self) } }
    }

    private static func start(_ work: Work) -> pthread_t? {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(work)
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        guard status == 0 else {
            box.release()
            return nil
        }
        return thread
    }
}

import Synchronization

/// Blocking work for several inputs in parallel, on its own threads.
package enum Concurrently {
    /// Calls `body` for every input, this many in parallel, and returns when the last call has returned. After a
    /// failure no more calls are started.
    ///
    /// - Returns: the results in the order of the inputs.
    /// - Throws: the error for the first input whose call failed.
    package static func map<Input: Sendable, Output: Sendable, Failure: Error>(
        _ inputs: [Input], maximumWidth: Int = 32, _ body: @escaping @Sendable (Input) throws(Failure) -> Output
    ) throws(Failure) -> [Output] {
        guard inputs.count > 1, maximumWidth > 1 else { return try inputs.map(body) }
        let queue = Queue(inputs, body)
        // This thread works, too, so that it continues if the system has no more threads.
        let helpers = (1..<min(maximumWidth, inputs.count)).map { _ in BlockingTask { queue.work() } }
        queue.work()
        for helper in helpers { _ = helper.result() }
        return try queue.outputs()
    }

    /// Does two things at the same time.
    package static func both<One: Sendable, Other>(
        _ one: @escaping @Sendable () -> One, _ other: () -> Other
    ) -> (One, Other) {
        let task = BlockingTask(one)
        let result = other()
        guard let first = task.result()?.get() else { preconditionFailure("work that ended without a result") }
        return (first, result)
    }

    private final class Queue<Input: Sendable, Output: Sendable, Failure: Error>: Sendable {
        private struct State {
            var next = 0
            var outputs: [Output?]
            var failure: (index: Int, error: Failure)?
        }

        private let inputs: [Input]
        private let body: @Sendable (Input) throws(Failure) -> Output
        private let state: Mutex<State>

        init(_ inputs: [Input], _ body: @escaping @Sendable (Input) throws(Failure) -> Output) {
            self.inputs = inputs
            self.body = body
            state = Mutex(State(outputs: Array(repeating: nil, count: inputs.count)))
        }

        /// Takes inputs until none is left.
        func work() {
            while let index = take() {
                do throws(Failure) {
                    let output = try body(inputs[index])
                    state.withLock { $0.outputs[index] = output }
                } catch {
                    state.withLock { if index < $0.failure?.index ?? .max { $0.failure = (index, error) } }
                }
            }
        }

        private func take() -> Int? {
            state.withLock {
                guard $0.failure == nil, $0.next < inputs.count else { return nil }
                $0.next += 1
                return $0.next - 1
            }
        }

        func outputs() throws(Failure) -> [Output] {
            let (outputs, failure) = state.withLock { ($0.outputs, $0.failure) }
            if let failure { throw failure.error }
            return outputs.compactMap(\.self)
        }
    }
}

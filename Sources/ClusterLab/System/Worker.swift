import Basics
import Dispatch
import Synchronization

/// One thread that executes work in order for the life of the process.
final class Worker: Sendable {
    private let queue = Mutex<[@Sendable () -> Void]>([])
    private let ready = DispatchSemaphore(value: 0)

    init() {
        OwnThread.start { [self] in
            while true {
                ready.wait()
                let next = queue.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                next?()
            }
        }
    }

    func post(_ work: @escaping @Sendable () -> Void) {
        queue.withLock { $0.append(work) }
        ready.signal()
    }

    /// Does the work on the worker's thread and waits for its result.
    func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) -> Result {
        let done = DispatchSemaphore(value: 0)
        let box = Box<Result>()
        post {
            box.value.withLock { $0 = work() }
            done.signal()
        }
        done.wait()
        guard let result = box.value.withLock({ $0 }) else { preconditionFailure("the work left no result") }
        return result
    }

    private final class Box<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }
}

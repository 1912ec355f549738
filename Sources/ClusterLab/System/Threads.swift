import Dispatch
import Glibc
import Synchronization

/// Threads for work that blocks.
enum Threads {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a new thread of its own.
    ///
    /// - Returns: false when the system gives no more threads.
    @discardableResult
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let box = Unmanaged.passRetained(Body(body))
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        if status != 0 { box.release() }
        return status == 0
    }
}

/// One thread that does what it is given, in order, for as long as the process lives.
final class Worker: Sendable {
    private let queue = Mutex<[@Sendable () -> Void]>([])
    private let ready = DispatchSemaphore(value: 0)

    init() {
        Threads.start { [self] in
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

import Glibc
import Testing

/// For suites whose tests wait: for programs, servers, files. Each runs on its own threads.
///
/// Swift's own threads are as few as the processors: two tests that wait would keep all others from running.
public struct WaitingTrait: SuiteTrait, TestTrait, TestScoping {
    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(ThreadPerJob.shared) { try await function() }
    }
}

extension Trait where Self == WaitingTrait {
    /// The tests wait for others, so that they run on their own threads.
    public static var waiting: Self { WaitingTrait() }
}

/// Runs its work at once, on a new thread.
private final class ThreadPerJob: TaskExecutor {
    static let shared = ThreadPerJob()

    private final class Work {
        let job: UnownedJob

        init(_ job: UnownedJob) { self.job = job }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let work = Unmanaged.passRetained(Work(UnownedJob(job)))
        var thread = pthread_t()
        // EAGAIN: there are too many at this moment.
        while true {
            let result = pthread_create(&thread, nil, Self.run, work.toOpaque())
            if result == 0 { break }
            usleep(10_000)
        }
        pthread_detach(thread)
    }

    private static let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        if let argument {
            let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
            work.job.runSynchronously(on: ThreadPerJob.shared.asUnownedTaskExecutor())
        }
        return nil
    }
}

/// Checks repeatedly whether a condition holds. If it does not in time, an issue is recorded.
///
/// - Parameters:
///   - what: what is waited for, for the issue.
///   - seconds: how long. Only a test that fails takes as long.
public func waitUntil(
    _ what: @autoclosure () -> String, within seconds: Double = 60, sourceLocation: SourceLocation = #_sourceLocation,
    _ isSo: () throws -> Bool
) rethrows {
    if try !comesTrue(within: seconds, isSo) {
        Issue.record("not within \(seconds) s: \(what())", sourceLocation: sourceLocation)
    }
}

/// The same if the check takes an `await`.
public func waitUntil(
    _ what: @autoclosure () -> String, within seconds: Double = 60, sourceLocation: SourceLocation = #_sourceLocation,
    _ isSo: () async throws -> Bool
) async rethrows {
    let end = ContinuousClock.now + .seconds(seconds)
    while try await !isSo() {
        guard ContinuousClock.now < end else {
            Issue.record("not within \(seconds) s: \(what())", sourceLocation: sourceLocation)
            return
        }
        try? await Task.sleep(for: .milliseconds(20))
    }
}

/// The same for fixtures, which say more about what went wrong.
func comesTrue(within seconds: Double, _ isSo: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while try !isSo() {
        guard ContinuousClock.now < end else { return false }
        usleep(20_000)
    }
    return true
}

import Basics
import Glibc
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct ConcurrentlyTests {
    private struct Odd: Error, Equatable { let number: Int }

    @Test(arguments: [1, 2, 7, 100]) func everyInputHasItsResult(width: Int) {
        let inputs = Array(0..<50)
        #expect(Concurrently.map(inputs, maximumWidth: width) { $0 * 2 } == inputs.map { $0 * 2 })
        #expect(Concurrently.map([Int](), maximumWidth: width) { $0 } == [])
    }

    /// As many at once as allowed, and never more.
    @Test func keepsToItsWidth() {
        let counts = Mutex((now: 0, most: 0))
        _ = Concurrently.map(Array(0..<24), maximumWidth: 4) { _ in
            counts.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            // Stays until the others have come; at the end there may be none.
            let deadline = Deadline(seconds: 0.2)
            while counts.withLock({ $0.now < 4 }), !deadline.hasPassed { interruptibleSleep(0.001) }
            counts.withLock { $0.now -= 1 }
        }
        #expect(counts.withLock { $0.most } == 4)
    }

    /// One input does not wait for another that takes long.
    @Test func aSlowOneKeepsNobody() {
        let isReleased = Atomic(false)
        let results = Concurrently.map(Array(0..<20), maximumWidth: 2) { input in
            if input == 0 { while !isReleased.load(ordering: .acquiring) { interruptibleSleep(0.001) } }
            if input == 19 { isReleased.store(true, ordering: .releasing) }
            return input
        }
        #expect(results == Array(0..<20))
    }

    @Test func throwsWhatTheFirstInputThrew() {
        let begun = Mutex(0)
        let error = #expect(throws: Odd.self) {
            try Concurrently.map(Array(0..<1000), maximumWidth: 3) { (number) throws(Odd) -> Int in
                begun.withLock { $0 += 1 }
                guard number % 2 == 0 else { throw Odd(number: number) }
                return number
            }
        }
        #expect(error == Odd(number: 1))
        #expect(begun.withLock { $0 } < 1000)
    }

    @Test func doesBothAtOnce() {
        let isThere = Atomic(false)
        let (one, other) = Concurrently.both {
            while !isThere.load(ordering: .acquiring) { interruptibleSleep(0.001) }
            return 1
        } _: {
            isThere.store(true, ordering: .releasing)
            return "two"
        }
        #expect(one == 1 && other == "two")
    }
}

@Suite(.timeLimit(.minutes(5))) struct BlockingTaskTests {
    private struct Failed: Error {}
    private final class Owned: Sendable {
        let isGone: Mutex<Bool>.Shared
        init(_ isGone: Mutex<Bool>.Shared) { self.isGone = isGone }
        deinit { isGone.set() }
    }

    @Test func tellsWhatCameOut() throws {
        #expect(BlockingTask { 7 }.value(within: 60) == 7)
        let result = BlockingTask { () throws(Failed) -> Int in throw Failed() }.result(within: 60)
        #expect(throws: Failed.self) { try #require(result).get() }
    }

    /// Work that does not return is abandoned, and what it does later does no harm.
    @Test func canBeGivenUp() {
        let isReleased = Atomic(false)
        let hasEnded = Mutex<Bool>.Shared()
        let task = BlockingTask { [hasEnded] in
            while !isReleased.load(ordering: .acquiring) { interruptibleSleep(0.001) }
            hasEnded.set()
        }
        #expect(task.value(within: 0) == nil)
        #expect(task.result(until: Deadline(seconds: 0.02)) == nil)
        isReleased.store(true, ordering: .releasing)
        #expect(task.value(within: 60) != nil && hasEnded.isSet)
    }

    /// What the work owned is released when its end is reported: a module is unloaded before the program continues.
    @Test func letsGoOfWhatItOwned() {
        let isGone = Mutex<Bool>.Shared()
        var owned: Owned? = Owned(isGone)
        let task = BlockingTask { [owned] in _ = owned }
        owned = nil
        #expect(task.value(within: 60) != nil && isGone.isSet)
    }

    /// Signals are for the main thread.
    @Test func hearsNoSignal() {
        let blocked = BlockingTask {
            var mask = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &mask)
            return sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGTERM) == 1
        }
        #expect(blocked.value(within: 60) == true)
    }
}

@Suite(.timeLimit(.minutes(5))) struct WorkerTests {
    /// The calling thread: PROCESS/task/THREAD.
    private func thread() -> String {
        var buffer = [CChar](repeating: 0, count: 64)
        let length = readlink("/proc/thread-self", &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private func exists(_ thread: String) -> Bool { access("/proc/\(thread)", F_OK) == 0 }

    @Test func oneThreadDoesAll() throws {
        var worker: Worker? = Worker()
        var threads: Set<String> = []
        for _ in 0..<20 {
            let task = BlockingTask(on: worker) { [worker] in (thread(), worker?.isCurrent) }
            let (name, isCurrent) = try #require(task.value(within: 60))
            threads.insert(name)
            #expect(isCurrent == true && worker?.isCurrent == false)
        }
        let name = try #require(threads.first)
        #expect(threads.count == 1 && exists(name))
        // It ends with its owner.
        worker = nil
        let deadline = Deadline(seconds: 60)
        while exists(name), !deadline.hasPassed { interruptibleSleep(0.001) }
        #expect(!exists(name))
    }

    /// Work that hangs keeps the thread; what comes after it is done by others, until it returns.
    @Test func oneThatHangsIsReplaced() throws {
        let worker = Worker()
        let isReleased = Atomic(false)
        let hung = BlockingTask(on: worker) {
            while !isReleased.load(ordering: .acquiring) { interruptibleSleep(0.001) }
        }
        #expect(hung.value(within: 0) == nil)
        #expect(BlockingTask(on: worker) { worker.isCurrent }.value(within: 60) == false)
        isReleased.store(true, ordering: .releasing)
        #expect(hung.value(within: 60) != nil)
        #expect(BlockingTask(on: worker) { worker.isCurrent }.value(within: 60) == true)
    }

    /// A deadline that moves gives each part of the work its own time.
    @Test func aDeadlineMayMove() {
        let deadline = Mutex(Deadline(seconds: 0.05))
        let task = BlockingTask(on: Worker()) {
            for _ in 0..<4 {
                deadline.withLock { $0 = Deadline(seconds: 60) }
                interruptibleSleep(0.04)
            }
        }
        #expect(task.result(until: { deadline.withLock { $0 } }) != nil)
        let isReleased = Atomic(false)
        let late = BlockingTask(on: Worker()) {
            while !isReleased.load(ordering: .acquiring) { interruptibleSleep(0.001) }
        }
        let past = Deadline(seconds: 0)
        #expect(late.result(until: { past }) == nil)
        isReleased.store(true, ordering: .releasing)
        #expect(late.result(within: 60) != nil)
    }

    /// A thread may run where it could before, after it has waited.
    @Test func noThreadStaysOnOneProcessor() {
        func processors() -> String? {
            (try? Files.read("/proc/thread-self/status", limit: 1 << 16)).flatMap { bytes in
                String(decoding: bytes, as: UTF8.self).split(separator: "\n")
                    .first { $0.hasPrefix("Cpus_allowed_list:") }.map { String($0) }
            }
        }
        let worker = Worker()
        let before = processors()
        for _ in 0..<3 {
            let inside = BlockingTask(on: worker) { processors() }.value(within: 60)
            #expect(before != nil && inside == before && processors() == before)
        }
    }
}

extension Mutex where Value == Bool {
    /// A flag that several own.
    fileprivate final class Shared: Sendable {
        private let value = Mutex<Bool>(false)
        func set() { value.withLock { $0 = true } }
        var isSet: Bool { value.withLock { $0 } }
    }
}

@Suite(.timeLimit(.minutes(5))) struct WaitingTests {
    @Test func pausesGrowUntilItIsTimeToGiveUp() {
        var backoff = Backoff(first: 1, longest: 30, limit: 100)
        var pauses: [Double] = []
        while let pause = backoff.pause() { pauses.append(pause) }
        #expect(pauses == [1, 2, 4, 8, 16, 30, 30, 9])
    }

    @Test func theServerKnowsBetter() {
        var backoff = Backoff(limit: 10)
        #expect(backoff.pause(wanted: 7) == 7)
        #expect(backoff.pause() == 2)
        #expect(backoff.pause(wanted: 5) == nil)
        #expect(backoff.pause(wanted: 0) == 0.1)
        var none = Backoff(limit: 0)
        #expect(none.pause() == nil && none.pause(wanted: 1) == nil)
    }

    @Test func sleepEndsWhereItIsInterrupted() {
        var questions = 0
        let start = ContinuousClock.now
        let wasAllowed = interruptibleSleep(600) {
            questions += 1
            return questions > 2
        }
        #expect(!wasAllowed && questions == 3 && ContinuousClock.now - start < .seconds(300))
        #expect(interruptibleSleep(0))
    }

    @Test func deadlines() {
        #expect(
            !Deadline.never.hasPassed && Deadline.never.millisecondsLeft == nil && Deadline.never.secondsLeft == nil)
        let past = Deadline(seconds: -1)
        #expect(past.hasPassed && past.millisecondsLeft == 0 && past.secondsLeft == 0)
        let day = Deadline(seconds: 1_000_000)
        #expect(!day.hasPassed && day.millisecondsLeft == 86_400_000)
        #expect([day, .never, past].sorted() == [past, day, .never])
    }
}

import Glibc

/// A gate that is opened once, by one thread, while others wait for it.
final class Latch: @unchecked Sendable {
    // `isOpen` is only touched under the lock.
    private let lock: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
    private let opened: UnsafeMutablePointer<pthread_cond_t> = .allocate(capacity: 1)
    private var isOpen = false

    init() {
        pthread_mutex_init(lock, nil)
        // Deadlines must not depend on the wall clock.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(opened, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(opened)
        pthread_mutex_destroy(lock)
        opened.deallocate()
        lock.deallocate()
    }

    func open() {
        pthread_mutex_lock(lock)
        isOpen = true
        pthread_cond_broadcast(opened)
        pthread_mutex_unlock(lock)
    }

    /// Returns once it is open; false if the deadline passed first.
    func wait(until deadline: Deadline = .never) -> Bool {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while !isOpen {
            guard let left = deadline.millisecondsLeft else {
                pthread_cond_wait(opened, lock)
                continue
            }
            guard left > 0 else { return false }
            var end = timespec()
            clock_gettime(CLOCK_MONOTONIC, &end)
            let nanoseconds = end.tv_nsec + Int(left % 1000) * 1_000_000
            end.tv_sec += Int(left / 1000) + nanoseconds / 1_000_000_000
            end.tv_nsec = nanoseconds % 1_000_000_000
            pthread_cond_timedwait(opened, lock, &end)
        }
        return true
    }
}

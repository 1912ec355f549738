import Glibc
import Synchronization

/// A sleep that another thread can end, once and for all.
final class Alarm: Sendable {
    private let reading: Int32
    private let writing: Int32
    private let isSet = Atomic(false)

    init() {
        var ends: [Int32] = [-1, -1]
        // Without a pipe, sleeping is only less prompt.
        _ = pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    var hasRung: Bool { isSet.load(ordering: .acquiring) }

    func ring() {
        isSet.store(true, ordering: .releasing)
        _ = write(writing, [1], 1)
    }

    func sleep(milliseconds: UInt32) {
        var descriptor = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        _ = poll(&descriptor, 1, Int32(min(milliseconds, 3_600_000)))
    }
}

import Basics
import Glibc
import Synchronization

/// A sleep that another thread can end, once and for all.
final class WakeUpTimer: Sendable {
    private let reading: Int32
    private let writing: Int32
    private let isSet = Atomic(false)

    init() {
        // Without a pipe, sleeping is only less prompt.
        let pipe = try? PipeEnds()
        (reading, writing) = (pipe?.reading ?? -1, pipe?.writing ?? -1)
    }

    deinit {
        close(reading)
        close(writing)
    }

    var hasFired: Bool { isSet.load(ordering: .acquiring) }

    func fire() {
        isSet.store(true, ordering: .releasing)
        _ = write(writing, [1], 1)
    }

    func sleep(milliseconds: UInt32) {
        var descriptor = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        _ = poll(&descriptor, 1, Int32(min(milliseconds, 3_600_000)))
    }
}

import Basics
import CLinux
import Dispatch
import Glibc
import Synchronization

/// Accepts connections and gives each its own thread.
final class Listener: Sendable {
    private struct State {
        var isStopped = false
        var connections: Set<Int32> = []
    }

    private static let maximumConnections = 200

    private let descriptor: Int32
    private let state = Mutex(State())
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - descriptor: a listening socket, which the listener owns from now on.
    ///   - handler: gets each connection; the listener closes it when the handler returns.
    init(_ descriptor: Int32, handler: @escaping @Sendable (Int32) -> Void) {
        self.descriptor = descriptor
        OwnThread.start { [self] in
            accept(handler)
            close(descriptor)
            ended.signal()
        }
    }

    /// Closes the listening socket and cuts all connections.
    func stop() {
        let first = state.withLock { state in
            defer { state.isStopped = true }
            for connection in state.connections { Self.cut(connection) }
            return !state.isStopped
        }
        guard first else { return }
        // Wakes the thread in accept(2).
        Self.cut(descriptor)
        ended.wait()
    }

    /// Ends a connection in both directions at once; its descriptor stays open.
    static func cut(_ connection: Int32) { etb_hang_up(connection) }

    private func accept(_ handler: @escaping @Sendable (Int32) -> Void) {
        while true {
            let connection = etb_accept(descriptor)
            guard connection >= 0 else {
                if state.withLock({ $0.isStopped }) { return }
                // A connection that was cut before it was accepted, or too many open files: more may still come.
                interruptibleSleep(0.01)
                continue
            }
            let isTaken = state.withLock { state in
                guard !state.isStopped, state.connections.count < Self.maximumConnections else { return false }
                state.connections.insert(connection)
                return true
            }
            let started =
                isTaken
                && OwnThread.start { [self] in
                    handler(connection)
                    end(connection)
                }
            if !started { end(connection) }
        }
    }

    private func end(_ connection: Int32) {
        // Removed and closed under one lock: afterwards the number may belong to another connection.
        state.withLock { state in
            state.connections.remove(connection)
            close(connection)
        }
    }
}

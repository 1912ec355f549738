import Basics
import Synchronization
import X509

/// The sessions of one node's web pages, as Tomcat and Struts keep them.
final class WebSessions: Sendable {
    enum Login: Sendable {
        /// Logged in, under a new session id.
        case accepted(id: String)
        case refused
        /// Too many wrong passwords in a row: no logins for a while.
        case locked(seconds: Int64)
    }

    private struct Session {
        var isLoggedIn = false
        var lastUsed: Int64
        var token: String?
    }

    private struct State {
        var sessions: [String: Session] = [:]
        var failures = 0
        var lockedUntil: Int64 = 0
    }

    static let idleSeconds: Int64 = 30 * 60
    static let allowedFailures = 4
    static let lockSeconds: Int64 = 30
    private static let maximumSessions = 1000

    private let state = Mutex(State())

    /// A new session that is not logged in.
    func open() -> String {
        state.withLock { state in
            let now = Clock.now
            state.sessions = state.sessions.filter { now - $0.value.lastUsed < Self.idleSeconds }
            if state.sessions.count >= Self.maximumSessions { state.sessions = [:] }
            let id = Self.random()
            state.sessions[id] = Session(lastUsed: now)
            return id
        }
    }

    /// Whether this session exists and has not expired; it counts as used.
    func exists(_ id: String?) -> Bool { use(id) != nil }

    func isLoggedIn(_ id: String?) -> Bool { use(id)?.isLoggedIn ?? false }

    func login(_ id: String, isRight: () -> Bool) -> Login {
        state.withLock { state in
            let now = Clock.now
            if state.lockedUntil > now { return .locked(seconds: state.lockedUntil - now) }
            guard isRight() else {
                state.failures += 1
                if state.failures >= Self.allowedFailures {
                    state.failures = 0
                    state.lockedUntil = now + Self.lockSeconds
                }
                return .refused
            }
            state.failures = 0
            state.sessions[id] = nil
            let fresh = Self.random()
            state.sessions[fresh] = Session(isLoggedIn: true, lastUsed: now)
            return .accepted(id: fresh)
        }
    }

    func close(_ id: String?) {
        guard let id else { return }
        state.withLock { $0.sessions[id] = nil }
    }

    /// The token for the next form of this session; the previous one is no longer valid.
    func nextToken(_ id: String) -> String {
        let token = Self.random()
        state.withLock { $0.sessions[id]?.token = token }
        return token
    }

    /// Whether a form's token is the one that was issued last. It can be used once.
    func spendToken(_ id: String, _ token: String?) -> Bool {
        state.withLock { state in
            guard let expected = state.sessions[id]?.token else { return false }
            guard expected == token else { return false }
            state.sessions[id]?.token = nil
            return true
        }
    }

    private func use(_ id: String?) -> Session? {
        guard let id else { return nil }
        return state.withLock { state in
            guard var session = state.sessions[id] else { return nil }
            let now = Clock.now
            guard now - session.lastUsed < Self.idleSeconds else {
                state.sessions[id] = nil
                return nil
            }
            session.lastUsed = now
            state.sessions[id] = session
            return session
        }
    }

    private static func random() -> String {
        (0..<16).map { _ in UInt8.random(in: .min ... .max) }.hex.uppercased()
    }
}

import Basics
import Tokens

/// Waits for tokens that someone has to insert: one after another if there is only one USB port, or both at once.
public final class TokenArrival {
    /// Something to tell whoever is asked to insert a token.
    public enum Remark: Sendable {
        /// The token that was asked for before was inserted again, although another one is needed.
        case sameAgain(PresentToken)
        /// A token other than the requested one was inserted.
        case another(PresentToken)
        /// Other events; the insertions are reported above.
        case change(TokenChange)
    }

    private let watcher: TokenWatcher
    /// The identities of the tokens that arrived.
    private var arrived: [[String]] = []

    public init(_ watcher: TokenWatcher) { self.watcher = watcher }

    /// Counts a token as arrived, so that it is not taken for the next one.
    public func count(_ info: TokenInfo) { arrived.append(info.identity) }

    /// Waits for a token: the specified one, or any that has not arrived yet. One that is already present counts.
    ///
    /// - Parameters:
    ///   - name: a label, a serial number or a PKCS#11 URI; nil for any that has not arrived before.
    ///   - milliseconds: how long to wait at most; nil for no limit.
    ///   - remark: called with what is worth telling in the meantime; returns whether to keep waiting.
    /// - Returns: the token, which counts as arrived from now on; nil after the timeout, if `remark` ended it, or if
    ///   the watcher was cancelled.
    /// - Throws: ``TokenError`` if the name is a bad URI.
    public func wait(
        for name: String? = nil, within milliseconds: UInt32? = nil, remark: (Remark) -> Bool = { _ in true }
    ) throws(TokenError) -> PresentToken? {
        let deadline = Deadline(milliseconds: milliseconds)
        while true {
            for token in watcher.tokens where try isWanted(token, name) {
                arrived.append(token.identity)
                return token
            }
            let changes = watcher.changes(within: deadline.millisecondsLeft)
            guard !watcher.isCancelled else { return nil }
            if changes.isEmpty, deadline.hasPassed { return nil }
            for change in changes {
                guard remark(try self.remark(on: change, name)) else { return nil }
            }
        }
    }

    private func isWanted(_ token: PresentToken, _ name: String?) throws(TokenError) -> Bool {
        if let name { return try token.info.isCalled(name) }
        return !arrived.contains(token.identity)
    }

    private func remark(on change: TokenChange, _ name: String?) throws(TokenError) -> Remark {
        guard case .inserted(let token) = change, try !isWanted(token, name) else { return .change(change) }
        return arrived.contains(token.identity) ? .sameAgain(token) : .another(token)
    }
}

import Basics

/// Waits for tokens that someone has to insert: one after another if there is only one USB port, or both at once.
public final class TokenArrival {
    /// Something to tell the user who is asked to insert a token.
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
    ///   - name: nil for any that has not arrived before.
    ///   - milliseconds: how long to wait at most; nil for ever.
    ///   - remark: called with what is worth reporting meanwhile; returns whether to continue waiting.
    /// - Returns: the token, which counts as arrived from now on; nil after the time, when `remark` ended it, or when
    ///   the watcher was cancelled.
    public func wait(
        for name: TokenName? = nil, within milliseconds: UInt32? = nil, remark: (Remark) -> Bool = { _ in true }
    ) -> PresentToken? {
        let deadline = Deadline(milliseconds: milliseconds)
        while true {
            // Modules list them in any order; a user who is asked about one after the other expects the order of their names.
            let present = watcher.tokens.sorted { $0.info.plainLabel < $1.info.plainLabel }
            for token in present where isWanted(token, name) {
                arrived.append(token.identity)
                return token
            }
            let changes = watcher.changes(within: deadline.millisecondsLeft)
            guard !watcher.isCancelled else { return nil }
            if changes.isEmpty, deadline.hasPassed { return nil }
            for change in changes {
                guard remark(self.remark(on: change, name)) else { return nil }
            }
        }
    }

    private func isWanted(_ token: PresentToken, _ name: TokenName?) -> Bool {
        name?.matches(token) ?? !arrived.contains(token.identity)
    }

    private func remark(on change: TokenChange, _ name: TokenName?) -> Remark {
        guard case .inserted(let token) = change, !isWanted(token, name) else { return .change(change) }
        return arrived.contains(token.identity) ? .sameAgain(token) : .another(token)
    }
}

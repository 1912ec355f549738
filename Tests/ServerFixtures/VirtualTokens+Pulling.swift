import Glibc

extension VirtualTokens {
    /// Removes a token (0 or 1), and waits until the smart card service has noticed: a token that is back before that
    /// was never away.
    public func pullOut(_ token: Int) throws {
        try tell(token, "pull")
        let isSeen = try comesTrue(within: 60) {
            let list = try ChildProcess.run(["opensc-tool", "--list-readers"], environment: environment)
            let line = list.split(separator: "\n").first { $0.hasPrefix("\(token) ") }
            return line?.contains(" No ") == true
        }
        guard isSeen else {
            throw ChildProcess.Failure(description: "the service does not see that token \(token) was pulled")
        }
    }

    /// Removes a token and inserts it again.
    public func reinsert(_ token: Int) throws {
        try pullOut(token)
        try tell(token, "insert")
    }
}

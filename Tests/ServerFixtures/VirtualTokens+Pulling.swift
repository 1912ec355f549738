import Glibc

extension VirtualTokens {
    /// Pulls a token out (0 or 1), and waits until the smart card service has seen that: a token that is back before it
    /// looks was never away.
    public func pullOut(_ token: Int) throws {
        try tell(token, "pull")
        for _ in 0..<600 {
            let list = try ChildProcess.run(["env"] + environment + ["opensc-tool", "--list-readers"])
            let line = list.split(separator: "\n").first { $0.hasPrefix("\(token) ") }
            if line?.contains(" No ") == true { return }
            usleep(50_000)
        }
        throw ChildProcess.Failure(description: "the service does not see that token \(token) was pulled")
    }

    /// Pulls a token out and inserts it again.
    public func reinsert(_ token: Int) throws {
        try pullOut(token)
        try tell(token, "insert")
    }
}

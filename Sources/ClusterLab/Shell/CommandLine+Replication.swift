extension CommandLine {
    /// `utils dbreplication runtimestate`. Source of the text: docs/cluster-interfaces.md.
    func replicationState() throws {
        guard cluster.nodes.count > 1 else {
            throw Refusal(text: "Runtime state cannot be performed on a cluster with a single active node")
        }
        try terminal.line("DB and Replication Services: ALL RUNNING")
        try terminal.line()
        try terminal.line("DB CLI Status: No other dbreplication CLI is running...")
        try terminal.line()
        try terminal.line("Cluster Detailed View from \(node.plan.name) (\(cluster.nodes.count) Servers):")
        try terminal.line()
        let widths = [18, 16, 9, 6, 13, 7, 8, 7]
        func row(_ cells: [String]) throws {
            let padded = cells.enumerated().map { index, cell in
                index < widths.count ? cell + String(repeating: " ", count: max(1, widths[index] - cell.count)) : cell
            }
            try terminal.line(padded.joined())
        }
        try row(["", "", "PING", "", "REPLICATION", "REPL.", "DBver&", "REPL.", "REPLICATION SETUP"])
        try row([
            "SERVER-NAME", "IP ADDRESS", "(msec)", "RPC?", "STATUS", "QUEUE", "TABLES", "LOOP?", "(RTMT) & details",
        ])
        try row([
            "-----------", "----------", "------", "----", "------", "-----", "------", "-----", "----------------",
        ])
        for other in cluster.nodes {
            let state = other.plan.isPublisher ? "(2) PUB Setup Completed" : "(2) Setup Completed"
            try row(
                other.isUp
                    ? [other.plan.name, other.plan.address, "0.052", "Yes", "Connected", "0", "match", "Yes", state]
                    : [
                        other.plan.name, other.plan.address, "Failed", "No", "Off-Line", "N/A", "N/A", "N/A",
                        "(4) Setup Failed",
                    ])
        }
    }
}

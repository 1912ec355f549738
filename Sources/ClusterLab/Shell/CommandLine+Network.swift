/// Name resolution, as a node's command line shows it.
extension CommandLine {
    static var domain: String { LabPlan.domain }

    /// `utils network host NAME`.
    func resolve(_ name: String) throws {
        let found = cluster.plan.nodes.first { $0.name == name || "\($0.name).\(Self.domain)" == name }
        try terminal.line("Local Resolution:")
        if let found, !node.has(.dns) {
            try terminal.line("\(found.name).\(Self.domain) resolves locally to \(found.address)")
        } else {
            try terminal.line("Nothing found")
        }
        try terminal.line()
        try terminal.line("External Resolution:")
        if node.has(.dns) {
            try terminal.line(";; connection timed out; no servers could be reached")
        } else if let found {
            try terminal.line("\(found.name).\(Self.domain) has address \(found.address)")
        } else {
            try terminal.line("Host \(name) not found: 3(NXDOMAIN)")
        }
    }

    /// `utils diagnose module validate_network`.
    func diagnoseNetwork() throws {
        try terminal.line("Log file: platform/log/diag1.log")
        try terminal.line()
        try terminal.line("Starting diagnostic test(s)")
        try terminal.line("===========================")
        try terminal.line("test - validate_network    : \(node.has(.dns) ? "DNS server is not reachable" : "Passed")")
        try terminal.line()
        try terminal.line("Diagnostics Completed")
    }
}

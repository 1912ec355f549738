/// `utils dbreplication`: how the databases of the nodes follow the publisher's.
extension CommandLine {
    func replication(_ words: [String]) throws {
        guard words == ["runtimestate"] else { throw Self.unknown }
        cluster.plan.release < .release12 ? try oldRuntimeState() : try runtimeState()
    }

    /// What to print about one node, as seen from this one.
    private struct View {
        let node: LabPlan.Node
        let number: Int
        let isReachable: Bool
        let isReplicating: Bool
        let state: String
    }

    private func views() -> [View] {
        cluster.nodes.enumerated().map { index, other in
            let isReachable = other.isUp
            let isBroken = other.has(.replication) || node.has(.replication)
            let state =
                if !isReachable { "(4) Off-Line" } else if isBroken { "(4) Setup Failed" } else {
                    other.plan.isPublisher && cluster.plan.release < .release12
                        ? "(2) PUB Setup Completed" : "(2) Setup Completed"
                }
            return View(
                node: other.plan, number: index + 2, isReachable: isReachable, isReplicating: isReachable && !isBroken,
                state: state)
        }
    }

    private func ping(_ view: View) -> String {
        guard view.isReachable, !node.has(.dns) else { return "-" }
        return view.node.name == node.plan.name ? "0.015" : "0.\(200 + view.number)"
    }

    private var databaseVersion: String {
        let version = cluster.plan.fullVersion
        return "ccm" + version.map { $0 == "." || $0 == "-" ? "_" : String($0) }.joined()
    }

    private func count(_ views: [View]) -> String { "\(views.count) Servers" }

    private func runtimeState() throws {
        let views = views()
        let isWhole = views.allSatisfy(\.isReplicating)
        try lines([
            "Server Time: \(Clock.cucm(Clock.now))", "",
            "Cluster Replication State: Replication status command started at: "
                + Clock.format(Clock.now - 3600, "%Y-%m-%d-%H-%M"),
            "     Replication status command COMPLETED 681 tables checked out of 681",
            "     Last Completed Table: devicenumplanmapremdestmap",
            isWhole ? "     No Errors or Mismatches found." : "     Errors or Mismatches Were Found!!!", "",
            "     Use 'file view activelog cm/trace/dbl/sdi/ReplicationStatus."
                + "\(Clock.format(Clock.now - 3600, "%Y_%m_%d_%H_%M_%S")).out' to see the details", "",
            "DB Version: \(databaseVersion)", "Repltimeout set to: 300s", "PROCESS option set to: 1", "",
            "Cluster Detailed View from \(node.plan.name) (\(count(views))):", "",
        ])
        try table(
            [
                ["", "", "PING", "DB/RPC/", "REPL.", "Replication", "REPLICATION SETUP"],
                ["SERVER-NAME", "IP ADDRESS", "(msec)", "DbMon?", "QUEUE", "Group ID", "(RTMT) & Details"],
                ["-----------", "----------", "------", "-------", "-----", "-----------", "------------------"],
            ]
                + views.map { view in
                    [
                        view.node.name, view.node.address, ping(view),
                        view.isReachable ? (view.isReplicating ? "Y/Y/Y" : "Y/N/N") : "N/N/N",
                        view.isReplicating ? "0" : "--", "(g_\(view.number))", view.state,
                    ]
                })
    }

    private func oldRuntimeState() throws {
        let views = views()
        let isWhole = views.allSatisfy(\.isReplicating)
        try lines([
            "DB and Replication Services: ALL RUNNING", "",
            "DB CLI Status: No other dbreplication CLI is running...", "",
            "Cluster Replication State: BROADCAST SYNC Completed on \(views.count - 1) servers at: "
                + Clock.format(Clock.now - 3600, "%Y-%m-%d-%H-%M"),
            "     Last Sync Result: SYNC COMPLETED on 603 tables out of 603",
            isWhole ? "     Sync Status: NO ERRORS" : "     Sync Status: Errors or Mismatches Were Found!!!",
            "     Use CLI to see detail: 'file view activelog cm/trace/dbl/"
                + "\(Clock.format(Clock.now - 3600, "%Y%m%d_%H%M%S"))_dbl_repl_output_Broadcast.log'", "",
            "DB Version: \(databaseVersion)", "Number of replicated tables: 603", "",
            "Cluster Detailed View from \(node.plan.isPublisher ? "PUB" : "SUB") (\(count(views))):", "",
        ])
        try table(
            [
                ["", "", "PING", "", "CDR Server", "REPL.", "DBver&", "REPL.", "REPLICATION SETUP"],
                [
                    "SERVER-NAME", "IP ADDRESS", "(msec)", "RPC?", "(ID) & STATUS", "QUEUE", "TABLES", "LOOP?",
                    "(RTMT) & details",
                ],
                [
                    "-----------", "------------", "------", "----", "-----------", "-----", "-------", "-----",
                    "-----------------",
                ],
            ]
                + views.map { view in
                    [
                        view.node.name, view.node.address, ping(view), view.isReplicating ? "Yes" : "No",
                        "(\(view.number)) \(view.isReplicating ? "Connected" : "Dropped")",
                        view.isReplicating ? "0" : "--", view.isReachable ? "match" : "--",
                        view.isReplicating ? "Yes" : "No", view.state,
                    ]
                })
    }

    private func lines(_ lines: [String]) throws { for line in lines { try terminal.line(line) } }

    private func table(_ rows: [[String]]) throws {
        let widths = rows[0].indices.map { column in rows.reduce(0) { max($0, $1[column].count) } }
        for row in rows {
            try terminal.line(
                zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  "))
        }
    }
}

extension CommandLine {
    // MARK: utils service

    func service(_ words: [String]) throws {
        switch words[0] {
        case "list" where words.count == 1: try listServices()
        case "start", "stop", "restart":
            guard words.count > 1 else { throw Self.unknown }
            try change(words[0], words.dropFirst().joined(separator: " "))
        default: throw Self.unknown
        }
    }

    private func listServices() throws {
        try terminal.line("Requesting service status, please wait...")
        for name in ["System SSH", "Cluster Manager", "Entropy Monitoring Daemon", "Service Manager"] {
            try terminal.line("\(name) [STARTED]")
        }
        for (service, state) in node.services() {
            let text = state.isStarted ? "STARTED" : state.isStarting ? "STARTING" : "STOPPED"
            let remark = state.isStarted || state.isStarting ? "" : "Commanded Out of Service"
            try terminal.line("\(service.rawValue)[\(blanks(text))]  \(remark)")
        }
        for service in Service.allCases where !service.runs(on: node.plan) {
            try terminal.line(
                "\(service.rawValue)[\(blanks("STOPPED"))]  "
                    + (cluster.plan.has(.serviceBlanks) ? "Component is not running" : "Service Not Activated"))
        }
        try terminal.line("Primary Node =\(node.plan.isPublisher)")
        if cluster.plan.has(.serviceBlanks) { try terminal.line(">> Return code = 0") }
    }

    private func blanks(_ state: String) -> String { cluster.plan.has(.serviceBlanks) ? " \(state) " : state }

    private func change(_ verb: String, _ name: String) throws {
        guard let entry = node.services().first(where: { $0.service.rawValue == name }) else {
            if Service(rawValue: name) != nil {
                throw Refusal(
                    text: "Service Manager is running\n\(name)[STOPPED]  Service Not Activated\n"
                        + "Executed command unsuccessfully")
            }
            throw Refusal(
                text: "Service Manager is running\nService \(name) is invalid\nExecuted command unsuccessfully")
        }
        let service = entry.service
        guard verb == "restart" || !service.isCritical else {
            throw Refusal(text: "Error: \(name) cannot be stopped from here")
        }
        if verb == "restart" {
            try terminal.line(
                " Don't press Ctrl-c while the service is getting RESTARTED.If Service has not Restarted Properly, "
                    + "execute the same Command Again")
        }
        try terminal.line("Service Manager is running")
        if verb != "start", entry.state.isStarted {
            try progress(name, "STOPPING")
            try cluster.stop(service, on: node)
        }
        guard verb != "stop" else { return try terminal.line("\(name)[STOPPED]  ") }
        if verb == "restart" || !entry.state.isStarted {
            if node.has(.slowStart) {
                cluster.startSlowly(service, on: node)
                return try progress(name, "STARTING")
            }
            try cluster.busy.during { try start(service) }
        }
        try terminal.line("\(name)[STARTED]  ")
    }

    /// Starts a service, in the time that it takes. It stays down if the client leaves meanwhile.
    private func start(_ service: Service) throws {
        let end = ContinuousClock.now + .seconds(cluster.startTime(of: service))
        try progress(service.rawValue, "STARTING")
        node.setStarting(service)
        do {
            while true {
                let left = (end - .now) / .seconds(1)
                guard left > 0 else { break }
                try terminal.pause(milliseconds: Int(min(left, 2) * 1000) + 1)
                if left > 2 { try terminal.line("\(service.rawValue)[STARTING]  ") }
            }
        } catch {
            try node.set(service, started: false)
            throw error
        }
        try cluster.start(service, on: node)
    }

    private func progress(_ name: String, _ state: String) throws {
        for _ in 0..<2 {
            try terminal.line("\(name)[\(state)]  ")
            try terminal.pause(milliseconds: 50)
        }
    }

    // MARK: utils ctl

    private var restartHint: String {
        !cluster.plan.release.asksForCTIManager
            ? """
            Please Restart the TFTP and Cisco CallManager services on all nodes in the cluster
            that run these services
            """
            : """
            You must reset all phones to ensure they received the updated CTL file.
            You must restart Cisco CTIManager services on all the nodes in the cluster that have the service activated.
            """
    }

    /// Cisco's words from 12.0 on.
    private static let noLicence =
        "Command cannot be executed because the Unified Communications Manager cluster is not registered to a "
        + "Smart/Virtual Account with Allow export-controlled functionality."

    func ctl(_ words: [String]) throws {
        if cluster.plan.release.needsExportLicence, node.has(.noLicence), words.first != "reset" {
            throw Refusal(text: Self.noLicence)
        }
        switch words {
        case ["set-cluster", "mixed-mode"]: try setMode(1, "Mixed Mode", "Mixed mode")
        case ["set-cluster", "non-secure-mode"]: try setMode(0, "Non Secure Mode", "Non Secure mode")
        case ["update", "CTLFile"]:
            try requirePublisher()
            guard try confirm("This operation will update the CTLFile. Do you want to continue? (y/n):") else { return }
            guard cluster.securityMode == 1 else {
                throw Refusal(text: "Cluster is not in Mixed Mode. CTL File cannot be updated")
            }
            try terminal.line()
            try terminal.line("Updating CTL file")
            try writeCTL { try cluster.updateCTL(takesTrusted: true) }
            try terminal.line("CTL file Updated")
            try terminal.line(restartHint)
        case ["reset", "localkey"]: try resetLocalKey()
        default: throw Self.unknown
        }
    }

    private func resetLocalKey() throws {
        try requirePublisher()
        guard
            try confirm(
                "This operation will reset the CTL file signed with the local key. Do you want to continue? (y/n):")
        else { return }
        guard cluster.securityMode == 1 else {
            throw Refusal(text: "Cluster is not in Mixed Mode. CTL File cannot be reset")
        }
        try terminal.line()
        try terminal.line("Resetting CTL file")
        try writeCTL { try cluster.updateCTL(signer: .other) }
        try terminal.line("CTL file has been reset")
        try terminal.line(restartHint)
    }

    private func setMode(_ mode: Int, _ title: String, _ name: String) throws {
        try requirePublisher()
        // Newer releases turn auto-registration off with mixed mode, and say so in the question.
        let warning =
            mode == 1 && cluster.plan.release >= .release12
            ? " Auto-registration is enabled on at least one CM node." : ""
        guard
            try confirm("This operation will set the cluster to \(name).\(warning) Do you want to continue? (y/n):")
        else { return }
        guard cluster.securityMode != mode else { throw Refusal(text: "Cluster is already in \(title)") }
        try terminal.line()
        try terminal.line("Moving Cluster to \(title)")
        try writeCTL { try cluster.setSecurityMode(mode) }
        try terminal.line("Cluster set to \(title)")
        try terminal.line(restartHint)
    }

    private func writeCTL(_ body: () throws -> Void) throws {
        do { try body() } catch {
            Log.note("\(node.plan.name): \(error)")
            throw Refusal(text: "Error: the CTL file could not be written\nExecuted command unsuccessfully")
        }
    }

    private func requirePublisher() throws {
        guard node.plan.isPublisher else {
            throw Refusal(text: "This command can be executed only on the publisher node")
        }
    }
}

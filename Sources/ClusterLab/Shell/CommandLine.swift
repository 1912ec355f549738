/// CUCM's command line on one node. Source of the texts: docs/trust-list-format.md and docs/cluster-interfaces.md, and Cisco technote 118893.
struct CommandLine {
    let cluster: LabCluster
    let node: NodeRuntime
    let terminal: Terminal

    /// Something that the command line prints instead of executing the command.
    struct Refusal: Error {
        let text: String
    }

    private struct Exit: Error {}

    /// The connection breaks without warning.
    struct Cut: Error {}

    enum End: Sendable {
        case ended
        case cut
    }

    static let prompt = "admin:"
    static let dnsWarning = "WARNING: DNS unreachable"
    /// A real node takes seconds to show its first prompt.
    private static let startMilliseconds = 150

    func run() -> End {
        do {
            try greet()
            var number = 1
            while true {
                try command(cluster.plan.has(.promptCount) ? "\(number):\(Self.prompt)" : Self.prompt)
                number += 1
            }
        } catch is Cut {
            return .cut
        } catch {
            // The client is gone, or said exit.
            try? terminal.flush()
            return .ended
        }
    }

    private func greet() throws {
        try terminal.write("Command Line Interface is starting up, please wait ...\n")
        try terminal.pause(milliseconds: Self.startMilliseconds + Int(node.delay * 1000))
        try terminal.write(
            """

               Welcome to the Platform Command Line Interface

            VMware Installation:
            \t2 vCPU: Intel(R) Xeon(R) CPU
            \tDisk 1: 80GB, Partitions aligned
            \t4096 Mbytes RAM


            """)
        if cluster.plan.has(.dnsWarning) { try terminal.write(Self.dnsWarning + "\n\n") }
        if cluster.plan.has(.promptLate) { try terminal.pause(milliseconds: 3000) }
        if cluster.plan.has(.promptOnEnter) { _ = try terminal.readLine("") }
        if cluster.plan.has(.promptTwice) {
            try terminal.write(Self.prompt)
            try terminal.pause(milliseconds: 300)
            try terminal.write("\n")
        }
    }

    /// Reads one command and executes it.
    private func command(_ prompt: String) throws {
        do {
            let line = try terminal.readLine(prompt)
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard !words.isEmpty else { return }
            terminal.startPage()
            try terminal.pause(milliseconds: Int(node.delay * 1000))
            Log.note("\(node.plan.name): admin:\(Self.forLog(words))")
            try execute(words, line)
        } catch is Terminal.Interrupted {
        } catch is Terminal.Quit {
        } catch let refusal as Refusal {
            try terminal.line(refusal.text)
        } catch let error as LabError {
            Log.note("\(node.plan.name): \(error)")
            try terminal.line("Executed command unsuccessfully")
        }
    }

    private static func forLog(_ words: [String]) -> String { String(words.joined(separator: " ").prefix(200)) }

    private func execute(_ words: [String], _ line: String) throws {
        switch words[0] {
        case "exit" where words.count == 1: throw Exit()
        case "quit" where words.count == 1: throw Exit()
        case "show": try show(Array(words.dropFirst()))
        case "set": try set(Array(words.dropFirst()))
        case "run" where words.count > 2 && words[1] == "sql": try sql(line)
        case "utils" where words.count > 2 && words[1] == "service": try service(Array(words.dropFirst(2)))
        case "utils" where words.count > 2 && words[1] == "ctl" && cluster.plan.release.hasCTLCommands:
            try ctl(Array(words.dropFirst(2)))
        case "utils" where words.count > 2 && words[1] == "dbreplication": try replication(Array(words.dropFirst(2)))
        case "utils" where words.count == 4 && words[1] == "network" && words[2] == "host": try resolve(words[3])
        case "utils" where words.dropFirst() == ["diagnose", "module", "validate_network"]: try diagnoseNetwork()
        case "file" where words.count > 1: try file(Array(words.dropFirst()))
        default: throw Self.unknown
        }
    }

    static let unknown = Refusal(text: "No valid command entered")

    /// Asks a question; only `y` (or `yes`) means yes.
    func confirm(_ question: String) throws -> Bool {
        ["y", "yes"].contains(try terminal.readLine(question).lowercased())
    }

    // MARK: run sql

    private func sql(_ line: String) throws {
        guard let range = line.firstRange(of: "sql") else { throw Self.unknown }
        let answer: SQLDatabase.Answer
        do { answer = try cluster.database(at: node).run(String(line[range.upperBound...])) } catch {
            throw Refusal(text: error.text)
        }
        let widths = answer.columns.indices.map { index in
            answer.rows.reduce(answer.columns[index].count) { max($0, ($1[index] ?? "NULL").count) }
        }
        func row(_ cells: [String]) -> String {
            zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " ")
        }
        try terminal.line(row(answer.columns))
        try terminal.line(widths.map { String(repeating: "=", count: $0) }.joined(separator: " "))
        for cells in answer.rows { try terminal.line(row(cells.map { $0 ?? "NULL" })) }
    }

    // MARK: file

    private func file(_ words: [String]) throws {
        switch (words[0], words.count) {
        case ("list", 3) where words[1] == "tftp":
            let files = node.files.files.filter { words[2] == "*" || $0 == words[2] }
            for name in files { try terminal.line(name) }
            try terminal.line("dir count = 0, file count = \(files.count)")
        case ("delete", 3) where words[1] == "tftp": try delete(words[2])
        case ("delete", 3) where words[1] == "activelog":
            let prefix = "cm/tftpdata/"
            guard words[2].hasPrefix(prefix) else { throw Refusal(text: "files: found = 0, deleted = 0") }
            try delete(String(words[2].dropFirst(prefix.count)))
        default: throw Self.unknown
        }
    }

    private func delete(_ name: String) throws {
        guard !name.isEmpty, !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
            throw Refusal(text: "Invalid file name")
        }
        guard node.files.exists(name) else { throw Refusal(text: "files: found = 0, deleted = 0") }
        try terminal.line("Delete the File \(name)?")
        guard try confirm("Enter \"y\" followed by return to continue: ") else {
            throw Refusal(text: "files: found = 1, deleted = 0")
        }
        let isDeleted = try node.files.delete(name)
        try terminal.line("files: found = 1, deleted = \(isDeleted ? 1 : 0)")
    }
}

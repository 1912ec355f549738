import ArgumentParser
import Basics
import ClusterLab
import Glibc

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a lab's nodes and phones, and what they hold.",
        discussion: "Example: cluster-lab status /tmp/lab --json")

    @Argument(help: "The lab's directory.") var directory: String
    @Flag(help: "Print one JSON document.") var json = false

    func run() throws {
        let lab = Lab(directory: directory)
        if json {
            Output.write(bytes: Array(try lab.statusJSON().utf8), to: STDOUT_FILENO)
        } else {
            Output.line(try StatusText.text(of: lab.status()))
        }
    }
}

/// The status for people.
enum StatusText {
    static func text(of status: LabStatus) -> String {
        guard status.running else { return "The lab in \(status.directory) is not running." }
        var rows = [["NODE", "ADDRESS", "STATE", "CTL FILE", "LENGTH"]]
        for node in status.nodes {
            rows.append([
                node.name, node.address, node.faults.isEmpty ? "up" : node.faults.joined(separator: ","),
                short(node.ctlSHA1), node.ctlLength.map(String.init) ?? "-",
            ])
        }
        var phones = [["PHONE", "MODEL", "ADDRESS", "CTL FILE", "LAST START", "REASON"]]
        for phone in status.phones {
            phones.append([
                phone.name, phone.model, phone.address, short(phone.ctlSHA1), phone.ctlOutcome ?? "-",
                phone.ctlReason ?? "-",
            ])
        }
        let crowd = crowd(status)
        let mode = status.securityMode == 1 ? "mixed mode" : "non-secure mode"
        let head = "CUCM \(status.version ?? "?"), \(mode), process \(status.process ?? 0)"
        let unserved =
            status.losses == 0
            ? []
            : [
                "",
                "\(status.unserved) phones have no server; registered phones lost their last one \(status.losses) times.",
            ]
        return ([head, ""] + table(rows) + [""] + table(phones) + crowd + unserved).joined(separator: "\n")
    }

    /// The many phones, grouped by what they hold.
    private static func crowd(_ status: LabStatus) -> [String] {
        guard !status.crowd.isEmpty else { return [] }
        var counts: [[String]: Int] = [:]
        for part in status.crowd {
            counts[
                [
                    part.isRegistered ? "yes" : "no", short(part.ctlSHA1), part.ctlOutcome ?? "-",
                    part.ctlReason ?? "-",
                ], default: 0] += part.count
        }
        var rows = [["PHONES", "REGISTERED", "CTL FILE", "LAST START", "REASON"]]
        for (key, count) in counts.sorted(by: { ($1.value, $0.key[3]) < ($0.value, $1.key[3]) }) {
            rows.append(["\(count)"] + key)
        }
        return [""] + table(rows) + (status.restarting > 0 ? ["\(status.restarting) are starting now."] : [])
    }

    /// Enough of a checksum to tell files apart.
    private static func short(_ checksum: String?) -> String { checksum.map { String($0.prefix(12)) } ?? "none" }

    private static func table(_ rows: [[String]]) -> [String] {
        let widths = rows[0].indices.map { column in rows.reduce(0) { max($0, $1[column].count) } }
        return rows.map { row in
            var line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(
                separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}

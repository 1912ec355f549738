import ArgumentParser
import Basics
import ClusterLab

struct SetFault: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault",
        abstract: "Make something go wrong on a node, or repair it.",
        discussion: listed(Fault.allCases.map { ($0.rawValue, $0.help) } + [("none", "everything works")])
            + "\n\nExample: cluster-lab fault /tmp/lab cucm-1051-a-sub1 down")

    private static func listed(_ faults: [(name: String, help: String)]) -> String {
        let width = faults.map(\.name.count).max() ?? 0
        return faults.map { $0.name.padded(to: width + 2) + $0.help }.joined(separator: "\n")
    }

    @Argument(help: "The lab's directory.") var directory: String
    @Argument(help: "The node's name, or all.") var node: String
    @Argument(help: "A fault, several for several at once, or none.") var faults: [String]

    @Option(help: "How late a slow node answers, in seconds.") var delay: Double?

    @Option(help: "What somebody in the node's place serves: a trust list, by the name in it. Repeatable.")
    var file: [String] = []

    func validate() throws {
        guard file.isEmpty != faults.contains(where: { $0.hasPrefix("spoof-") }) else {
            throw ValidationError("--file belongs to spoof-files and spoof-until-written, which need one")
        }
        if let delay, !(0...50).contains(delay) { throw ValidationError("--delay must be 0 to 50 seconds") }
        let known = Fault.allCases.map(\.rawValue)
        for fault in faults where fault != "none" && !known.contains(fault) {
            throw ValidationError("\(fault) is not a fault; available: \((known + ["none"]).joined(separator: ", "))")
        }
        guard faults == ["none"] || !faults.contains("none") else {
            throw ValidationError("none cannot be combined with faults")
        }
    }

    func run() throws {
        try Lab(directory: directory).setFaults(faults.compactMap(Fault.init), node: node, delay: delay, spoofing: file)
        Output.line("\(node): \(faults.joined(separator: ", "))")
    }
}

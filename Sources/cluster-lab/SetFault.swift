import ArgumentParser
import ClusterLab

struct SetFault: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault",
        abstract: "Make something go wrong on a node, or put it right again.",
        discussion: """
            disk-full  uploads to the node are refused, and nothing is stored
            down       nothing of the node answers
            none       everything works

            Example: cluster-lab fault /tmp/lab cucm-1051-a-sub1 down
            """)

    @Argument(help: "The lab's directory.") var directory: String
    @Argument(help: "The node's name.") var node: String
    @Argument(help: "disk-full, down or none; several for several at once.") var faults: [String]

    func validate() throws {
        let known = Fault.allCases.map(\.rawValue)
        for fault in faults where fault != "none" && !known.contains(fault) {
            throw ValidationError("\(fault) is no fault; there are \((known + ["none"]).joined(separator: ", "))")
        }
        guard faults == ["none"] || !faults.contains("none") else {
            throw ValidationError("none stands alone")
        }
    }

    func run() throws {
        try Lab(directory: directory).setFaults(faults.compactMap(Fault.init), node: node)
        print("\(node): \(faults.joined(separator: ", "))")
    }
}

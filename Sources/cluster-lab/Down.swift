import ArgumentParser
import Basics
import ClusterLab

struct Down: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop a lab; its state is kept, and `up` continues with it.",
        discussion: "Example: cluster-lab down /tmp/lab")

    @Argument(help: "The lab's directory.") var directory: String
    @Flag(help: "Also remove the directory with all its contents.") var delete = false

    func run() throws {
        let lab = Lab(directory: directory)
        Output.line(try lab.down() ? "The lab is down." : "The lab was not running.")
        if delete {
            try lab.remove()
            Output.line("\(lab.directory) is removed.")
        }
    }
}

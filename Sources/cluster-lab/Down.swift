import ArgumentParser
import ClusterLab

struct Down: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop a lab; what it holds stays, and `up` goes on with it.",
        discussion: "Example: cluster-lab down /tmp/lab")

    @Argument(help: "The lab's directory.") var directory: String
    @Flag(help: "Remove the directory with all that it holds, too.") var delete = false

    func run() throws {
        let lab = Lab(directory: directory)
        print(try lab.down() ? "The lab is down." : "The lab was not running.")
        if delete {
            try lab.remove()
            print("\(lab.directory) is removed.")
        }
    }
}

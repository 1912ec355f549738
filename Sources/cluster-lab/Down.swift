import ArgumentParser
import ClusterLab

struct Down: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop a lab; what it holds stays, and `up` goes on with it.",
        discussion: "Example: cluster-lab down /tmp/lab")

    @Argument(help: "The lab's directory.") var directory: String

    func run() throws {
        print(try Lab(directory: directory).down() ? "The lab is down." : "The lab was not running.")
    }
}

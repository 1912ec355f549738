import ArgumentParser
import Basics
import ClusterLab
import Glibc

struct Up: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a lab, and return when everything answers.",
        discussion: """
            DIR must be new or empty, or a lab that was stopped: that one goes on where it was.

            Example: cluster-lab up /tmp/lab --release 12.5 --nodes 5
            """)

    @Argument(help: "The lab's directory.") var directory: String
    @OptionGroup var shape: ShapeOptions

    func validate() throws {
        if let problem = shape.options.problem { throw ValidationError(problem) }
    }

    func run() throws {
        let lab = Lab(directory: directory)
        try lab.up(shape.options, executable: try Self.executable())
        Output.line("The lab is up. For etoken-bridge it is described in \(lab.directory)/cluster.toml")
        Output.line(try StatusText.text(of: lab.status()))
    }

    private static func executable() throws -> String {
        guard let path = realpath("/proc/self/exe", nil) else {
            throw LabError(.startFailed, "the path of this program cannot be found")
        }
        defer { free(path) }
        return String(cString: path)
    }
}

import ArgumentParser
import ClusterLab
import Glibc

struct Up: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a lab, and return when everything answers.",
        discussion: """
            DIR must be new or empty, or a lab that was stopped: that one goes on where it was.

            Example: cluster-lab up /tmp/lab --release 12.5
            """)

    @Argument(help: "The lab's directory.") var directory: String
    @Option(help: "The CUCM release of a new lab: 10.5 (the default) or 12.5.") var release: LabRelease?

    func run() throws {
        let lab = Lab(directory: directory)
        try lab.up(release: release, executable: try Self.executable())
        print("The lab is up. Its description is \(lab.directory)/lab.json")
        print(try StatusText.text(of: lab.status()))
    }

    private static func executable() throws -> String {
        guard let path = realpath("/proc/self/exe", nil) else {
            throw LabError(.startFailed, "the path of this program cannot be found")
        }
        defer { free(path) }
        return String(cString: path)
    }
}

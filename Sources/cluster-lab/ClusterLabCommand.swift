import ArgumentParser
import Basics
import ClusterLab
import Version

@main
struct ClusterLabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster-lab",
        abstract: "A CUCM cluster and its phones on this machine, for tests, demonstrations and rehearsal.",
        discussion: """
            Example:
              cluster-lab up /tmp/lab
              cluster-lab status /tmp/lab
              cluster-lab down /tmp/lab
            """,
        version: Version.current,
        subcommands: [Up.self, Down.self, Status.self, Phones.self, SetFault.self, Serve.self])

    /// Like ArgumentParser's own, but its output goes through ``Output``.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            Output.end(saying: fullMessage(for: error), status: exitCode(for: error).rawValue)
        }
    }
}

extension LabRelease: ExpressibleByArgument {
    public init?(argument: String) { self.init(name: argument) }
}
extension Fault: ExpressibleByArgument {}
extension SASTTrust: ExpressibleByArgument {}

import ArgumentParser
import Basics
import Version
import VirtualToken

@main
struct VirtualTokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "virtual-token",
        abstract: "A security token without hardware, in a virtual reader of vsmartcard-vpcd.",
        discussion: """
            tools/virtual-tokens starts a smart card service of its own with two of them.
            """,
        version: Version.current,
        subcommands: [Insert.self, Tell.self])

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

extension Personality: ExpressibleByArgument {}
extension WrongPINStatus: ExpressibleByArgument {}

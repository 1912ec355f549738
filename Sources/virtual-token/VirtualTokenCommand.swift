import ArgumentParser
import Basics
import Glibc
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

    /// As ArgumentParser's own, but what it says goes through ``Output``: a usage error repeats what was given.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            let status = exitCode(for: error)
            let text = fullMessage(for: error)
            if status.isSuccess {
                Output.write(bytes: Array("\(text)\n".utf8), to: STDOUT_FILENO)
            } else if !text.isEmpty {
                Output.write(text + "\n", to: STDERR_FILENO)
            }
            Glibc.exit(status.rawValue)
        }
    }
}

extension Personality: ExpressibleByArgument {}
extension WrongPINStatus: ExpressibleByArgument {}

import ArgumentParser
import Basics
import VirtualToken

struct Tell: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send a command to a running token.",
        discussion: """
            Orders: status, insert, pull, hang, resume, and
            trap pull|hang before|after select|read|query|verify|change|choose|sign

            Example:
              virtual-token tell /tmp/tokens/1.control pull
            """)

    @Argument(help: "The token's control socket.", completion: .file())
    var control: String

    @Argument(help: "The order.")
    var order: [String]

    func run() throws { Output.line(try VirtualTokenRemote(control: control).tell(order.joined(separator: " "))) }
}

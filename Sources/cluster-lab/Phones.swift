import ArgumentParser
import Basics
import ClusterLab

struct Phones: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List all phones of a lab as CSV, or restart them.",
        discussion: """
            Examples:
              cluster-lab phones /tmp/lab
              cluster-lab phones /tmp/lab --restart --everyone
            """)

    @Argument(help: "The lab's directory.") var directory: String
    @Flag(help: "Restart all connected phones, and return at once.") var restart = false
    @Flag(help: "With --restart: also the phones that are not connected, as if someone had plugged them in.")
    var everyone = false

    func validate() throws {
        guard restart || !everyone else { throw ValidationError("--everyone requires --restart") }
    }

    func run() throws {
        let lab = Lab(directory: directory)
        guard !restart else { return try lab.restartPhones(everyone: everyone) }
        Output.line("name,model,pool,group,registered,starts,ctl,itl,outcome,rule,reason")
        for phone in try lab.phones() {
            let cells = [
                phone.name, phone.model, phone.pool, phone.group, phone.registeredAt ?? "", "\(phone.starts)",
                phone.ctlSHA1 ?? "", phone.itlSHA1 ?? "", phone.ctlOutcome ?? "", phone.ctlRule.map(String.init) ?? "",
                phone.ctlReason ?? "",
            ]
            Output.line(cells.map(\.csvCell).joined(separator: ","))
        }
    }
}

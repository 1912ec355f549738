import ArgumentParser
import Messages
import Migration

struct PhonesVisited: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "visited",
        abstract: localized("Report that phones were visited and hold the cluster's trust list now."),
        discussion: localized(
            """
            Takes them off the list of phones stranded: from now on they are assumed to hold the CTL file that the \
            cluster serves, as other registered phones are.

            Example:
              etoken-bridge phones visited --cluster office SEP00CE32B74AC2
              etoken-bridge phones visited --cluster office --names-from done.csv
            """))

    @OptionGroup var cluster: ClusterOptions

    @Argument(help: .localized("Their names, for example SEPB000B4BA0AEE."))
    var names: [String] = []

    @Option(
        help: .localized(
            "Phones whose names are in this file, one per line, before the first comma.", valueName: "file"),
        completion: .file())
    var namesFrom: String?

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard !names.isEmpty || namesFrom != nil else {
            throw ValidationError(localized("Specify which phones were visited: their names, or --names-from FILE."))
        }
    }

    private struct Document: Encodable {
        let cluster: String
        /// Those that were taken off, sorted.
        let visited: [String]
        /// How many are left.
        let stranded: Int
    }

    func run() throws {
        let state = try StateFolder.standard()
        let name = try cluster.name
        let register = try StrandedRegister(of: name, in: state)
        let given = Set(try names + (namesFrom.map(PhoneChoice.names) ?? [])).sorted()
        let strangers = given.filter { !register.contains($0) }
        guard strangers.isEmpty else {
            let shown = strangers.prefix(5).joined(separator: ", ") + (strangers.count > 5 ? " ..." : "")
            throw Failure(
                Status.notThere,
                localized(
                    "\(strangers.count) of \(given.count) phones are not on the list of phones that were left behind: \(shown). Nothing was changed."
                ),
                next: localized("See who is on it: etoken-bridge phones stranded --cluster \(word: name)"))
        }
        try PhoneVisit.report(given, of: name, by: RunAuthor.current.who, in: state)
        let left = try StrandedRegister(of: name, in: state).count
        if common.json {
            try Terminal.json(Document(cluster: name, visited: given, stranded: left))
        } else {
            Terminal.out(
                localized(
                    given.count, one: "1 phone is off the list; \(left) left.",
                    other: "\(given.count) phones are off the list; \(left) left."
                ).localized)
        }
    }
}

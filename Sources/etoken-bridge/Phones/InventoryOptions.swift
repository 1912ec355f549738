import ArgumentParser
import Cluster
import Messages
import Phones

/// Where a command gets the phones from.
struct InventoryOptions: ParsableArguments {
    @Option(
        help: .localized("Read the phones from this CSV file, as phones list --csv writes it.", valueName: "file"),
        completion: .file())
    var phonesFrom: String?

    @Option(
        help: .localized(
            "Read the phones over axl or sql (run sql on the command line); the default is axl.", valueName: "way"))
    var via: InventorySource?

    @Flag(help: .localized("Do not ask which phones are registered: faster for large clusters."))
    var noState = false

    @Option(
        help:
            .localized(
                "Override the table of models with this file: one like phone-models.csv, or CUCM's Phone Feature List as CSV.",
                valueName: "file"),
        completion: .file())
    var models: String?

    func validate() throws {
        guard phonesFrom == nil || (via == nil && !noState) else {
            throw ValidationError(
                localized("--via and --no-state are for a cluster; omit them with --phones-from."))
        }
    }

    /// The phones; what could not be determined goes to stderr.
    ///
    /// - Parameter cluster: where they are read from, unless a file is specified.
    func read(from cluster: () throws -> ClusterClient) throws -> [Phone] {
        let models = try PhoneModelTable.configured(adding: models)
        let inventory: Inventory
        if let phonesFrom {
            inventory = try Inventory(csv: phonesFrom, models: models)
        } else {
            var last: LocalizableText?
            inventory = try Inventory.read(from: try cluster(), by: via, models: models, asksForState: !noState) {
                switch $0 {
                case .read(let count, let all):
                    _ = Terminal.progress(localized("[\(count)/\(all)] phones read").localized)
                case .waiting(let seconds, let why):
                    // Of many short waits, reporting the first is enough.
                    if why != last || seconds >= 4 { Terminal.note(localized("Waiting \(duration(seconds)): \(why)")) }
                    last = why
                }
            }
        }
        for note in inventory.notes { Terminal.note(note) }
        return inventory.phones
    }
}

extension InventorySource: ExpressibleByArgument {}

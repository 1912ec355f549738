import ArgumentParser
import Basics
import Cluster
import Messages
import Phones

struct PhonesList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: localized("List the phones of a cluster by model and device pool."),
        discussion: localized(
            """
            Read over AXL, over run sql on the command line, or from a CSV file. Totals by model and device pool; --phones \
            lists the phones themselves, and --csv writes them to a file that can be read again.

            Example:
              etoken-bridge phones list --cluster office
              etoken-bridge phones list --cluster office --csv phones.csv
              etoken-bridge phones list --phones-from phones.csv --model 7975 --pool Warszawa --phones
            """))

    @Option(help: .localized("The cluster's name in the configuration.", valueName: "name"))
    var cluster: String?

    @OptionGroup var source: InventoryOptions
    @OptionGroup var choice: PhoneChoice

    @Flag(help: .localized("Only phones that are not registered."))
    var unregistered = false

    @Flag(help: .localized("List the phones, too."))
    var phones = false

    @Option(
        name: .customLong("csv"), help: .localized("Write the phones to this file, - for stdout.", valueName: "file"),
        completion: .file())
    var csvPath: String?

    @OptionGroup var replacing: ReplaceOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard csvPath != "-" || !common.json else {
            throw ValidationError(localized("--json and --csv - both write to stdout; specify a file for --csv."))
        }
    }

    func run() throws {
        if let csvPath, csvPath != "-" { try replacing.check(csvPath) }
        let cluster = try self.cluster ?? (source.phonesFrom == nil ? DefaultCluster.resolve() : nil)
        let sourceName = source.phonesFrom.map { .verbatim($0) } ?? localized("cluster \(cluster ?? "")")
        var opened: ClusterClient?
        defer { opened?.close() }
        let all = try source.read {
            let cluster = try configuredCluster(cluster ?? "")
            opened = cluster
            return cluster
        }
        var chosen = try choice.choose(from: all, of: sourceName)
        if unregistered { chosen.removeAll { $0.isRegistered != false } }
        if let csvPath {
            let csv = Inventory(phones: chosen).csv
            guard csvPath != "-" else { return Terminal.write(bytes: csv, to: Terminal.results) }
            try Files.write(csv, to: csvPath, permissions: 0o600, replacing: replacing.force)
            Terminal.note(
                localized(
                    chosen.count, one: "\(csvPath): 1 phone.", other: "\(csvPath): \(chosen.count) phones."))
        }
        let report = PhonesReport(chosen, cluster: cluster, file: source.phonesFrom, withList: phones)
        if common.json {
            try Terminal.json(report)
        } else {
            Terminal.out(report.text)
        }
    }
}

import ArgumentParser
import Cluster
import Configuration
import Messages
import Migration

/// What the checklists before an upgrade and before a downgrade have in common.
struct ChecklistOptions: ParsableArguments {
    @Option(
        help: .localized(
            "Write the checklist as a web page, and as JSON next to it (FILE.html, FILE.json); lists of phones that are too long for the page go into FILE.csv.",
            valueName: "file"),
        completion: .file(extensions: ["html"]))
    var report: String?

    @OptionGroup var ticket: TicketOptions
    @OptionGroup var evidence: EvidenceOptions

    /// Reads the cluster, checks it and publishes the list.
    ///
    /// - Parameters:
    ///   - release: as the user wrote it.
    ///   - example: a release in full.
    ///   - isJSON: whether the list is printed as JSON.
    ///   - check: gets the cluster, the release, and whether what is not proven is accepted.
    func run(
        for release: String, example: String, on options: ClusterOptions, isJSON: Bool,
        check: (any ClusterAccess, ClusterVersion, Bool) throws -> Checklist
    ) throws {
        let target = try ChecklistReport.release(release, example: example)
        let report = try ChecklistReport(report, isJSON: isJSON)
        let cluster = try options.configured()
        defer { cluster.close() }
        var list = try check(try LiveCluster(cluster), target, evidence.acceptUnproven)
        (list.ticket, list.approver, list.writtenBy) = (ticket.ticket, ticket.approver, RunAuthor.current.document)
        try report.publish(list)
    }
}

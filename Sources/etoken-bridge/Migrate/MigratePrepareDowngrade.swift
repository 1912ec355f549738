import ArgumentParser
import Cluster
import Documents
import Files
import Messages
import Migration

struct MigratePrepareDowngrade: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare-downgrade",
        abstract: localized("Check whether the cluster can go back to a release below 10, and write a checklist."),
        discussion: localized(
            """
            Such a release has no utils ctl: only hardware tokens can change its trust list. Looks at the mode, the file \
            on every node, who signed it, the tokens in it, Phone-SAST-trust, TVS, the servers' certificates and the \
            phones; says what is proven, what is wrong, and what is left to do by hand. Changes nothing.

            Exit status 5: something is wrong. Exit status 9: nothing else is, but phones would be stranded.

            Example:
              etoken-bridge migrate prepare-downgrade --cluster office --to 9.1 --report checklist.html
            """))

    @OptionGroup var cluster: ClusterOptions

    @Option(help: .localized("The release to go back to, for example 9.1 or 9.1.2."))
    var to: String

    @Option(
        help: .localized("A token that is at hand, to be compared with those in the file. May be given more than once.")
    )
    var token: [String] = []

    @Option(
        help: .localized("Write the checklist as a web page, and the same beside it as JSON (FILE.html, FILE.json)."))
    var report: String?

    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        guard let target = ClusterVersion(to.contains(".") ? to : to + ".0") else {
            throw Failure(
                Status.usage, localized("\"\(to)\" is not a release."),
                next: localized("Write it like 9.1 or 9.1.2.10000-28."))
        }
        let cluster = try cluster.configured()
        defer { cluster.close() }
        let tokens = try NamedToken.all(token, module).map {
            ChangePlan.Token(label: $0.label, certificate: $0.stored.certificate)
        }
        Terminal.note(localized("Reading cluster \(self.cluster.cluster) ..."))
        let check = try DowngradeCheck(
            of: try LiveCluster(cluster), target: target, tokens: tokens, state: .standard())
        if let report { try write(check, to: report) }
        if common.json { try Terminal.json(check) } else { Terminal.out(text(check)) }
        let failed = check.items.filter { $0.state == .failed }
        guard let first = failed.first(where: { $0.id != "phones" }) ?? failed.first else { return }
        throw Failure(
            first.id == "phones" ? Status.phonesWouldRefuse : Status.verificationFailed,
            localized(
                "Cluster \(check.cluster) is not ready for \(check.target): \(failed.count) of \(check.items.count) points failed."
            ),
            next: first.next.first)
    }

    private func write(_ check: DowngradeCheck, to path: String) throws {
        let base = path.hasSuffix(".html") ? String(path.dropLast(5)) : path
        try Files.write(Array(check.html.utf8), to: base + ".html", permissions: 0o644, replacing: true)
        try Files.write(try JSON.document(check), to: base + ".json", permissions: 0o644, replacing: true)
        Terminal.note(localized("The checklist is in \(base).html and \(base).json."))
    }

    private func text(_ check: DowngradeCheck) -> String {
        let words: [DowngradeCheck.Item.State: String] = [.proven: "[x]", .failed: "[!]", .byHand: "[ ]"]
        let lines = check.items.map { item in
            "\(words[item.state] ?? "") \(item.title)\n    \(item.text)"
                + item.next.map { "\n    " + localized("Next: \($0)") }.joined()
        }
        return localized(
            """
            Downgrade of cluster \(check.cluster) from \(check.version) to \(check.target)
            [x] proven   [!] wrong   [ ] to be done by hand

            \(lines.joined(separator: "\n"))
            """)
    }
}

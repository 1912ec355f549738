import Cluster
import ArgumentParser
import Glibc
import Messages

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: localized("Look for what keeps tokens, or a cluster, from working, and say how to put it right."),
        discussion: localized(
            """
            Looks at the smart card service, USB tokens, readers, PKCS#11 modules and tokens; with --cluster also at names, \
            ports, keys, accounts and the state of a cluster. No PIN is tried, each password once, and nothing is changed.

            Exit status: 0 where no problem was found, 1 where one was.

            Example:
              etoken-bridge doctor
              etoken-bridge doctor --module /usr/lib/libeToken.so --json
              etoken-bridge doctor --cluster office
            """))

    /// In the order in which one problem may be the cause of the next.
    static var checks: [any DoctorCheck] {
        [ServiceCheck(), USBCheck(), ReaderCheck(), ModuleCheck(), TokenCheck()]
    }

    @Option(help: .localized("Look at this cluster of the configuration, too.", valueName: "name"))
    var cluster: String?

    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    private struct Report: Encodable {
        let problems, warnings: Int
        let findings: [Finding]
    }

    func run() throws {
        let context = DoctorContext(namedModules: try module.named(), patience: module.tokenTimeout)
        let cluster = try self.cluster.map(configuredCluster)
        defer { cluster?.close() }
        let clusterContext = cluster.map(ClusterContext.init)
        let clusterChecks: [any DoctorCheck] =
            clusterContext.map {
                [ClusterReachCheck(cluster: $0), ClusterKeyCheck(cluster: $0), ClusterHealthCheck(cluster: $0)]
            } ?? []
        var findings: [Finding] = []
        for check in Self.checks + clusterChecks {
            let found = check.findings(context)
            findings += found
            if !common.json { for finding in found { Terminal.out(finding.text()) } }
        }
        let problems = findings.count { $0.severity == .problem }
        let warnings = findings.count { $0.severity == .warning }
        if common.json {
            try Terminal.json(Report(problems: problems, warnings: warnings, findings: findings))
        } else {
            Terminal.out("\n" + Self.summary(problems: problems, warnings: warnings))
        }
        let status = problems > 0 ? Status.failed : Status.done
        // What waits for a card that hangs must not hang the end of the program, too.
        if context.hasHung { _exit(status) }
        if problems > 0 { throw ExitCode(status) }
    }

    private static func summary(problems: Int, warnings: Int) -> String {
        let first =
            switch problems {
            case 0: localized("no problems")
            case 1: localized("1 problem")
            default: localized("\(problems) problems")
            }
        let second =
            switch warnings {
            case 0: localized("no warnings")
            case 1: localized("1 warning")
            default: localized("\(warnings) warnings")
            }
        return localized("Found: \(first), \(second).").localized
    }
}

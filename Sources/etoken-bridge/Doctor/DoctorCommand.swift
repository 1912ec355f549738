import Cluster
import ArgumentParser
import Doctor
import Glibc
import Messages
import Tokens

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: localized("Find out what prevents tokens or a cluster from working, and how to fix it."),
        discussion: localized(
            """
            Checks the smart card service, USB tokens, readers, PKCS#11 modules and tokens; with --cluster also names, \
            ports, keys, accounts and the state of a cluster. Each password is tried once; with --tokens also the PIN \
            of each token, which then signs random bytes (--pin-file and --pin-fd only if one token is inserted). Otherwise \
            no PIN is tried. Nothing is changed.

            Exit status: 0 if no problem was found, 1 otherwise.

            Example:
              etoken-bridge doctor
              etoken-bridge doctor --module /usr/lib/libeToken.so --json
              etoken-bridge doctor --cluster office
              etoken-bridge doctor --tokens
            """))

    @Option(help: .localized("Check this cluster of the configuration, too.", valueName: "name"))
    var cluster: String?

    @Flag(help: .localized("Test that each token can sign, as token test does: its PIN is asked for and tried once."))
    var tokens = false

    @OptionGroup var pin: PINOptions
    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    private struct Report: Encodable {
        let problems, warnings: Int
        let findings: [FindingDocument]
    }

    func run() throws {
        Terminal.keepResults()
        ModuleTrial.tryEverything()
        let context = DoctorContext(
            namedModules: try module.named(), pins: tokens ? try .standard : .toLookAt, patience: module.tokenTimeout)
        if tokens { try pin.check(tokens: context.tokens.present.count) }
        let cluster = try self.cluster.map(configuredCluster)
        defer { cluster?.close() }
        var findings: [DoctorFinding] = []
        let signing: [any DoctorCheck] = tokens ? [SigningCheck(describe: Failure.describe, pin.signer)] : []
        for check in DoctorContext.checks(of: cluster, and: signing) {
            let found = check.findings(context)
            findings += found
            if !common.json { for finding in found { Terminal.out(finding.text()) } }
        }
        let problems = findings.count { $0.severity == .error }
        let warnings = findings.count { $0.severity == .warning }
        if common.json {
            try Terminal.json(
                Report(problems: problems, warnings: warnings, findings: findings.map(FindingDocument.init)))
        } else {
            Terminal.out("\n" + Self.summary(problems: problems, warnings: warnings))
        }
        let status = problems > 0 ? Status.failed : Status.done
        // Waiting for a card that hangs must not block the end of the program, too.
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

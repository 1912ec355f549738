import ArgumentParser
import Basics
import Glibc
import Messages
import Migration
import Secrets
import Tokens
import Version

@main
struct EtokenBridge: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "etoken-bridge",
        abstract: localized("Sign a Cisco CUCM cluster's trust list with hardware eTokens, from Linux."),
        discussion: localized(
            """
            Example, on a lab cluster that runs on this machine:
              cluster-lab up /tmp/lab
              etoken-bridge cluster add --lab /tmp/lab
              etoken-bridge migrate to-etoken --cluster lab --dry-run \\
                --token SAST-ADN0054f509 --token SAST-ADN008580ef
            """),
        version: Version.current,
        subcommands: [
            TokenGroup.self, CtlGroup.self, TrustGroup.self, ClusterGroup.self, TVSGroup.self, PhonesGroup.self,
            MigrateGroup.self,
            DoctorCommand.self, CaptureGroup.self,
        ])

    /// The hidden first argument of a child that tries a PKCS#11 module.
    private static let moduleTrial = "--try-module"

    /// Where it is remembered what modules did: losing it does no harm, and a dry run may write it. Nil without a home.
    private static var moduleMemory: String? {
        func folder(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let home = folder("HOME").flatMap { Files.isFolder($0) ? $0 + "/.cache" : nil }
        return (folder("XDG_CACHE_HOME") ?? home).map { $0 + "/etoken-bridge/modules" }
    }

    static func main() {
        Faults.endAtOnce()
        if CommandLine.arguments.count > 2, CommandLine.arguments[1] == moduleTrial {
            ModuleTrial.run(Array(CommandLine.arguments.dropFirst(2)))
        }
        ModuleTrial.configure(command: ["/proc/self/exe", moduleTrial], folder: moduleMemory)
        Secret.sealProcessWithFirst()
        do {
            let words = Array(CommandLine.arguments.dropFirst())
            var command = try command(of: words)
            if let guided = command as? any GuidedCommand, MigrationWizard.leads(guided) {
                command = try self.command(of: MigrationWizard.lead(guided, words))
            }
            try command.run()
            end(Status.done)
        } catch let failure as Failure {
            end(failure)
        } catch let code as ExitCode {
            end(code.rawValue)
        } catch {
            // Usage errors and --help are ArgumentParser's own; everything else has a Failure.
            let parserStatus = exitCode(for: error)
            if parserStatus == .validationFailure || parserStatus == .success { exitInLanguage(withError: error) }
            end(Failure(describing: error))
        }
    }

    private static func end(_ failure: Failure) -> Never {
        Terminal.report(failure.saying(Interruption.unchanged))
        end(failure.status)
    }

    private static func end(_ status: Int32) -> Never {
        MigrationWizard.tell()
        exitProcess(status)
    }

    /// Those that parse plain command lines themselves. Asking a type whether it does takes as long as parsing one.
    static let plain: [any PlainCommand.Type] = [CtlShow.self, TokenList.self]

    /// The command that a command line specifies, with its options.
    ///
    /// ArgumentParser checks every command on the way, which takes longer than most commands run (docs/benchmarks.md).
    /// Only the specified one is therefore tried first, and the most frequent ones before that without ArgumentParser
    /// (``PlainCommand``). Anything that does not parse, including help and usage errors, is parsed again by all of them.
    static func command(of words: [String]) throws -> any ParsableCommand {
        var named: any ParsableCommand.Type = self
        var rest = words[...]
        while let next = named.configuration.subcommands.first(where: { $0.configuration.commandName == rest.first }) {
            named = next
            rest.removeFirst()
        }
        if let plain = plain.first(where: { $0 == named }), let command = plain.init(plain: rest) { return command }
        if named.configuration.subcommands.isEmpty, let command = try? named.parseAsRoot(Array(rest)),
            type(of: command) == named
        {
            return command
        }
        return try parseAsRoot(words)
    }
}

struct TokenGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: localized("Inspect security tokens, export their certificates, change their PINs."),
        subcommands: [
            TokenList.self, TokenShow.self, TokenExport.self, TokenWatch.self, TokenWait.self, TokenTest.self,
            TokenChangePIN.self,
        ])
}

struct CtlGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ctl",
        abstract: localized("Inspect, create and distribute trust list files (CTLFile.tlv, ITLFile.tlv)."),
        subcommands: [
            CtlShow.self, CtlVerify.self, CtlDiff.self, CtlBuild.self, CtlEdit.self, CtlSign.self, CtlFetch.self,
            CtlDeploy.self, CtlDelete.self,
        ])
}

struct TrustGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: localized("Inspect and change the cluster's trust stores."),
        subcommands: [TrustUpload.self, TrustListCommand.self, TrustRemove.self])
}

struct ClusterGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: localized("Configure and operate CUCM clusters."),
        subcommands: [
            ClusterAdd.self, ClusterList.self, ClusterShow.self, ClusterUse.self, ClusterEdit.self,
            ClusterConfirmKey.self, ClusterRename.self, ClusterRemove.self, ClusterStatusCommand.self,
            ClusterSetMode.self, ClusterRestartServices.self,
        ])
}

struct TVSGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tvs", abstract: localized("Ask a cluster's Trust Verification Service."),
        subcommands: [TVSQuery.self])
}

struct PhonesGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phones", abstract: localized("The phones of a cluster."),
        subcommands: [
            PhonesList.self, PhonesModels.self, PhonesForecast.self, PhonesCheck.self, PhonesRestart.self,
            PhonesExplain.self, PhonesStranded.self, PhonesVisited.self, PhonesEraseTrustList.self,
        ])
}

struct CaptureGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: localized("Evidence from the field: what a cluster, a phone and a token answer."),
        subcommands: [CaptureTake.self, CaptureCheckCommand.self], defaultSubcommand: CaptureTake.self)
}

struct MigrateGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: localized("Change how a cluster's trust list is signed, step by step."),
        discussion: localized(
            """
            Without a subcommand, on a terminal, it asks what is to be done, and then for everything that is needed for it. At \
            the end it shows the command that does the same. So does each subcommand for what its command line leaves out.
            """),
        subcommands: [
            MigrateToEtoken.self, MigrateToTokenless.self, MigrateUpdateCertificates.self,
            MigrateReplaceToken.self, MigrateSign.self, MigrateRun.self,
            MigratePrepareDowngrade.self, MigratePrepareUpgrade.self,
            MigrateStatus.self, MigrateResume.self, MigrateRollback.self,
        ])

    func run() throws { throw CleanExit.helpRequest(self) }
}

extension MigrateGroup: GuidedCommand {
    var missing: [Procedure.Need] { [.procedure] }
    var clusterOptions: ClusterOptions? { nil }
}

import ArgumentParser
import Cluster
import Configuration
import Messages

struct ClusterEdit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: localized("Change single settings of a cluster in the configuration."),
        discussion: localized(
            """
            What is not specified stays, above all the pinned keys: cluster confirm-key changes those. Old and new values \
            are shown, and nothing is written before a yes. Nothing is asked of the cluster.

            Example:
              etoken-bridge cluster edit --cluster office --application-user axladmin
              etoken-bridge cluster edit --cluster office --set cucm-sub1.address=192.0.2.12
            """))

    @OptionGroup var cluster: ClusterOptions

    @Option(name: .customLong("set"), help: NodeSetting.help)
    var settings: [NodeSetting] = []

    @Option(help: .localized("The release that the cluster runs, for example 12.5.1.", valueName: "version"))
    var release: String?

    @OptionGroup var accounts: AccountOptions

    @Option(help: .localized("The user with whom the phones are associated.", valueName: "name"))
    var phoneUser: String?

    @Option(
        help: .localized("A file whose first line is the phones account's password.", valueName: "file"),
        completion: .file())
    var phonePasswordFile: String?

    @Option(help: .localized("A program that prints the phones account's password.", valueName: "command"))
    var phonePasswordCommand: String?

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        try AccountOptions.check(phonePasswordFile, phonePasswordCommand)
        if let release, ClusterVersion(release) == nil {
            throw ValidationError(localized("--release \(release) is not a version such as 10.5.1.10000-7."))
        }
    }

    func run() throws {
        let old = try cluster.configured().configuration
        let new = try edited(old)
        let (before, after) = (Self.table(old), Self.table(new))
        let changed = (old.settings + new.settings).map(\.name).reduce(into: [String]()) { names, name in
            if before[name] != after[name], !names.contains(name) { names.append(name) }
        }
        guard !changed.isEmpty else {
            if common.json { try Terminal.json(ClusterDocument(old)) }
            return Terminal.note(localized("Nothing differs from what the configuration says; nothing was changed."))
        }
        let none = localized("(not set)").localized
        var table = Table(localized("SETTING"), localized("OLD"), localized("NEW"))
        for name in changed { table.add(name, before[name] ?? none, after[name] ?? none) }
        Terminal.note(table.text)
        try confirmation.ask(localized("Change these settings of cluster \(old.name)?"))
        var file = try ConfigurationFile.load()
        file.set(new)
        try file.save()
        try common.tell(new, localized("The settings of cluster \(new.name) are changed."))
    }

    private static func table(_ cluster: ClusterConfiguration) -> [String: String] {
        Dictionary(cluster.settings.map { ($0.name, $0.value) }) { first, _ in first }
    }

    private func edited(_ old: ClusterConfiguration) throws -> ClusterConfiguration {
        var new = old
        if let release { new.version = ClusterVersion(release) }
        for setting in settings {
            guard
                let index = new.nodes.firstIndex(where: {
                    $0.name == setting.node || (setting.node == "publisher" && $0.isPublisher)
                })
            else {
                throw Failure(
                    Status.notThere, localized("--set names \(setting.node), but the cluster has no such node."),
                    next: localized("Its nodes: \(new.nodes.map(\.name).joined(separator: ", "))."))
            }
            setting.apply(to: &new.nodes[index])
        }
        new.platform = try AccountOptions.account(
            old.platform, accounts.user, accounts.passwordFile, accounts.passwordCommand, option: "--user")
        new.application = try AccountOptions.account(
            old.application, accounts.applicationUser, accounts.applicationPasswordFile,
            accounts.applicationPasswordCommand, option: "--application-user")
        new.phones = try AccountOptions.account(
            old.phones, phoneUser, phonePasswordFile, phonePasswordCommand, option: "--phone-user")
        return new
    }
}

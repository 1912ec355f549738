import ArgumentParser
import Basics
import Captures
import Cluster
import Configuration
import Messages
import Tokens

struct CaptureTake: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "take", abstract: localized("Record what a cluster, a phone and a token answer, in other names."),
        discussion: localized(
            """
            Reads everything that the program reads of a cluster and changes nothing. Host names, addresses, MAC addresses, \
            users, numbers of phones and tokens, keys and sessions are replaced, always by the same; certificates and trust \
            lists are recreated. What goes in is shown, and written only after your yes.

            The file is for an issue of this project: it lets a lab do what your cluster does.

            Example:
              etoken-bridge capture --cluster office -o office.tar.gz
              etoken-bridge capture --cluster office --phone SEP001122334455 --token SAST-ADN008580ef -o office.tar.gz
            """))

    @Option(help: .localized("The cluster's name in the configuration.", valueName: "name"))
    var cluster: String?

    @Option(help: .localized("A phone whose web pages are read, too.", valueName: "name"))
    var phone: String?

    @Option(help: .localized("A token that is read, too; no PIN is asked for.", valueName: "token"))
    var token: String?

    @Option(name: .shortAndLong, help: .localized("The new file.", valueName: "file"), completion: .file())
    var output: String

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var replace: ReplaceOptions
    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard cluster != nil || token != nil else {
            throw ValidationError(localized("Specify --cluster or --token, or both."))
        }
        guard phone == nil || cluster != nil else {
            throw ValidationError(localized("--phone needs --cluster."))
        }
    }

    func run() throws {
        try replace.check(output)
        guard confirmation.yes || Terminal.isInteractive else {
            throw Failure(
                Status.usage, localized("There is no terminal to ask on whether the file may be written."),
                next: localized("Add --yes to confirm."))
        }
        let configuration = try cluster.map { try configuredCluster($0).configuration }
        let recorder = Recorder(configuration ?? ClusterConfiguration(name: "", nodes: []))
        let client = ClusterClient(
            configuration ?? ClusterConfiguration(name: "", nodes: []), credentials: .standard, wire: recorder)
        defer { client.close() }
        let now = Timestamp.now
        let lines = try token.map { try TokenLines(module.finder().token(named: TokenName($0))).lines }
        var survey = CaptureSurvey(recorder)
        if configuration != nil {
            try survey.read(client, phone: phone, at: now.seconds) { Terminal.note(localized("Reading \($0) ...")) }
        }
        if let lines { survey.add(token: lines) }
        Terminal.note(localized("Replacing names, and recreating certificates ..."))
        let draft = try CaptureDraft(survey, of: client, at: now)
        let view = CaptureView(draft, path: output)
        Terminal.note(view.text)
        try confirmation.ask(localized("Write this to \(output)?"))
        try Files.write(draft.capture.archived(), to: output, permissions: 0o600, replacing: replace.force)
        if common.json {
            try Terminal.json(view)
        } else {
            Terminal.out(localized("Written: \(output). Look at it before you send it: tar -xzf \(path: output)"))
        }
    }
}

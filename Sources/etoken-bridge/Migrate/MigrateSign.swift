import ArgumentParser
import Basics
import Messages
import Migration

struct MigrateSign: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: localized("Sign a saved plan on the machine with the token, which needs no network."),
        discussion: localized(
            """
            For a token that stays in a safe. A plan that was saved with --plan contains the whole file that the token \
            is to sign. This shows who asked, the file's records, how it differs from the current one and what phones \
            are forecast to do, asks, takes the PIN, and writes an answer: the signature, and a seal over which plan was \
            signed, by whom and when. migrate run FILE --signature ANSWER takes it where the cluster is.

            Without --output the answer is FILE.answer. With --qr or --text nothing has to be carried out.

            Example:
              etoken-bridge migrate to-etoken --cluster lab --plan saturday.plan \\
                --token-certificate SAST-ADN0054f509.cer --token-certificate SAST-ADN008580ef.cer
              etoken-bridge migrate sign saturday.plan --token SAST-ADN008580ef
              etoken-bridge migrate run saturday.plan --signature saturday.plan.answer
            """))

    @Argument(help: .localized("The plan."), completion: .file())
    var file: String

    @Option(
        help: .localized(
            "The token that signs: label, serial number or PKCS#11 URI; default: the one that holds the plan's certificate."
        ))
    var token: String?

    @Option(name: .shortAndLong, help: .localized("The file to write.", valueName: "file"), completion: .file())
    var output: String?

    @OptionGroup var answer: AnswerOptions
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var module: ModuleOptions
    @OptionGroup var pin: PINOptions
    @OptionGroup var common: CommonOptions

    /// Where the answer to a plan goes by default.
    static func answer(to plan: String) -> String { plan + ".answer" }

    func run() throws {
        let saved = try SavedPlan(reading: file)
        let view = SigningView(received: try saved.request(), plan: saved.plan)
        try SigningSession(
            view: view, module: module, pin: pin, confirmation: confirmation, options: answer
        ).answer(token: token, to: output ?? Self.answer(to: file), json: common.json)
    }
}

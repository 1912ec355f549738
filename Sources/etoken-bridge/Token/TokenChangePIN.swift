import ArgumentParser
import Configuration
import Messages
import Secrets
import Tokens

struct TokenChangePIN: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "change-pin", abstract: localized("Change the user PIN of a token."),
        discussion: localized(
            """
            The current PIN is tried once, and a wrong one uses up an attempt. The new PIN is checked first, asked for \
            twice, and verified by a login at the end.

            Example:
              etoken-bridge token change-pin SAST-ADN008580ef
              etoken-bridge token change-pin SAST-ADN008580ef \\
                --pin-file old --new-pin-file new
            """))

    @Argument(
        help: .localized(
            "The token: its label, its serial number, the name of its certificate, or a PKCS#11 URI (RFC 7512)."))
    var token: String

    @Option(
        help: .localized("Read the new PIN from the first line of this file.", valueName: "file"), completion: .file()
    )
    var newPinFile: String?

    @Flag(help: .localized("Accept a new PIN that is easily guessed."))
    var allowWeakPin = false

    @OptionGroup var pin: PINOptions
    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    private struct Changed: Encodable { let token, serialNumber: String }

    func run() throws {
        let name = try TokenName(self.token)
        let token = try module.finder().token(named: name)
        let history = try token.checkLogin()
        if let warning = history.warningBeforeChange { Terminal.note(warning) }
        if token.info.hasPINPad {
            if let warning = history.warning { Terminal.note(warning) }
            Terminal.note(
                localized(
                    "Enter the current PIN of token \(token.info.plainLabel) on its reader, then the new one twice."))
            try token.changePIN(from: nil, to: nil)
        } else {
            let old = try pin.pin(for: token.info, uri: name.uri, history)
            let new = try newPinFile.map { try Secret.read(file: $0) } ?? PINPrompt.askForNew(token.info)
            if let weakness = PINStrength.weakness(of: new, previous: old, on: token.info), !allowWeakPin {
                throw Failure(
                    Status.failed,
                    localized("The new PIN \(weakness). It was not set, and the current one was not tried."),
                    next: localized("Choose another one, or use --allow-weak-pin if you are sure that you want this."))
            }
            try token.changePIN(from: old, to: new)
        }
        if common.json {
            try Terminal.json(Changed(token: token.info.plainLabel, serialNumber: token.info.serialNumber))
        } else {
            Terminal.out(
                localized("The PIN of token \(token.info.plainLabel) was changed and verified by a login."))
        }
    }
}

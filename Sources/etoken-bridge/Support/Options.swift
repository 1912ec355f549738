import ArgumentParser
import Messages

/// Options that every command has.
struct CommonOptions: ParsableArguments {
    @Flag(help: .localized("Print one JSON document on stdout, for programs."))
    var json = false

    @Flag(help: .localized("Say what lies beneath an error."))
    var verbose = false

    func validate() throws {
        Terminal.isVerbose = verbose
        Terminal.printsJSON = json
    }
}

extension ArgumentHelp {
    /// Help in the language of the locale.
    static func localized(_ literal: MessageLiteral, valueName: String? = nil) -> ArgumentHelp {
        let text: LocalizableText = Messages.`localized`(literal)
        return ArgumentHelp(text.localized, valueName: valueName)
    }
}

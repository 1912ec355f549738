import ArgumentParser
import Messages

/// Options that every command has.
struct CommonOptions: ParsableArguments {
    @Flag(help: .localized("Print one JSON document on stdout, for programs."))
    var json = false

    @Flag(help: .localized("Show the underlying cause of an error."))
    var verbose = false

    func validate() throws {
        Terminal.isVerbose = verbose
        Terminal.printsJSON = json
    }
}

// Texts passed to ArgumentParser are shown in the language of the locale.

extension ArgumentHelp {
    static func localized(_ literal: MessageLiteral, valueName: String? = nil) -> ArgumentHelp {
        let text: LocalizableText = Messages.localized(literal)
        return ArgumentHelp(text.localized, valueName: valueName)
    }
}

extension CommandConfiguration {
    init(
        commandName: String, abstract: LocalizableText, discussion: LocalizableText? = nil, version: String = "",
        subcommands: [any ParsableCommand.Type] = []
    ) {
        self.init(
            commandName: commandName, abstract: abstract.localized, discussion: discussion?.localized ?? "",
            version: version, subcommands: subcommands)
    }
}

extension ValidationError {
    init(_ text: LocalizableText) { self.init(text.localized) }
}

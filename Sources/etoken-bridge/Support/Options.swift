import ArgumentParser
import Basics
import Messages

/// Options that every command has.
struct CommonOptions: ParsableArguments {
    @Flag(help: .localized("Print one JSON document on stdout, for programs."))
    var json = false

    @Flag(help: .localized("Show the underlying cause of an error."))
    var verbose = false

    @Option(
        help: .localized(
            "Colours on the terminal: auto, always or never; auto honours NO_COLOR and TERM=dumb.", valueName: "when"))
    var color = ColorChoice.auto

    func validate() throws {
        // A group of options that a command creates itself has none of these, and changes nothing.
        if color != .auto { Terminal.color = color }
        if verbose { Terminal.isVerbose = true }
        if json { Terminal.printsJSON = true }
    }
}

/// Whether an existing file may be overwritten.
struct ReplaceOptions: ParsableArguments {
    @Flag(help: .localized("Overwrite existing files."))
    var force = false

    /// To be called before anything is read that takes long.
    func check(_ path: String) throws {
        guard force || !Files.exists(path) else { throw Failure(overwriting: path, hasForce: true) }
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
        subcommands: [any ParsableCommand.Type] = [], defaultSubcommand: (any ParsableCommand.Type)? = nil
    ) {
        self.init(
            commandName: commandName, abstract: abstract.localized, discussion: discussion?.localized ?? "",
            version: version, subcommands: subcommands, defaultSubcommand: defaultSubcommand)
    }
}

extension ValidationError {
    init(_ text: LocalizableText) { self.init(text.localized) }
}

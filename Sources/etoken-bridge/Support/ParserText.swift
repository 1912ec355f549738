import ArgumentParser
import Basics
import Messages

extension ParsableCommand {
    /// Ends the program with the requested help, or with the usage error.
    ///
    /// ArgumentParser's texts are in English only; those that users see are translated into the language of the locale.
    static func exitInLanguage(withError error: any Error) -> Never {
        let status = exitCode(for: error)
        var text = fullMessage(for: error)
        if Language.current != .english {
            text = text.split(separator: "\n", omittingEmptySubsequences: false)
                .map { ParserText.inLanguage(String($0)) }.joined(separator: "\n")
        }
        Output.end(saying: text, status: status.rawValue, by: exitProcess)
    }
}

/// Its texts are parts of ArgumentParser's, which are strings.
private func localized(_ literal: MessageLiteral) -> String {
    let text: LocalizableText = Messages.localized(literal)
    return text.localized
}

/// ArgumentParser's own texts.
private enum ParserText {
    static func inLanguage(_ line: String) -> String {
        for (english, text) in heads where line.hasPrefix(english) {
            let rest = String(line.dropFirst(english.count))
            return text + (english == "Error: " ? sentence(rest) : rest)
        }
        if let names = line.between("  See '", " <subcommand>' for detailed help.") {
            return "  " + localized("See '\(names) <subcommand>' for detailed help.")
        }
        if let names = line.between("  See '", "' for more information.") {
            return "  " + localized("See '\(names)' for more information.")
        }
        if let wrapped = line.prefixMatch(of: /( +)default:/) {
            return String(wrapped.1) + localized("default:") + line[wrapped.range.upperBound...]
        }
        return notes.reduce(line) { $0.replacing($1.english, with: $1.text) }
    }

    private static let heads: [(english: String, text: String)] = [
        ("OVERVIEW: ", localized("OVERVIEW: ")), ("USAGE: ", localized("USAGE: ")),
        ("ARGUMENTS:", localized("ARGUMENTS:")), ("OPTIONS:", localized("OPTIONS:")),
        ("SUBCOMMANDS:", localized("SUBCOMMANDS:")), ("Error: ", localized("Error: ")),
        ("Usage: ", localized("Usage: ")), ("Help:  ", localized("Help:  ")),
    ]

    private static let notes: [(english: String, text: String)] = [
        ("Show the version.", localized("Show the version.")),
        ("Show help information.", localized("Show help information.")),
        ("Show subcommand help information.", localized("Show subcommand help information.")),
        ("(default:", localized("(default:")), ("; default:", localized("; default:")),
        ("(values:", localized("(values:")), ("(default)", localized("(default)")),
    ]

    /// What is wrong with a command line.
    private static func sentence(_ text: String) -> String {
        if let name = text.between("Missing expected argument '", "'") {
            return localized("Missing expected argument '\(name)'")
        }
        if let names = text.between("Missing one of: '", "'") {
            return localized("Missing one of: '\(names)'")
        }
        if let name = text.between("Missing value for '", "'") {
            return localized("Missing value for '\(name)'")
        }
        if let names = text.between("Unknown option '", "'?") {
            return localized(
                "Unknown option '\(names.replacing("'. Did you mean '", with: localized("'. Did you mean '")))'?")
        }
        if let name = text.between("Unknown option '", "'") { return localized("Unknown option '\(name)'") }
        if let name = text.between("Unexpected argument '", "'") {
            return localized("Unexpected argument '\(name)'")
        }
        if let rest = text.between("The value '", "") {
            let pieces: [(String, String)] = [
                ("' is invalid for '", localized("' is invalid for '")),
                ("'. Please provide one of '", localized("'. Please provide one of '")),
                ("' and '", localized("' and '")), ("' or '", localized("' or '")),
            ]
            return localized("The value '\(pieces.reduce(rest) { $0.replacing($1.0, with: $1.1) })")
        }
        return text
    }
}

extension String {
    /// The text between a prefix and a suffix; nil if the text does not have both.
    fileprivate func between(_ beginning: String, _ end: String) -> String? {
        guard hasPrefix(beginning), hasSuffix(end), count >= beginning.count + end.count else { return nil }
        return String(dropFirst(beginning.count).dropLast(end.count))
    }

    /// `Swift.String.replacing` needs a regular expression engine; this does not.
    fileprivate func replacing(_ part: String, with other: String) -> String {
        guard let start = indices.first(where: { self[$0...].hasPrefix(part) }) else { return self }
        return self[..<start] + other + self[start...].dropFirst(part.count)
    }
}

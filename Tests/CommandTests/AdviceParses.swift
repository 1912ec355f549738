import ArgumentParser
import Foundation
import ServerFixtures
import Testing

@testable import etoken_bridge

/// Every command that a message advises is one that the program's parser accepts: no unknown command or option, nothing
/// missing. The catalogue holds all messages.
@Suite(.timeLimit(.minutes(5))) struct AdviceParses {
    private static var messages: [String] {
        get throws {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let text = try String(contentsOf: root.appendingPathComponent("Sources/CMessages/de.po"), encoding: .utf8)
            return text.components(separatedBy: "msgid ").dropFirst().map { entry in
                entry.components(separatedBy: "msgstr")[0].split(separator: "\n")
                    .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "\"")) }.joined()
                    .replacingOccurrences(of: "\\\"", with: "\"")
            }
        }
    }

    /// CONTRIBUTING.md, "Words".
    @Test func messagesUseTheWordsOfTheGlossary() throws {
        let avoided =
            /\b(anew|(mis)?spelt|stands? in|stands there|whoever|somebody|put(ting)? back|go(es)? on|pass(ed)? over|beside|nil where|makers?|begins?|began)\b/
            .ignoresCase()
        for message in try Self.messages { #expect(message.firstMatch(of: avoided) == nil, "\(message)") }
    }

    /// The commands in a message, up to where its sentence continues. Examples in help texts start a line.
    static func commands(in message: String) -> [[String]] {
        let ends = [". ", ", ", "; ", ") ", ")", " && ", "\\n", "\"", " ..."]
        // Sentences in which a command is the subject.
        let verbs: Set = ["waits", "reports", "tries", "writes", "shows", "describes", "is", "takes"]
        return message.components(separatedBy: "etoken-bridge ").dropFirst().compactMap { rest in
            var text = rest.replacingOccurrences(of: " \\\\\\n", with: " ")
            // A pipe, or what a shell keeps together, is no matter of the parser.
            text = text.components(separatedBy: " | ")[0].replacingOccurrences(
                of: #"'[^']*'|"[^"]*""#, with: "quoted", options: .regularExpression)
            for end in ends { text = text.components(separatedBy: end)[0] }
            if text.hasSuffix(".") { text.removeLast() }
            let words = text.split(separator: " ").map(String.init)
            guard let first = words.first, groups.contains(first) else { return nil }
            // What to upload or to remove, and which tokens sign, is written by the code: a name, or options.
            let isOptions = words.last?.contains("}{") == true || words.dropLast().last?.hasPrefix("--") != true
            if let last = words.last, last.hasPrefix("{"), isOptions,
                first == "trust" || ["update-certificates", "to-etoken"].contains(words.dropFirst().first ?? "")
            {
                return Array(words.dropLast()).map(filled) + (last.contains("}{") ? [filled(last)] : [])
                    + ["--token", "SAST"]
            }
            // So is which phones.
            if words.starts(with: ["phones", "restart"]), let last = words.last, last.contains("}{") {
                return Array(words.dropLast()) + [filled(last), "--all"]
            }
            return Array(words.prefix { !verbs.contains($0) }).map(filled)
        }
    }

    private static let groups: Set = ["token", "ctl", "trust", "cluster", "tvs", "phones", "migrate", "doctor"]

    /// A placeholder that is an argument gets a word. One that is joined to another word holds options, which the code
    /// writes with their names.
    private static func filled(_ word: String) -> String {
        guard let start = word.firstIndex(of: "{") else { return word }
        if start == word.startIndex || word.hasSuffix("/") { return "12.5.1" }
        return word.last == "}" ? String(word[..<start]) : word
    }

    @Test func everyOneIsACommand() throws {
        var messages: [[String]: String] = [:]
        for message in try Self.messages {
            for words in Self.commands(in: message) { messages[words] = message }
        }
        for (words, message) in messages { #expect(Self.refusal(of: words) == nil, "\(message)") }
        #expect(messages.count > 100)
    }

    private static func refusal(of words: [String]) -> String? {
        do {
            let parsed: Any = try EtokenBridge.parseAsRoot(words)
            // A group alone is only its help.
            let name = "\(Mirror(reflecting: parsed).subjectType)"
            return name.hasSuffix("Group") || name == "EtokenBridge" ? "\(words): not a whole command" : nil
        } catch {
            return EtokenBridge.exitCode(for: error).isSuccess
                ? nil : "\(words): \(EtokenBridge.message(for: error))"
        }
    }

    /// The test itself can fail.
    @Test func whatIsWrongIsRefused() {
        let wrong = "Do it: etoken-bridge migrate resume --cluster {0} --no-such-option, or etoken-bridge token lst."
        let commands = Self.commands(in: wrong)
        #expect(commands.count == 2)
        for words in commands { #expect(Self.refusal(of: words) != nil) }
    }
}

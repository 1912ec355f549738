import ArgumentParser
import Testing

@testable import etoken_bridge

/// Commands that are made without ArgumentParser have a value for each of their options, as those have that it makes: to read
/// one without a value ends the program.
@Suite(.timeLimit(.minutes(1))) struct PlainCommandsAreWhole {
    /// The plainest command line of each; a new one that is not here fails.
    private static let lines = ["ctl show": ["a.tlv"], "token list": []]

    @Test func everyOptionHasAValue() throws {
        for type in EtokenBridge.plain {
            let name = type == CtlShow.self ? "ctl show" : type == TokenList.self ? "token list" : "\(type)"
            let words = try #require(Self.lines[name], "\(name)")
            let made = type.init(plain: words[...])
            let command = try #require(made, "\(name)")
            #expect(Self.unset(command, name) == [])
            // What ArgumentParser says about a command that has none.
            #expect(!Self.unset(type.init(), name).isEmpty)
        }
    }

    /// The options that are still definitions, in groups as well. ArgumentParser keeps either a definition or a value.
    private static func unset(_ value: Any, _ path: String) -> [String] {
        Mirror(reflecting: value).children.flatMap { child -> [String] in
            let label = child.label ?? ""
            if label == "definition" { return [path] }
            return unset(child.value, label.hasPrefix("_") ? "\(path) \(label.dropFirst())" : path)
        }
    }
}

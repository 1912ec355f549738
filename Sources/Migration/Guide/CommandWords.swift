import Basics

/// The words of a command line of etoken-bridge, to which answers are added as options.
public struct CommandWords: Sendable, Equatable {
    public private(set) var words: [String]

    /// - Parameter words: without the program's name.
    public init(_ words: [String]) { self.words = words }

    /// Adds an option, or a flag.
    public mutating func add(_ option: String, _ value: String? = nil) {
        guard let value else { return words.append(option) }
        // A value that starts with a dash would be taken for an option.
        if value.hasPrefix("-") { words.append("\(option)=\(value)") } else { words += [option, value] }
    }

    /// Adds what is not an option, after the names of group and command.
    public mutating func insert(_ value: String, behind count: Int) {
        words.insert(value, at: min(count, words.count))
    }

    /// As a shell reads it, on one line.
    public var text: String { (["etoken-bridge"] + words.map(Shell.word)).joined(separator: " ") }
}

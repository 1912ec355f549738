import ArgumentParser

/// A command that parses its plainest command lines itself.
///
/// ArgumentParser finds a command's options by reflection, which takes longer than such a command runs
/// (docs/benchmarks.md). It still has the final say: anything that is not plain, is wrong, or asks for help is left to
/// it, and both have to understand the same.
protocol PlainCommand: ParsableCommand {
    /// The command for these words, or nil if they are ArgumentParser's.
    init?(plain words: ArraySlice<String>)
}

/// The words of a plain command line: values, flags by their long names, and options whose value is the next word.
struct PlainWords {
    /// In their order.
    private(set) var values: [String] = []
    private(set) var flags: Set<String> = []
    /// The values of each option, in their order.
    private(set) var options: [String: [String]] = [:]

    /// Nil if there is any other option, a flag twice, or a word that may be both an option and a value.
    init?(_ words: ArraySlice<String>, flags known: [String], options valued: [String] = []) {
        var rest = words
        while let word = rest.popFirst() {
            guard word.utf8.first == UInt8(ascii: "-") else {
                guard !word.isEmpty else { return nil }
                values.append(word)
                continue
            }
            if known.contains(word) {
                guard flags.insert(word).inserted else { return nil }
            } else if valued.contains(word), let value = rest.popFirst(), let first = value.utf8.first,
                first != UInt8(ascii: "-")
            {
                options[word, default: []].append(value)
            } else {
                return nil
            }
        }
    }
}

extension CommonOptions {
    static let plainFlags = ["--json", "--verbose"]

    /// Nil if something is wrong, which ArgumentParser then says.
    init?(plain words: PlainWords) {
        self.init()
        json = words.flags.contains("--json")
        verbose = words.flags.contains("--verbose")
        color = .auto
        guard (try? validate()) != nil else { return nil }
    }
}

extension ModuleOptions {
    static let plainOptions = ["--module"]

    /// Nil if something is wrong, which ArgumentParser then says.
    init?(plain words: PlainWords) {
        self.init()
        module = words.options["--module"] ?? []
        tokenTimeout = Self.defaultTimeout
        guard (try? validate()) != nil else { return nil }
    }
}

extension CtlShow: PlainCommand {
    init?(plain words: ArraySlice<String>) {
        guard let words = PlainWords(words, flags: CommonOptions.plainFlags), words.values.count == 1,
            let common = CommonOptions(plain: words)
        else { return nil }
        self.init()
        file = words.values[0]
        format = .table
        self.common = common
    }
}

extension TokenList: PlainCommand {
    init?(plain words: ArraySlice<String>) {
        guard
            let words = PlainWords(words, flags: CommonOptions.plainFlags, options: ModuleOptions.plainOptions),
            words.values.isEmpty, let module = ModuleOptions(plain: words), let common = CommonOptions(plain: words)
        else { return nil }
        self.init()
        self.module = module
        self.common = common
        uris = false
    }
}

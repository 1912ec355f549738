extension [String] {
    /// The names in a sentence: `A`, `A and B`, `A, B and C`.
    public var list: LocalizableText {
        guard let last, count > 1 else { return .verbatim(first ?? "") }
        return localized("\(dropLast().joined(separator: ", ")) and \(last)")
    }

    /// The names to choose from: `A`, `A or B`, `A, B or C`.
    public var alternatives: LocalizableText {
        guard let last, count > 1 else { return .verbatim(first ?? "") }
        return localized("\(dropLast().joined(separator: ", ")) or \(last)")
    }
}

extension [LocalizableText] {
    /// The texts in a sentence: `A`, `A and B`, `A, B and C`.
    public var list: LocalizableText {
        guard let last, count > 1 else { return first ?? .verbatim("") }
        return localized("\(dropLast().joined(separator: ", ")) and \(last)")
    }
}

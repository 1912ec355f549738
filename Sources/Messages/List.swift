extension [String] {
    /// The names in a sentence: `A`, `A and B`, `A, B and C`, in the language of the locale.
    public var list: String {
        guard let last, count > 1 else { return first ?? "" }
        return localized("\(dropLast().joined(separator: ", ")) and \(last)")
    }

    /// The names to choose from: `A`, `A or B`, `A, B or C`, in the language of the locale.
    public var alternatives: String {
        guard let last, count > 1 else { return first ?? "" }
        return localized("\(dropLast().joined(separator: ", ")) or \(last)")
    }
}

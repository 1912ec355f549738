/// The list of phones, or the table of models, could not be read.
public struct InventoryError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// A file is not of the form that it must have.
        case badFile = "bad-file"
        /// The cluster's database answers something that is not understood; the text shows it.
        case unexpectedAnswer = "unexpected-answer"
    }

    public let code: Code
    /// What happened, without a full stop: names file and line, or the query and its answer.
    public let what: String
    /// What to do next: a sentence.
    public let next: String

    init(_ code: Code, _ what: String, next: String) {
        self.code = code
        self.what = what
        self.next = next
    }

    public var description: String { what }
}

/// What can be made to go wrong on a node.
public enum Fault: String, Codable, Sendable, CaseIterable {
    /// Files that are uploaded to the node are refused, and nothing is stored.
    case diskFull = "disk-full"
    /// Nothing of the node answers.
    case down
}

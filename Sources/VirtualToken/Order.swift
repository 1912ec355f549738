/// What a virtual token is told over its control socket: one line.
public enum Order: Hashable, Sendable {
    /// How the token is, as `name=value` pairs.
    case status
    case insert
    case pull
    /// No command is answered any more until `resume`.
    case hang
    case resume
    /// Does something by itself at the next command of a kind.
    case trap(Effect, Moment, CommandKind)

    public enum Effect: String, CaseIterable, Sendable {
        case pull, hang
    }

    public enum Moment: String, CaseIterable, Sendable {
        /// The card has not seen the command.
        case before
        /// The card has carried the command out; its answer does not arrive.
        case after
    }

    /// - Parameter line: `status`, `insert`, `pull`, `hang`, `resume`, or for example `trap pull before sign`.
    public init?(_ line: String) {
        let words = line.split(separator: " ").map(String.init)
        switch words.first {
        case "status" where words.count == 1: self = .status
        case "insert" where words.count == 1: self = .insert
        case "pull" where words.count == 1: self = .pull
        case "hang" where words.count == 1: self = .hang
        case "resume" where words.count == 1: self = .resume
        case "trap":
            guard words.count == 4, let effect = Effect(rawValue: words[1]), let moment = Moment(rawValue: words[2]),
                let kind = CommandKind(rawValue: words[3])
            else { return nil }
            self = .trap(effect, moment, kind)
        default: return nil
        }
    }
}

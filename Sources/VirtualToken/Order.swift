/// A command to a virtual token over its control socket: one line.
public enum Order: Hashable, Sendable {
    /// The token's state, as `name=value` pairs.
    case status
    case insert
    case pull
    /// No more commands are answered until `resume`.
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
        /// The card has carried out the command; its response does not arrive.
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
